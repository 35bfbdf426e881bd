"""Gap: functions run on an interpreter of their own."""

from __future__ import annotations

from stack import Deploy, Invoke, function, role

REPORT = """
import importlib.util, os, sys
def handler(event, context):
    return {name: importlib.util.find_spec(name) is not None for name in event} | {"prefix": sys.prefix}
"""


def test_a_function_sees_boto3_and_none_of_the_servers_packages(stack: Deploy, invoke: Invoke) -> None:
    made = stack({"Role": role(), "Report": function(REPORT)})
    seen, failed = invoke(made.ids["Report"], ["boto3", "ministack", "pydantic", "hypercorn", "localcloud"])
    assert not failed
    assert "functions-" in seen.pop("prefix")
    assert seen == {
        "boto3": True, "ministack": False, "pydantic": False, "hypercorn": False, "localcloud": False
    }  # fmt: skip


def test_an_undeclared_dependency_fails_the_call_and_is_named(stack: Deploy, invoke: Invoke) -> None:
    made = stack({"Role": role(), "Needy": function("import yaml\ndef handler(event, context): return 1\n")})
    answer, failed = invoke(made.ids["Needy"])
    assert failed
    assert "yaml" in answer["errorMessage"]
