"""Gap: a function that fails says with which kind of error."""

from __future__ import annotations

import pytest
from stack import Deploy, Invoke, function, role

CODE = """
import os, signal
class TryAgain(Exception):
    pass
def handler(event, context):
    if event == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    raise {"own": TryAgain("busy: [1, 2]"), "builtin": KeyError("userId")}[event]
"""


@pytest.mark.parametrize(
    ("event", "kind", "message"),
    [("own", "TryAgain", "busy: [1, 2]"), ("builtin", "KeyError", "'userId'")],
)
def test_an_error_has_the_name_of_its_class_and_its_place(
    stack: Deploy, invoke: Invoke, event: str, kind: str, message: str
) -> None:
    name = stack({"Role": role(), "Fails": function(CODE)}).ids["Fails"]

    answer, failed = invoke(name, event)

    assert failed
    assert (answer["errorType"], answer["errorMessage"]) == (kind, message)
    assert "in handler" in answer["stackTrace"][-1]


def test_a_process_that_ends_while_it_works_is_told_from_an_exception(stack: Deploy, invoke: Invoke) -> None:
    name = stack({"Role": role(), "Fails": function(CODE)}).ids["Fails"]

    answer, failed = invoke(name, "killed")

    assert failed
    assert answer["errorType"] == "Runtime.ExitError"
    again, _ = invoke(name, "own")
    assert again["errorType"] == "TryAgain"
