"""The two jobs as Lambda calls them: by a message of their queue, or by hand."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError
from tests.unit.night_given import YESTERDAY, Stage, at, brute_force, workout

from tests.unit.conftest import ACCESS_LOGS, API_LOGS, IDEMPOTENCY, UPLOADS
from wotr_analytics.cleaning.run import Incomplete
from wotr_analytics.jobs import Unreadable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient

TODAY = YESTERDAY + timedelta(days=1)


def context(milliseconds: int = 300_000) -> Any:
    return SimpleNamespace(
        function_name="job",
        memory_limit_in_mb=512,
        invoked_function_arn="arn:aws:lambda:eu-central-1:123456789012:function:job:live",
        aws_request_id="5b441b59-a550-11c1-8b3d-93b4e8a5c7a1",
        get_remaining_time_in_millis=lambda: milliseconds,
    )


def queued(body: object) -> dict[str, Any]:
    text = body if isinstance(body, str) else json.dumps(body)
    return {"Records": [{"messageId": "m-1", "body": text}]}


def metrics_in(printed: str) -> dict[str, Any]:
    """The embedded metrics among printed lines."""
    found: dict[str, Any] = {}
    for line in (json.loads(line) for line in printed.splitlines() if line.startswith("{")):
        for directive in line.get("_aws", {}).get("CloudWatchMetrics", []):
            found |= {metric["Name"]: line[metric["Name"]] for metric in directive["Metrics"]}
    return found


@pytest.fixture
def summarise(stage: Stage, limits: None, dead_letter_url: str) -> Any:
    from wotr_analytics.handlers import daily_summary

    return daily_summary.handler


@pytest.fixture
def clean(dynamodb: DynamoDBClient, dead_letter_url: str) -> Any:
    from wotr_analytics.handlers import clean_up

    dynamodb.create_table(
        TableName="requests",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"} for name in ("requestId", "receivedAt")
        ],
        KeySchema=[
            {"AttributeName": "requestId", "KeyType": "HASH"},
            {"AttributeName": "receivedAt", "KeyType": "RANGE"},
        ],
    )
    s3 = boto3.client("s3")
    for bucket in (UPLOADS, ACCESS_LOGS, API_LOGS):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    return clean_up.handler


@pytest.fixture
def records(dynamodb: DynamoDBClient) -> DynamoDBClient:
    """The table of idempotency keys, as api makes it and makes it known."""
    dynamodb.create_table(
        TableName=IDEMPOTENCY,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
    )
    boto3.client("ssm").put_parameter(
        Name="/wotr/dev/api/idempotency-table", Value=IDEMPOTENCY, Type="String", Overwrite=True
    )
    for name, age in {
        "old": timedelta(days=3),
        "lagging": timedelta(hours=3),
        "live": -timedelta(hours=3),
    }.items():
        expires = int((datetime.now(UTC) - age).timestamp())
        dynamodb.put_item(TableName=IDEMPOTENCY, Item={"pk": {"S": name}, "expiresAt": {"N": str(expires)}})
    return dynamodb


def kept(dynamodb: DynamoDBClient) -> set[str]:
    return {item["pk"]["S"] for item in dynamodb.scan(TableName=IDEMPOTENCY)["Items"]}


def test_a_schedule_sums_up_the_day_before_it_was_due_however_late_it_is_tried(
    summarise: Any, stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    each = workout("ana", at(YESTERDAY, 60))
    stage.store(each, workout("ana", at(TODAY, 60)))

    answer = summarise(queued({"scheduledAt": f"{TODAY}T05:00:00Z"}), context())

    assert stage.reports.days() == {YESTERDAY}
    assert stage.report(YESTERDAY) == brute_force([each], YESTERDAY) == answer["report"]
    found = metrics_in(capsys.readouterr().out)
    assert (found["DailySummaryRuns"], found["DailySummariesWritten"]) == ([1], [1])


def test_any_day_is_made_by_hand_and_no_other(summarise: Any, stage: Stage) -> None:
    day = YESTERDAY - timedelta(days=400)

    first, second = (summarise({"day": day.isoformat()}, context()) for _ in range(2))

    assert (first["written"], second["written"]) == ([day.isoformat()], [])
    assert first["report"] == second["report"] == stage.report(day)
    assert stage.reports.days() == {day}


def test_nothing_said_means_yesterday(summarise: Any) -> None:
    answer = summarise({}, context())
    assert answer["report"]["day"] == (datetime.now(UTC).date() - timedelta(days=1)).isoformat()


@pytest.mark.parametrize(
    ("job", "why"),
    [
        ({"day": "2999-01-01"}, "when it is over"),
        ({"day": "24.11.2026"}, "day: "),
        ({"scheduledAt": "2026-11-25T05:00:00"}, "scheduledAt: must name its zone"),
        ({"Day": "2026-11-24"}, "Day: is not a known field"),
        ({"day": "2026-11-24", "scheduledAt": "2026-11-25T05:00:00Z"}, "not both"),
    ],
)
def test_a_job_that_makes_no_sense_is_refused_by_hand_and_set_aside_from_the_queue(
    summarise: Any, sqs: SQSClient, dead_letter_url: str, job: dict[str, Any], why: str
) -> None:
    with pytest.raises(Unreadable, match=why):
        summarise(job, context())
    assert summarise(queued(job), context()) == {}

    (message,) = sqs.receive_message(QueueUrl=dead_letter_url, MessageAttributeNames=["All"])["Messages"]
    assert json.loads(message["Body"]) == job
    assert why in message["MessageAttributes"]["reason"]["StringValue"]


def test_a_failure_is_an_error_so_that_the_queue_tries_again(
    summarise: Any, stage: Stage, sqs: SQSClient, dead_letter_url: str
) -> None:
    boto3.client("dynamodb").delete_table(TableName="workouts")
    with pytest.raises(ClientError):
        summarise(queued({"scheduledAt": f"{TODAY}T05:00:00Z"}), context())

    sqs.delete_queue(QueueUrl=dead_letter_url)
    with pytest.raises(Unreadable):
        summarise(queued("{"), context())


def test_only_records_that_dynamodb_should_have_deleted_are(
    clean: Any, records: DynamoDBClient, capsys: pytest.CaptureFixture[str]
) -> None:
    counted = clean({"dryRun": True}, context())
    assert counted["places"]["IdempotencyRecords"] == {
        "found": 1,
        "removed": 0,
        "failed": 0,
        "finished": True,
    }
    assert kept(records) == {"old", "lagging", "live"}
    assert "CleanUpRuns" not in metrics_in(capsys.readouterr().out)

    done = clean(
        queued({"scheduledAt": "2999-01-01T04:30:00Z"}), context()
    )  # says when, not how old things are

    assert done["places"]["IdempotencyRecords"] == {"found": 1, "removed": 1, "failed": 0, "finished": True}
    assert kept(records) == {"lagging", "live"}
    found = metrics_in(capsys.readouterr().out)
    assert (found["CleanUpRuns"], found["OverdueIdempotencyRecordsRemoved"]) == ([1], [1])


def test_before_api_is_there_nothing_is_asked_of_its_table(clean: Any) -> None:
    assert clean(queued({}), context())["places"]["IdempotencyRecords"]["found"] == 0


def test_one_place_that_fails_is_said_and_costs_the_others_nothing(
    clean: Any, records: DynamoDBClient, capsys: pytest.CaptureFixture[str]
) -> None:
    boto3.client("s3").delete_bucket(Bucket=UPLOADS)

    with pytest.raises(Incomplete, match=r"Uploads: .*NoSuchBucket"):
        clean(queued({}), context())

    assert kept(records) == {"lagging", "live"}
    assert "CleanUpRuns" not in metrics_in(capsys.readouterr().out)


def test_what_there_is_no_time_for_is_left_for_the_next_night(
    clean: Any, records: DynamoDBClient, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = clean(queued({}), context(milliseconds=1000))

    assert answer["places"]["IdempotencyRecords"] == {
        "found": 0,
        "removed": 0,
        "failed": 0,
        "finished": False,
    }
    assert kept(records) == {"old", "lagging", "live"}
    assert metrics_in(capsys.readouterr().out)["CleanUpUnfinished"] == [1]
