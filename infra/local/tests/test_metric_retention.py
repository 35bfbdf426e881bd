"""Gap: data points are kept as long as CloudWatch keeps them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from stack import Client, Wait

TWO_WEEKS = timedelta(days=14)


def test_a_data_point_is_there_for_more_than_two_weeks(client: Client, eventually: Wait) -> None:
    metrics, namespace = client("cloudwatch"), f"kept/{uuid4()}"
    # As old as one may be that is put, and a moment later older.
    at = datetime.now(UTC) - TWO_WEEKS + timedelta(seconds=1)
    metrics.put_metric_data(
        Namespace=namespace, MetricData=[{"MetricName": "Calls", "Value": 7, "Timestamp": at}]
    )
    eventually(lambda: datetime.now(UTC) - at > TWO_WEEKS)
    found = metrics.get_metric_statistics(
        Namespace=namespace,
        MetricName="Calls",
        StartTime=at - timedelta(minutes=1),
        EndTime=at + timedelta(minutes=1),
        Period=60,
        Statistics=["Sum"],
    )["Datapoints"]
    assert [point["Sum"] for point in found] == [7]
