"""Gap: functions report each invocation, by function, by alias and by version."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from canaries import version
from stack import Client, Deploy, Stack, Wait, function, role

CODE = """
import time
def handler(event, context):
    if event == "fail":
        raise RuntimeError("as asked")
    time.sleep(0.05)
"""


@pytest.fixture
def made(stack: Deploy) -> Stack:
    alias = {"FunctionName": {"Ref": "Told"}, "FunctionVersion": "1", "Name": "live"}
    return stack(
        {
            "Role": role(),
            "Told": function(CODE),
            **version("Told", 1),
            "Alias": {"Type": "AWS::Lambda::Alias", "DependsOn": "ToldVersion1", "Properties": alias},
        }
    )


def statistic(client: Client, metric: str, statistic: str, **dimensions: str) -> float | None:
    now = datetime.datetime.now(datetime.UTC)
    points = client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName=metric,
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        StartTime=now - datetime.timedelta(hours=1),
        EndTime=now + datetime.timedelta(hours=1),
        Period=7200,
        Statistics=[statistic],
    )["Datapoints"]
    return float(sum(point[statistic] for point in points)) if points else None


def test_one_call_counts_once_under_each_of_its_sets(made: Stack, client: Client, eventually: Wait) -> None:
    lambda_, name = client("lambda"), made.ids["Told"]

    def call(payload: str = "null", **options: Any) -> None:
        lambda_.invoke(FunctionName=name, Payload=payload, **options)

    call()
    call(Qualifier="1")
    call(Qualifier="live")
    call('"fail"', Qualifier="live")
    call(Qualifier="live", InvocationType="Event")

    def total(metric: str, **dimensions: str) -> float | None:
        return statistic(client, metric, "Sum", FunctionName=name, **dimensions)

    eventually(lambda: total("Invocations") == 5)
    assert total("Errors") == 1
    assert total("Throttles") == 0
    assert total("Invocations", Resource=name) == 1
    assert total("Invocations", Resource=f"{name}:1") == 1
    assert total("Invocations", Resource=f"{name}:live") == 3
    assert total("Errors", Resource=f"{name}:live") == 1
    assert total("Errors", Resource=f"{name}:1") == 0
    assert total("Invocations", Resource=f"{name}:live", ExecutedVersion="1") == 3
    # Only a call through an alias has an executed version beside what was called.
    assert total("Invocations", Resource=f"{name}:1", ExecutedVersion="1") is None
    slowest = statistic(client, "Duration", "Maximum", FunctionName=name, Resource=f"{name}:live")
    assert slowest is not None
    assert slowest >= 50


def test_a_throttled_call_is_no_invocation(made: Stack, client: Client, eventually: Wait) -> None:
    lambda_, name = client("lambda"), made.ids["Told"]
    lambda_.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    lambda_.invoke(FunctionName=name, InvocationType="Event", Qualifier="live")
    eventually(lambda: statistic(client, "Throttles", "Sum", FunctionName=name))
    assert statistic(client, "Invocations", "Sum", FunctionName=name) is None
