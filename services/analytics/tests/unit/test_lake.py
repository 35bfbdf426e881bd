"""The transformer: every event in the lake once, whatever is delivered twice, late, broken or at once."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from tests.given import deletion, edit, event, message, messages, no_pause
from tests.unit.test_set_aside import received

from tests.unit.conftest import BUCKET
from wotr_analytics.lake.objects import TRIES, Lake, key_of
from wotr_analytics.lake.transformer import transform
from wotr_analytics.replays import replayed
from wotr_common.dead_letters import DeadLetters
from wotr_common.events import WorkoutEvent

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

DAY = key_of("2026-11-16")


@pytest.fixture
def s3(sqs: SQSClient) -> S3Client:
    client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    return client


@pytest.fixture
def lake(s3: S3Client) -> Lake:
    return Lake(s3, BUCKET, no_pause)


def stored(s3: S3Client) -> dict[str, bytes]:
    """Every object of the bucket."""
    listed = s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])
    return {each["Key"]: s3.get_object(Bucket=BUCKET, Key=each["Key"])["Body"].read() for each in listed}


def rows(s3: S3Client, key: str = DAY) -> list[dict[str, Any]]:
    return [json.loads(line) for line in gzip.decompress(stored(s3)[key]).splitlines()]


def answer_puts(s3: S3Client, answer: Callable[[], tuple[Any, Any] | None]) -> None:
    """Let `answer` be S3's answer to each put; None lets it through."""
    hooks: Any = s3.meta.events
    hooks.register("before-call.s3.PutObject", lambda **_: answer())


def refusal(status: int, code: str) -> tuple[SimpleNamespace, dict[str, Any]]:
    error = {"Error": {"Code": code, "Message": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return SimpleNamespace(status_code=status), error


def test_events_of_one_day_share_an_object_and_each_day_has_its_own(
    s3: S3Client, lake: Lake, dead_letters: DeadLetters
) -> None:
    later = edit("ben").model_copy(update={"occurred_at": event().occurred_at.replace(day=17)})
    batch = transform(messages([event("ana"), event("ben"), deletion("ana"), later]), lake, dead_letters)

    assert (batch.failed_ids, batch.added) == ([], 4)
    assert set(stored(s3)) == {DAY, key_of("2026-11-17")}
    assert sorted((row["user_id"], row["event"]) for row in rows(s3)) == [
        ("ana", "workout.created"),
        ("ana", "workout.deleted"),
        ("ben", "workout.created"),
    ]


def test_duplicates_in_any_batches_leave_the_bytes_of_the_undisturbed_lake(
    s3: S3Client, lake: Lake, dead_letters: DeadLetters
) -> None:
    events: list[WorkoutEvent] = [
        made("ana", minute) for minute in range(20) for made in (event, edit, deletion)
    ]
    transform(messages(events), lake, dead_letters)
    undisturbed = stored(s3)
    s3.delete_object(Bucket=BUCKET, Key=DAY)

    delivered = events * 3
    random.Random(7).shuffle(delivered)
    added = sum(
        transform(messages(delivered[start : start + 13]), lake, dead_letters).added
        for start in range(0, len(delivered), 13)
    )

    assert added == len(events)
    assert stored(s3) == undisturbed


def test_what_is_there_already_is_not_written_again(
    s3: S3Client, lake: Lake, dead_letters: DeadLetters
) -> None:
    transform(messages([event()]), lake, dead_letters)
    answer_puts(s3, lambda: pytest.fail("the object was written again"))
    assert transform(messages([event(), event()]), lake, dead_letters).added == 0


def test_a_write_of_somebody_else_meanwhile_is_kept(
    s3: S3Client, lake: Lake, dead_letters: DeadLetters
) -> None:
    other = Lake(boto3.client("s3"), BUCKET, no_pause)
    meanwhile = iter([event("ben"), event("cleo")])  # once where there is no object yet, once where there is

    def interfere() -> None:
        for each in [next(meanwhile, None)]:
            if each:
                transform([message(each)], other, dead_letters)

    answer_puts(s3, interfere)
    batch = transform(messages([event("ana")]), lake, dead_letters)

    assert (batch.failed_ids, batch.added) == ([], 1)
    assert {row["user_id"] for row in rows(s3)} == {"ana", "ben", "cleo"}


def test_a_lost_answer_adds_nothing_twice(s3: S3Client, lake: Lake, dead_letters: DeadLetters) -> None:
    other = Lake(boto3.client("s3"), BUCKET, no_pause)

    def written_but_not_told() -> tuple[Any, Any]:
        transform([message(event())], other, dead_letters)
        return refusal(412, "PreconditionFailed")

    answer_puts(s3, written_but_not_told)
    assert transform([message(event())], lake, dead_letters).failed_ids == []
    assert len(rows(s3)) == 1


@pytest.mark.parametrize(
    ("status", "code"), [(412, "PreconditionFailed"), (409, "ConditionalRequestConflict"), (404, "NoSuchKey")]
)
def test_who_never_gets_to_write_tries_a_few_times_and_lets_its_events_come_again(
    s3: S3Client, lake: Lake, dead_letters: DeadLetters, status: int, code: str
) -> None:
    asked: list[str] = []

    def busy() -> tuple[Any, Any]:
        asked.append(code)
        return refusal(status, code)

    answer_puts(s3, busy)
    assert transform(messages([event(), edit()]), lake, dead_letters).failed_ids == ["m-0", "m-1"]
    assert len(asked) == TRIES
    assert stored(s3) == {}


def test_a_day_that_cannot_be_written_holds_up_no_other(
    s3: S3Client, lake: Lake, dead_letters: DeadLetters
) -> None:
    later = edit("ben").model_copy(update={"occurred_at": event().occurred_at.replace(day=17)})
    answers: Iterator[Any] = iter([refusal(403, "AccessDenied")])
    answer_puts(s3, lambda: next(answers, None))

    assert transform(messages([event(), later]), lake, dead_letters).failed_ids == ["m-0"]
    assert set(stored(s3)) == {key_of("2026-11-17")}


def test_poison_alone_is_set_aside_with_its_reason(
    s3: S3Client, lake: Lake, dead_letters: DeadLetters, sqs: SQSClient, dead_letter_url: str
) -> None:
    batch = transform([message("{", "m-bad"), message(event(), "m-1")], lake, dead_letters)

    assert (batch.failed_ids, len(rows(s3))) == ([], 1)
    assert received(sqs, dead_letter_url) == [
        {"body": "{", "reason": "the message is not JSON", "correlationId": "m-bad"}
    ]


def test_poison_that_cannot_be_set_aside_comes_again(
    lake: Lake, dead_letters: DeadLetters, sqs: SQSClient, dead_letter_url: str
) -> None:
    sqs.delete_queue(QueueUrl=dead_letter_url)
    assert transform([message("{", "m-bad")], lake, dead_letters).failed_ids == ["m-bad"]


def test_the_function_answers_with_what_is_to_come_again_and_counts_rows(
    s3: S3Client, dead_letter_url: str, sqs: SQSClient, capsys: pytest.CaptureFixture[str]
) -> None:
    from wotr_analytics.handlers import transform as function

    sqs.delete_queue(QueueUrl=dead_letter_url)
    context = SimpleNamespace(
        function_name="transform",
        memory_limit_in_mb=1024,
        invoked_function_arn="arn:aws:lambda:eu-central-1:123456789012:function:transform:live",
        aws_request_id="5b441b59-a550-11c1-8b3d-93b4e8a5c7a1",
    )
    records = [message("{", "m-bad"), message(event(), "m-1"), message(event(), "m-2")]
    answer = function.handler({"Records": records}, context)

    assert answer == {"batchItemFailures": [{"itemIdentifier": "m-bad"}]}
    assert len(rows(s3)) == 1
    printed = [line for line in capsys.readouterr().out.splitlines() if "LakeRowsAdded" in line]
    assert [json.loads(line)["LakeRowsAdded"] for line in printed] == [[1]]


def test_replayed_messages_are_counted_by_their_replay() -> None:
    def marked(name: Any) -> dict[str, Any]:
        envelope = json.loads(message(event())["body"])
        return {"messageId": "m", "body": json.dumps(envelope | {"replay-name": name})}

    broken = {"messageId": "m", "body": '{"replay-name"'}
    found = replayed([marked("a"), message(event()), marked("b"), marked("a"), broken, marked(7)])
    assert found == {"a": 2, "b": 1}
