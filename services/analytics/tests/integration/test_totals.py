"""Events put on the bus become totals, through the rule, the queue and the function as deployed."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import boto3
from tests.given import event, totals_of
from tests.integration.waiting import eventually

from wotr_common.events import WorkoutEvent

if TYPE_CHECKING:
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef

Put = Callable[[Sequence[WorkoutEvent | str]], None]
Outputs = Callable[[str], dict[str, str]]


def dead_letters(url: str, correlation_id: str) -> list[dict[str, str]]:
    """Reason and body of each message set aside for one request; others' messages stay as they are."""
    sqs = boto3.client("sqs")
    found = []
    answer = sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], VisibilityTimeout=0
    )
    for message in answer.get("Messages", []):
        attributes = {
            name: value["StringValue"] for name, value in message.get("MessageAttributes", {}).items()
        }
        if attributes.get("correlationId") == correlation_id:
            found.append({"reason": attributes["reason"], "body": message["Body"]})
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


def metric_sum(name: str, stage: str) -> float:
    """What a custom metric adds up to over the last minutes."""
    now = datetime.now(UTC)
    answer = boto3.client("cloudwatch").get_metric_statistics(
        Namespace="wotr",
        MetricName=name,
        Dimensions=[{"Name": "service", "Value": "analytics"}, {"Name": "stage", "Value": stage}],
        StartTime=now - timedelta(minutes=30),
        EndTime=now + timedelta(minutes=2),
        Period=60,
        Statistics=["Sum"],
    )
    return sum(point["Sum"] for point in answer["Datapoints"])


def test_totals_are_exact_though_every_event_comes_twice_and_in_no_order(
    put: Put, views_table: str, user_id: str
) -> None:
    days = 24 * 60
    events = [
        event(
            user_id,
            number * days,
            type=["run", "ride"][number % 2],
            duration_min=Decimal("30.1"),
            distance_m=Decimal("0.3") if number % 3 else None,
        )
        for number in range(60)
    ]
    delivered = events * 2
    random.Random(1).shuffle(delivered)
    put(delivered[:-1])
    table = boto3.client("dynamodb")
    eventually(lambda: totals_of(table, user_id, views_table), lambda t: t.get("TOTAL#ALL", (0,))[0] == 60)
    put(delivered[-1:])  # and one more, when all is counted

    found = totals_of(table, user_id, views_table)
    weeks = {sk: amounts for sk, amounts in found.items() if "WEEK" in sk}
    assert found["TOTAL#ALL"] == (60, Decimal("1806"), 18_000, Decimal("12"))
    assert found["TOTAL#TYPE#run"][:3] == found["TOTAL#TYPE#ride"][:3] == (30, Decimal("903"), 9000)
    assert [amounts[0] for _, amounts in sorted(weeks.items())] == [7] * 8 + [4]


def test_poison_alone_is_set_aside_with_its_reason(
    put: Put, outputs: Outputs, views_table: str, user_id: str
) -> None:
    poison = json.loads(event(user_id, 2).text()) | {"correlationId": f"poison-{user_id}"}
    poison["data"]["durationMin"] = "half an hour"
    put([event(user_id, 1), json.dumps(poison), event(user_id, 3)])

    url = outputs("analytics")["EventDeadLetterQueueUrl"]
    (set_aside,) = eventually(lambda: dead_letters(url, f"poison-{user_id}"), lambda found: len(found) > 0)
    assert "data/durationMin: must be a number" in set_aside["reason"]
    assert json.loads(set_aside["body"])["detail"] == poison
    table = boto3.client("dynamodb")
    eventually(lambda: totals_of(table, user_id, views_table), lambda t: t.get("TOTAL#ALL", (0,))[0] == 2)


def test_events_of_others_on_the_bus_are_not_counted(
    outputs: Outputs, put: Put, views_table: str, user_id: str
) -> None:
    theirs: PutEventsRequestEntryTypeDef = {
        "EventBusName": outputs("platform")["EventBusName"],
        "DetailType": "workout.created",
        "Source": "somebody.else",
        "Detail": event(user_id, 1).text(),
    }
    another = theirs.copy()
    another.update({"Source": "wotr.workers", "DetailType": "workout.renamed"})
    boto3.client("events").put_events(Entries=[theirs, another])
    put([event(user_id, 2)])

    table = boto3.client("dynamodb")
    found = eventually(lambda: totals_of(table, user_id, views_table), bool)
    assert found["TOTAL#ALL"][0] == 1


def test_metrics_are_visible_in_cloudwatch(put: Put, outputs: Outputs, user_id: str) -> None:
    stage = outputs("platform")["EventBusName"].removeprefix("wotr-")
    logs, calories = metric_sum("WorkoutLogsProcessed", stage), metric_sum("CaloriesBurned", stage)
    put([event(user_id, minute, calories_burned=Decimal("250.5")) for minute in range(4)])

    eventually(lambda: metric_sum("WorkoutLogsProcessed", stage), lambda found: found >= logs + 4)
    eventually(lambda: metric_sum("CaloriesBurned", stage), lambda found: found >= calories + 1002)
