"""Everything an athlete has, in one file: what is in it, how it streams, where it goes when it is large."""

from __future__ import annotations

import base64
import csv
import io
import json
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib import import_module
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.calls import ATHLETE, Context, event, send
from tests.unit.cloud import Cloud

from wotr_api import export
from wotr_api.objects import ExportedFiles
from wotr_common import exports, keys
from wotr_common.items import session_item
from wotr_common.problems import Problem
from wotr_common.session import Session, TrainingSet
from wotr_common.workout import Workout

START = datetime(2026, 3, 1, 16, 30, tzinfo=UTC)
SESSION = "20260301T173000-1a2b3c4d5e"


def workout(at: datetime = START, **said: Any) -> Workout:
    return Workout.model_validate(
        {
            "type": "run",
            "startedAt": at,
            "durationMin": 30,
            "userId": ATHLETE,
            "workoutId": keys.workout_id(at),
            "createdAt": at,
            **said,
        }
    )


def session(**said: Any) -> Session:
    sets = (TrainingSet(exercise="Squat", weight_kg=Decimal("102.5"), reps=5, notes="=1+1"),)
    return Session.model_validate(
        {
            "userId": ATHLETE,
            "sessionId": SESSION,
            "date": "2026-03-01",
            "startedAt": START,
            "createdAt": START,
            "version": 1,
            "title": "Legs, heavy",
            "state": "completed",
            "sets": sets,
            **said,
        }
    )


def answered(path: str, context: Context | None = None) -> dict[str, Any]:
    handler = import_module("wotr_api.handlers.export").handler
    found: dict[str, Any] = handler(event("GET", path, athlete=ATHLETE), context or Context())
    return found


def header(answer: dict[str, Any], name: str) -> str:
    found = {key.lower(): values[-1] for key, values in answer["multiValueHeaders"].items()}
    return str(found[name])


def rows(text: str) -> list[dict[str, str]]:
    """The rows of an exported table, without what is empty."""
    found = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    assert tuple(found.fieldnames or ()) == exports.COLUMNS
    return [{name: cell for name, cell in row.items() if cell} for row in found]


def test_an_athlete_gets_everything_they_have_and_nothing_of_others(cloud: Cloud) -> None:
    cloud.put(session_item(session(workoutId=keys.workout_id(START))))
    cloud.store(
        workout(sessionId=SESSION, type="strength", intensity="high", volumeKg=512.5),
        workout(START + timedelta(days=1), notes='said "yes",\nand ran', source="strava", sourceId="77"),
        workout(START + timedelta(days=2), userId="sam", notes="of another"),
    )

    answer = answered("/me/export")

    assert answer["statusCode"] == 200
    assert header(answer, "content-type") == "text/csv; charset=utf-8"
    assert header(answer, "content-disposition").startswith('attachment; filename="wotr-')
    head, squat, run = rows(answer["body"])
    assert (head["record"], head["sessionId"], head["title"]) == ("session", SESSION, "Legs, heavy")
    assert (head["localStart"], head["intensity"]) == ("2026-03-01T17:30:00", "high")
    assert (squat["record"], squat["weightKg"], squat["reps"]) == ("set", "102.5", "5")
    assert squat["setNotes"] == "'=1+1", "no cell is a formula"
    assert (run["record"], run["notes"]) == ("workout", 'said "yes",\nand ran')
    assert (run["source"], run["sourceId"]) == ("strava", "77")


def test_the_same_as_json_is_one_object_with_an_item_a_line(cloud: Cloud) -> None:
    cloud.put(session_item(session()) | {"dateOnly": True})
    cloud.store(workout())

    answer = answered("/me/export?format=json")
    text = answer["body"]

    assert header(answer, "content-type") == "application/json"
    assert (json.loads(text)["format"], json.loads(text)["version"]) == ("wotr", 1)
    first, *lines, last = text.splitlines()
    assert (first, last) == (exports.JSON_FIRST_LINE, exports.JSON_LAST_LINE)
    items = [exports.from_json(line) for line in lines]
    assert [item["record"] for item in items] == ["session", "workout"]
    assert items[0]["localStart"] == "2026-03-01", "no more than the date is known"
    assert items[0]["sets"][0]["notes"] == "=1+1"
    assert json.loads(text)["items"] == json.loads(json.dumps(items, default=float))


@pytest.mark.parametrize(("form", "body"), [("csv", ",".join(exports.COLUMNS) + "\r\n"), ("json", None)])
def test_who_has_nothing_gets_an_empty_file(cloud: Cloud, form: str, body: str | None) -> None:
    text = answered(f"/me/export?format={form}")["body"]

    assert text == body if body else json.loads(text)["items"] == []


def test_a_workout_linked_to_a_session_but_not_made_of_it_stands_for_itself(cloud: Cloud) -> None:
    cloud.put(session_item(session(workoutId=keys.workout_id(START))))
    cloud.store(workout(type="strength", intensity="high", source="strava", sourceId="5"))

    head, _, own = rows(answered("/me/export")["body"])

    assert "intensity" not in head
    assert (own["record"], own["source"], own["intensity"]) == ("workout", "strava", "high")


def test_every_page_of_a_long_history_is_in_it(cloud: Cloud) -> None:
    starts = [START + timedelta(hours=hour) for hour in range(300)]
    cloud.store(*(workout(at, notes="ü" * 2000) for at in starts))  # more than one page of 1 MB
    for number, at in enumerate(starts[:130]):  # more keys than one BatchGetItem takes
        named = keys.session_id(at, f"{number:x}")
        cloud.put(
            session_item(session(sessionId=named, date=at.date(), sets=(), workoutId=keys.workout_id(at)))
        )

    found = rows(answered("/me/export")["body"])

    assert [row["startedAt"] for row in found if row["record"] == "workout"] == [
        f"{at:%Y-%m-%dT%H:%M:%S}.000Z" for at in starts
    ]
    assert len([row for row in found if row["record"] == "session"]) == 130


def test_what_is_too_large_for_an_answer_lies_behind_a_link(cloud: Cloud) -> None:
    bucket = boto3.client("s3")
    bucket.create_bucket(Bucket="exports", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    stored = [workout(START + timedelta(hours=hour), notes="ü" * 2000) for hour in range(500)]
    cloud.store(*stored)

    answer = send("export", event("GET", "/me/export", athlete=ATHLETE))

    link = urlsplit(answer.headers["location"])
    key = link.path.removeprefix("/")
    assert (answer.status, answer.body["url"]) == (303, answer.headers["location"])
    assert link.netloc == "exports.s3.eu-central-1.amazonaws.com"
    assert key.startswith(f"exports/{ATHLETE}/")
    assert parse_qs(link.query)["X-Amz-Expires"] == ["900"]
    assert parse_qs(link.query)["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    found = bucket.get_object(Bucket="exports", Key=key)
    assert found["ContentDisposition"].startswith('attachment; filename="wotr-')
    assert found["ContentType"] == "text/csv; charset=utf-8"
    text = found["Body"].read().decode()
    assert text == "".join(export.chunks(map(exports.exported_workout, stored), "csv"))


def test_an_upload_that_fails_leaves_nothing(cloud: Cloud) -> None:
    bucket = boto3.client("s3")
    bucket.create_bucket(Bucket="exports", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})

    def parts() -> Iterator[bytes]:
        yield b"x" * export.PART_BYTES
        raise OSError("the table does not answer")

    with pytest.raises(OSError, match="the table"):
        ExportedFiles(bucket, "exports", lambda: START).put("exports/1", parts(), name="a", content_type="b")

    assert "Uploads" not in bucket.list_multipart_uploads(Bucket="exports")
    assert "Contents" not in bucket.list_objects_v2(Bucket="exports")


def test_s3_is_told_of_checksums_first_and_sees_that_of_each_part_last(cloud: Cloud) -> None:
    bucket = boto3.client("s3")
    bucket.create_bucket(Bucket="exports", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    said: dict[str, dict[str, Any]] = {}

    def note(params: dict[str, Any], model: Any, **_: Any) -> None:
        said[model.name] = params

    bucket.meta.events.register("before-parameter-build.s3", note)
    parts = [b"x" * export.PART_BYTES, b"y"]
    ExportedFiles(bucket, "exports", lambda: START).put("exports/1", iter(parts), name="a", content_type="b")

    # S3 refuses parts with a checksum of which it was not told, and an end that does not repeat them.
    assert said["CreateMultipartUpload"]["ChecksumAlgorithm"] == "CRC32"
    completed = said["CompleteMultipartUpload"]["MultipartUpload"]["Parts"]
    assert [part["ChecksumCRC32"] for part in completed] == [
        base64.b64encode(zlib.crc32(part).to_bytes(4, "big")).decode() for part in parts
    ]


def test_an_export_that_would_be_cut_off_says_so(cloud: Cloud) -> None:
    class Late(Context):
        def get_remaining_time_in_millis(self) -> int:
            return 4_000

    cloud.store(workout())

    answer = answered("/me/export", Late())

    assert answer["statusCode"] == 503
    assert header(answer, "retry-after") == "60"


def test_an_unknown_format_is_named(cloud: Cloud) -> None:
    answer = send("export", event("GET", "/me/export?format=xml", athlete=ATHLETE))

    assert (answer.status, answer.pointers()) == (422, ["format"])


def test_nobody_exports_without_having_signed_in(cloud: Cloud) -> None:
    assert send("export", event("GET", "/me/export", machine=None)).status == 401


def test_what_fits_an_answer_is_measured_as_lambda_sends_it() -> None:
    quotes = ['"' * 100] * 10  # as JSON, each of them is two characters, and more where it is not ASCII

    assert export.begin(iter(quotes), 2020).rest is None
    assert export.begin(iter(quotes), 2019).rest is not None
    assert export.begin(iter(["ü" * 100]), 500).rest is not None


@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=9)),
    st.integers(1, 40),
    st.integers(1, 9),
)
def test_parts_are_the_whole_and_of_one_size(pieces: list[str], most: int, size: int) -> None:
    found = list(export.parts(export.begin(iter(pieces), most), size))

    assert b"".join(found) == "".join(pieces).encode()
    assert {len(part) for part in found[:-1]} <= {size}
    assert len(found[-1]) <= size


@settings(max_examples=20)
@given(st.integers(0, 300))
def test_text_comes_in_pieces_while_items_are_read(workouts: int) -> None:
    taken = 0

    def found() -> Iterator[exports.Exported]:
        nonlocal taken
        for number in range(workouts):
            taken += 1
            yield exports.exported_workout(workout(START + timedelta(hours=number), notes="x" * 2000))

    ahead = []
    for said, piece in enumerate(export.chunks(found(), "json"), 1):
        assert len(piece) < 70_000
        ahead.append(taken - said * 30)
    assert taken == workouts
    assert max(ahead) <= 33, "nothing is read before it is asked for"


def test_time_is_looked_at_for_each_item() -> None:
    remaining = iter([9000, 6000, 4999])
    found = export.in_time(iter([{"record": "workout"}] * 3), lambda: next(remaining), 5000)

    assert [next(found), next(found)]
    with pytest.raises(Problem) as caught:
        next(found)
    assert caught.value.status == 503
