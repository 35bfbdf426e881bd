"""Gap: metrics in the log become metrics in CloudWatch."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from stack import Client, Deploy, Invoke, function, role

EMITS = """
import json
def handler(event, context):
    for count in event:
        print(json.dumps({
            "_aws": {"Timestamp": 1, "CloudWatchMetrics": [{
                "Namespace": "contract", "Dimensions": [["service"], ["service", "type"]],
                "Metrics": [{"Name": "Processed", "Unit": "Count"}, {"Name": "Calories", "Unit": "None"}]}]},
            "service": "workers", "type": "run", "Processed": count, "Calories": [100, 50.5]}))
    print('{not json, but "_aws" and "CloudWatchMetrics" are in it')
"""


def total(client: Client, namespace: str, name: str, dimensions: dict[str, str]) -> float:
    now = datetime.now(UTC)
    points = client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=name,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        StartTime=now - timedelta(minutes=10),
        EndTime=now + timedelta(minutes=10),
        Period=3600,
        Statistics=["Sum"],
    )["Datapoints"]
    return float(sum(point["Sum"] for point in points))


def test_what_a_function_prints_is_recorded_under_each_set_of_dimensions(
    stack: Deploy, invoke: Invoke, client: Client
) -> None:
    made = stack({"Role": role(), "Emits": function(EMITS)})
    assert invoke(made.ids["Emits"], [2, 3]) == (None, False)
    for dimensions in ({"service": "workers"}, {"service": "workers", "type": "run"}):
        assert total(client, "contract", "Processed", dimensions) == 5
        assert total(client, "contract", "Calories", dimensions) == 301
    assert total(client, "contract", "Processed", {"service": "api"}) == 0


def test_what_is_put_into_a_log_stream_is_recorded_too(client: Client) -> None:
    logs = client("logs")
    logs.create_log_group(logGroupName="contract-metrics")
    logs.create_log_stream(logGroupName="contract-metrics", logStreamName="one")
    message = json.dumps(
        {
            "_aws": {
                "CloudWatchMetrics": [{"Namespace": "put", "Dimensions": [[]], "Metrics": [{"Name": "Seen"}]}]
            },
            "Seen": 4,
        }
    )
    now = int(datetime.now(UTC).timestamp() * 1000)
    logs.put_log_events(
        logGroupName="contract-metrics",
        logStreamName="one",
        logEvents=[{"timestamp": now, "message": message}],
    )
    assert total(client, "put", "Seen", {}) == 4
