"""Gap: a function's package is unpacked once, not by each worker."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

from stack import Client, Deploy, Invoke, function, role

WHERE = """
import os, time
def handler(event, context):
    time.sleep(0.2)
    if event == "fail":
        raise ValueError(event)
    return [os.getpid(), os.path.realpath(__file__)]
"""


def test_workers_share_what_is_unpacked(stack: Deploy, client: Client, invoke: Invoke) -> None:
    made = stack({"Role": role(), "Where": function(WHERE)})
    where, lambda_ = made.ids["Where"], client("lambda")
    with ThreadPoolExecutor(6) as callers:
        found = list(callers.map(lambda _: lambda_.invoke(FunctionName=where)["Payload"].read(), range(24)))
    answers = [json.loads(each) for each in found]
    assert len({process for process, _ in answers}) > 1
    files = {file for _, file in answers}
    assert len(files) == 1

    assert invoke(where, "fail")[1], "its worker ends, and takes nothing away from the others"
    with ThreadPoolExecutor(6) as callers:
        found = list(callers.map(lambda _: lambda_.invoke(FunctionName=where)["Payload"].read(), range(12)))
    assert {json.loads(each)[1] for each in found} == files


def test_other_code_is_other_code(stack: Deploy, client: Client, invoke: Invoke) -> None:
    one, two = (f"def handler(event, context): return {number}\n" for number in (1, 2))
    made = stack({"Role": role(), "One": function(one), "Same": function(one), "Two": function(two)})
    assert [invoke(made.ids[name])[0] for name in ("One", "Same", "Two")] == [1, 1, 2]
