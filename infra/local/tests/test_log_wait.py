"""Gap: an invocation ends when the function's output is complete, not when a timer says so."""

from __future__ import annotations

from stack import Client, Deploy, Invoke, function, role

LATE = """
import sys, time
def handler(event, context):
    for line in range(event):
        print("line", line, flush=True)
        time.sleep(0.02)  # longer than any pause that a timer takes for the end
    print("unfinished", end="")
"""


def test_every_line_is_in_the_log_when_the_answer_arrives(
    stack: Deploy, invoke: Invoke, client: Client
) -> None:
    made = stack({"Role": role(), "Late": function(LATE)})
    for _ in range(2):  # cold and warm
        invoke(made.ids["Late"], 15)
    events = client("logs").filter_log_events(logGroupName=f"/aws/lambda/{made.ids['Late']}")["events"]
    messages = [event["message"] for event in events]
    wanted = [f"line {line}" for line in range(15)] + ["unfinished"]
    assert [m for m in messages if not m.startswith(("START", "END", "REPORT"))] == wanted * 2


def test_a_function_that_dies_is_an_error_with_what_it_said(
    stack: Deploy, invoke: Invoke, client: Client
) -> None:
    dies = (
        "import os, sys\ndef handler(event, context):\n    print('last words', flush=True)\n    os._exit(3)\n"
    )
    made = stack({"Role": role(), "Dies": function(dies)})
    _, failed = invoke(made.ids["Dies"])
    assert failed
    events = client("logs").filter_log_events(logGroupName=f"/aws/lambda/{made.ids['Dies']}")["events"]
    assert "last words" in {part for event in events for part in event["message"].split("\n")}
