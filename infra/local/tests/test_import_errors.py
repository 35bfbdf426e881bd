"""Gap: a function that cannot be imported says so in its log."""

from __future__ import annotations

import base64

import pytest
from stack import Client, Deploy, allow, function, role

FORGOTTEN = "def deep():\n    import forgotten\ndeep()\ndef handler(event, context): pass\n"
BROKEN = "LIMIT = int('many')\ndef handler(event, context): pass\n"


@pytest.mark.parametrize(
    ("code", "error", "line"),
    [
        (
            FORGOTTEN,
            "Runtime.ImportModuleError: Unable to import module 'index': No module named 'forgotten'",
            "line 2, in deep",
        ),
        (BROKEN, "ValueError: invalid literal for int() with base 10: 'many'", "line 1, in <module>"),
    ],
)
def test_the_reason_is_in_the_answer_and_the_traceback_in_the_log(
    stack: Deploy, client: Client, code: str, error: str, line: str
) -> None:
    made = stack({"Role": role(allow("logs:*", "*")), "Fails": function(code)})
    name = made.ids["Fails"]
    kind, _, reason = error.partition(": ")
    for _ in range(2):  # a worker that did not start is not used again
        answer = client("lambda").invoke(FunctionName=name, LogType="Tail")
        assert answer["FunctionError"] == "Unhandled"
        said = answer["Payload"].read().decode()
        assert f'"{kind}"' in said
        assert reason in said
        assert "Traceback" not in said
        assert line in base64.b64decode(answer["LogResult"]).decode()
    events = client("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
    messages = [event["message"] for event in events]
    assert sum(message.startswith(f"[ERROR] {error}") for message in messages) == 2
    assert any(line in message for message in messages)
