"""Gap: a burst of calls queues for a few workers instead of starting one worker each."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

from botocore.config import Config
from stack import Client, Deploy, Invoke, allow, function, role

PROCESS = """
import os, time
def handler(event, context):
    time.sleep(0.02)
    return os.getpid()
"""
SLOW_TO_START = """
import time
began = time.monotonic()
time.sleep(0.2)
ready = time.monotonic()
def handler(event, context):
    time.sleep(0.1)
    return [began, ready]
"""
# Calls itself, with every worker of its small pool waiting for the next call.
DEEP = """
import boto3, json, os
def handler(event, context):
    if event == 0:
        return 0
    answer = boto3.client("lambda").invoke(
        FunctionName=os.environ["AWS_LAMBDA_FUNCTION_NAME"], Payload=json.dumps(event - 1))
    return json.load(answer["Payload"]) + 1
"""


def test_a_burst_is_served_by_a_few_processes(stack: Deploy, client: Client) -> None:
    made = stack({"Role": role(), "Process": function(PROCESS)})
    lambda_ = client("lambda", config=Config(max_pool_connections=40))
    with ThreadPoolExecutor(40) as callers:
        answers = list(callers.map(lambda _: lambda_.invoke(FunctionName=made.ids["Process"]), range(80)))
    assert not [answer for answer in answers if "FunctionError" in answer]
    processes = {answer["Payload"].read() for answer in answers}
    assert len(processes) <= 8, "a worker more or less is timing; forty would be a worker for each caller"


def test_workers_start_one_after_another(stack: Deploy, client: Client) -> None:
    made = stack({"Role": role(), "Slow": function(SLOW_TO_START)})
    lambda_ = client("lambda", config=Config(max_pool_connections=40))
    with ThreadPoolExecutor(40) as callers:
        answers = list(callers.map(lambda _: lambda_.invoke(FunctionName=made.ids["Slow"]), range(40)))
    starts = sorted({tuple(json.load(answer["Payload"])) for answer in answers})
    assert len(starts) > 1, "while calls wait, the pool grows"
    assert all(ready <= began for (_, ready), (began, _) in pairwise(starts))


def test_a_function_that_calls_itself_is_not_stuck(stack: Deploy, invoke: Invoke) -> None:
    made = stack(
        {
            "Role": role(allow("lambda:InvokeFunction", "*")),
            "Deep": function(DEEP, Timeout=30),
        }
    )
    assert invoke(made.ids["Deep"], 5) == (5, False)
