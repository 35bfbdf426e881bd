"""Gap: a log group's metric filters count what comes into it."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from stack import Client, Deploy, Invoke, StackFailed, function, role

NAMESPACE = "contract-filters"


def metric_filter(pattern: str, **transformation: Any) -> dict[str, Any]:
    said = {"MetricNamespace": NAMESPACE, "MetricValue": "1"} | transformation
    return {
        "Type": "AWS::Logs::MetricFilter",
        "Properties": {
            "LogGroupName": {"Ref": "Group"},
            "FilterPattern": pattern,
            "MetricTransformations": [said],
        },
    }


def numbers(client: Client, metric: str, **dimensions: str) -> tuple[float, float]:
    """(how many values, their sum)."""
    now = datetime.now(UTC)
    points = client("cloudwatch").get_metric_statistics(
        Namespace=NAMESPACE,
        MetricName=metric,
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        StartTime=now - timedelta(minutes=10),
        EndTime=now + timedelta(minutes=10),
        Period=3600,
        Statistics=["Sum", "SampleCount"],
    )["Datapoints"]
    return sum(point["SampleCount"] for point in points), sum(point["Sum"] for point in points)


def put(client: Client, group: str, *messages: Any) -> None:
    logs = client("logs")
    logs.create_log_stream(logGroupName=group, logStreamName="one")
    now = int(time.time() * 1000)
    events = [
        {"timestamp": now, "message": text if isinstance(text, str) else json.dumps(text)}
        for text in messages
    ]
    logs.put_log_events(logGroupName=group, logStreamName="one", logEvents=events)


def test_what_matches_is_counted_with_its_value_and_dimensions(stack: Deploy, client: Client) -> None:
    made = stack(
        {
            "Group": {"Type": "AWS::Logs::LogGroup"},
            "Refused": metric_filter('{ $.status = 429 || $.code = "Slow*" }', MetricName="Refused"),
            "Bytes": metric_filter(
                "{ $.bytes > 0 }",
                MetricName="Bytes",
                MetricValue="$.bytes",
                Dimensions=[{"Key": "route", "Value": "$.route"}],
            ),
            "Words": metric_filter("ERROR -harmless", MetricName="Words"),
            "Never": metric_filter("{ $.status = 999 }", MetricName="Never", DefaultValue=0),
        }
    )
    put(
        client,
        made.ids["Group"],
        {"status": 429, "bytes": 7, "route": "/a"},
        {"code": "SlowDown", "bytes": 5, "route": "/b"},
        {"status": 200, "bytes": 0},
        "ERROR it broke",
        "ERROR harmless",
    )
    assert numbers(client, "Refused") == (2, 2)
    assert numbers(client, "Bytes", route="/a") == (1, 7)
    assert numbers(client, "Bytes", route="/b") == (1, 5)
    assert numbers(client, "Words") == (1, 1)
    assert numbers(client, "Never") == (1, 0)

    found = client("logs").filter_log_events(
        logGroupName=made.ids["Group"], filterPattern="{ $.status = 429 }"
    )
    assert len(found["events"]) == 1


def test_what_a_function_logs_is_counted(stack: Deploy, client: Client, invoke: Invoke) -> None:
    code = "import json\ndef handler(event, context):\n    print(json.dumps({'seen': 1}))\n"
    made = stack(
        {
            "Group": {"Type": "AWS::Logs::LogGroup"},
            "Seen": metric_filter("{ $.seen = 1 }", MetricName="Seen"),
            "Role": role(),
            "Function": function(code, LoggingConfig={"LogGroup": {"Ref": "Group"}}),
        }
    )
    assert invoke(made.ids["Function"]) == (None, False)
    assert numbers(client, "Seen") == (1, 1)


@pytest.mark.parametrize("pattern", ["[ip, status = 4*]", "%WARN|ERROR%", "{ $.a ~ 1 }"])
def test_a_pattern_that_is_not_understood_is_refused(pattern: str, stack: Deploy, client: Client) -> None:
    with pytest.raises(StackFailed, match="InvalidParameterException"):
        stack({"Group": {"Type": "AWS::Logs::LogGroup"}, "Filter": metric_filter(pattern, MetricName="x")})
    client("logs").create_log_group(logGroupName=(group := f"contract-filter-{hash(pattern)}"))
    with pytest.raises(ClientError, match="InvalidParameterException"):
        client("logs").put_metric_filter(
            logGroupName=group,
            filterName="x",
            filterPattern=pattern,
            metricTransformations=[{"metricName": "x", "metricNamespace": NAMESPACE, "metricValue": "1"}],
        )
