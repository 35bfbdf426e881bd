"""Nothing goes before its time, and everything goes in the end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wotr_analytics.cleaning.items import Items
from wotr_analytics.cleaning.objects import Objects
from wotr_analytics.cleaning.overdue import GRACE, Act, Rule, Version, overdue

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

NOW = datetime(2026, 11, 25, 4, 30, tzinfo=UTC)
DAY = timedelta(days=1)
UPLOADS = Rule(kept=30 * DAY, restorable=30 * DAY, hides=True)
LOGS = Rule(kept=90 * DAY, restorable=DAY, hides=False)
BUCKET = "some-bucket"


@st.composite
def histories(draw: st.DrawFn) -> list[Version]:
    """All versions of one key, the newest first, as S3 would list them."""
    ages = sorted(draw(st.lists(st.integers(0, 200 * 24), min_size=1, max_size=6)))
    return [
        Version("k", f"v{number}", NOW - timedelta(hours=age), number == 0, draw(st.booleans()), "tag")
        for number, age in enumerate(ages)
    ]


@given(histories(), st.sampled_from([UPLOADS, LOGS]), st.data())
def test_nothing_goes_before_its_time(history: list[Version], rule: Rule, data: st.DataObject) -> None:
    hidden_since = {version.version_id: successor.written for successor, version in pairwise(history)}

    for act, version in overdue(data.draw(st.permutations(history)), rule, NOW):
        if version.latest and version.marker:
            assert len(history) == 1
            assert act is Act.REMOVE
        elif version.latest:
            assert NOW - version.written >= rule.kept + GRACE
            assert act is (Act.HIDE if rule.hides else Act.REMOVE)
            assert rule.hides or NOW - version.written >= rule.kept + rule.restorable + GRACE
        else:
            assert act is Act.REMOVE
            assert NOW - hidden_since[version.version_id] >= rule.restorable + GRACE


@given(histories(), st.sampled_from([UPLOADS, LOGS]))
def test_night_after_night_everything_goes(history: list[Version], rule: Rule) -> None:
    for night in range(200):
        now = NOW + night * DAY
        acts = list(overdue(history, rule, now))
        gone = {version.version_id for act, version in acts if act is Act.REMOVE}
        history = [version for version in history if version.version_id not in gone]
        if any(act is Act.HIDE for act, _ in acts):
            hidden = [Version(v.key, v.version_id, v.written, False, v.marker, v.etag) for v in history]
            history = [Version("k", f"m{night}", now, True, marker=True), *hidden]
        elif history and not history[0].latest:
            first = history[0]
            history[0] = Version(first.key, first.version_id, first.written, True, first.marker, first.etag)
        if not history:
            return
    raise AssertionError(f"still there: {history}")


@pytest.fixture
def s3(dynamodb: DynamoDBClient) -> S3Client:
    client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    for key in ("uploads/ana/1.csv", "uploads/ben/2.csv", "photos/ana/3.jpg"):
        client.put_object(Bucket=BUCKET, Key=key, Body=b"x")
    return client


def later(days: float) -> datetime:
    return datetime.now(UTC) + timedelta(days=days)


def always() -> bool:
    return True


def listed(s3: S3Client) -> list[str]:
    return [each["Key"] for each in s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])]


def versions(s3: S3Client) -> int:
    page = s3.list_object_versions(Bucket=BUCKET, Prefix="uploads/")
    return len(page.get("Versions", [])) + len(page.get("DeleteMarkers", []))


def test_uploads_are_hidden_then_removed_for_good_and_others_stay(s3: S3Client) -> None:
    uploads = Objects(s3, BUCKET, "uploads/", UPLOADS)
    assert uploads.clean(later(30.9), always, dry=False).found == 0

    counted = uploads.clean(later(31.1), always, dry=True)
    assert (counted.found, counted.removed, len(listed(s3))) == (2, 0, 3)

    hidden = uploads.clean(later(31.1), always, dry=False)
    assert (hidden.removed, listed(s3), versions(s3)) == (2, ["photos/ana/3.jpg"], 4)
    assert uploads.clean(later(30), always, dry=False).found == 0

    assert uploads.clean(later(32), always, dry=False).removed == 2  # hidden when the test ran, 30 days ago
    assert uploads.clean(later(32), always, dry=False).removed == 2  # and what hid them
    assert (versions(s3), listed(s3)) == (0, ["photos/ana/3.jpg"])


def test_logs_go_at_once(s3: S3Client) -> None:
    logs = Objects(s3, BUCKET, "uploads/", LOGS)

    assert logs.clean(later(91.9), always, dry=False).found == 0
    assert logs.clean(later(92.1), always, dry=False).removed == 2
    assert versions(s3) == 0


def test_what_was_uploaded_again_meanwhile_is_not_hidden(s3: S3Client) -> None:
    def upload_again() -> bool:
        s3.put_object(Bucket=BUCKET, Key="uploads/ana/1.csv", Body=b"new")
        return True

    done = Objects(s3, BUCKET, "uploads/", UPLOADS).clean(later(31.1), upload_again, dry=False)

    assert (done.found, done.removed, done.failed) == (2, 1, 0)
    assert s3.get_object(Bucket=BUCKET, Key="uploads/ana/1.csv")["Body"].read() == b"new"


def test_time_that_runs_out_ends_it_in_order(s3: S3Client) -> None:
    answers = iter([True, False])

    done = Objects(s3, BUCKET, "uploads/", UPLOADS).clean(later(31.1), lambda: next(answers), dry=False)

    assert (done.removed, done.finished) == (1, False)


def test_a_refused_deletion_is_counted_and_the_next_is_tried(s3: S3Client) -> None:
    answer_deletions(s3, lambda key: "AccessDenied" if "ana" in key else None)

    done = Objects(s3, BUCKET, "uploads/", UPLOADS).clean(later(31.1), always, dry=False)

    assert (done.found, done.removed, done.failed) == (2, 1, 1)


def answer_deletions(s3: S3Client, code: Callable[[str], str | None]) -> None:
    """Have S3 refuse the deletion of keys for which `code` names an error."""
    from types import SimpleNamespace

    def instead(params: dict[str, Any], **_: object) -> Any:
        refused = code(params["url_path"])
        error = {"Error": {"Code": refused, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": 403}}
        return (SimpleNamespace(status_code=403), error) if refused else None

    hooks: Any = s3.meta.events  # its published type knows no hook that answers
    hooks.register("before-call.s3.DeleteObject", instead)


def test_a_record_that_was_written_anew_meanwhile_stays(dynamodb: DynamoDBClient) -> None:
    dynamodb.create_table(
        TableName="records",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    )

    def write(expires: datetime) -> bool:
        item = {"pk": {"S": "a"}, "sk": {"S": "b"}, "expiresAt": {"N": str(int(expires.timestamp()))}}
        dynamodb.put_item(TableName="records", Item=item)
        return True

    items = Items(dynamodb, "records", ["pk", "sk"])
    write(NOW - 2 * DAY)
    anew = items.clean(NOW, lambda: write(NOW + DAY), dry=False)
    assert (anew.found, anew.removed, anew.failed) == (1, 0, 0)

    write(NOW - 2 * DAY)
    assert items.clean(NOW, always, dry=False).removed == 1
    dynamodb.put_item(TableName="records", Item={"pk": {"S": "a"}, "sk": {"S": "never expires"}})
    assert items.clean(NOW, always, dry=False).found == 0
