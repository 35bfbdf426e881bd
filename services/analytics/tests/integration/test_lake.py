"""Events put on the bus become rows of the lake, and its saved queries answer as a plain count would."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import boto3
import pytest
from tests.given import deletion, edit, event
from tests.integration.waiting import eventually

from wotr_analytics.lake import rows as lake_rows
from wotr_analytics.lake.objects import PREFIX
from wotr_common.events import WorkoutEvent

Put = Callable[[Sequence[WorkoutEvent | str]], None]
Outputs = Callable[[str], dict[str, str]]
DAY = 24 * 60


def objects(outputs: Outputs) -> dict[str, list[dict[str, Any]]]:
    """The rows of every object of the lake."""
    s3, bucket = boto3.client("s3"), outputs("analytics")["LakeBucketName"]
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{PREFIX}/")
    return {
        each["Key"]: [
            json.loads(line)
            for line in gzip.decompress(
                s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read()
            ).splitlines()
        ]
        for page in pages
        for each in page.get("Contents", [])
    }


def every_row(outputs: Outputs) -> list[dict[str, Any]]:
    return [row for rows in objects(outputs).values() for row in rows]


@pytest.fixture
def history(put: Put, outputs: Outputs, user_id: str) -> list[WorkoutEvent]:
    """Events of some weeks in the lake, twice each: imports of two apps, edits, deletions."""
    created = [
        event(
            user_id,
            number * DAY,
            type=["run", "ride"][number % 2],
            source=["strava", "strong", "api"][number % 3],
            import_id=None if number % 3 == 2 else f"{user_id}-{number % 3}",
            duration_min=Decimal("30.1"),
            distance_m=Decimal(5000) if number % 2 else None,
        )
        for number in range(30)
    ]
    changed = [
        edit(user_id, number * DAY, type="swim", duration_min=Decimal("45.5"), version=2) for number in (3, 4)
    ]
    deleted = [deletion(user_id, number * DAY, version=3) for number in (4, 5)]
    events: list[WorkoutEvent] = [*created, *changed, *deleted]
    put([*events[::-1], *events])
    eventually(
        lambda: sum(row["user_id"] == user_id for row in every_row(outputs)),
        lambda found: found == len(events),
    )
    return events


def test_every_event_is_one_row_of_its_days_object(
    history: list[WorkoutEvent], outputs: Outputs, user_id: str
) -> None:
    found = [
        (key, row["id"], row["event"])
        for key, rows in objects(outputs).items()
        for row in rows
        if row["user_id"] == user_id
    ]
    wanted = [
        (f"{PREFIX}/dt={each.occurred_at.date()}/events.jsonl.gz", str(each.id), each.name)
        for each in history
    ]
    assert sorted(found) == sorted(wanted)


def test_the_table_has_exactly_the_fields_of_a_row(outputs: Outputs) -> None:
    said = event(
        avg_heart_rate=150, rpe=6, import_id="i-1", session_id="20261116T063000-ab12cd34", volume_kg=812
    )
    table = boto3.client("glue").get_table(
        DatabaseName=outputs("analytics")["LakeDatabaseName"], Name="workout_events"
    )["Table"]
    columns = [column["Name"] for column in table["StorageDescriptor"]["Columns"]]
    assert set(columns) == set(json.loads(lake_rows.row(said)))
    assert [key["Name"] for key in table["PartitionKeys"]] == ["dt"]


def latest(rows: list[dict[str, Any]]) -> Iterator[tuple[date, dict[str, Any]]]:
    """The latest version of each workout that is not deleted, and the day it started on."""
    newest: dict[tuple[str, str], dict[str, Any]] = {}
    for row in sorted(rows, key=lambda row: row["version"]):
        newest[row["user_id"], row["workout_id"]] = row
    for row in newest.values():
        if row["event"] != "workout.deleted":
            yield date.fromisoformat(row["started_at"][:10]), row


def minutes_by_type_and_week(rows: list[dict[str, Any]]) -> list[list[Any]]:
    sums: dict[tuple[str, str], list[Any]] = defaultdict(lambda: [0, Decimal(0), None])
    for day, row in latest(rows):
        found = sums[str(day - timedelta(days=day.weekday())), row["type"]]
        found[0] += 1
        found[1] += Decimal(str(row["duration_min"]))
        if "distance_m" in row:
            found[2] = (found[2] or Decimal(0)) + Decimal(str(row["distance_m"]))
    return [
        [week, kind, count, float(minutes), None if metres is None else float(metres / 1000)]
        for (week, kind), (count, minutes, metres) in sorted(
            sums.items(), key=lambda item: (-date.fromisoformat(item[0][0]).toordinal(), item[0][1])
        )
    ]


def active_athletes_by_day(rows: list[dict[str, Any]]) -> list[list[Any]]:
    users: dict[str, list[str]] = defaultdict(list)
    for day, row in latest(rows):
        users[str(day)].append(row["user_id"])
    return [[day, len(set(found)), len(found)] for day, found in sorted(users.items(), reverse=True)]


def imports_by_source(rows: list[dict[str, Any]]) -> list[list[Any]]:
    by_source: dict[str, list[tuple[date, dict[str, Any]]]] = defaultdict(list)
    for day, row in latest(rows):
        if "import_id" in row:
            by_source[row["source"]].append((day, row))
    found = [
        [
            source,
            len({row["import_id"] for _, row in rows}),
            len({row["user_id"] for _, row in rows}),
            len(rows),
            str(min(day for day, _ in rows)),
            str(max(day for day, _ in rows)),
        ]
        for source, rows in by_source.items()
    ]
    return sorted(found, key=lambda line: (-line[3], line[0]))


def events_by_day(rows: list[dict[str, Any]]) -> list[list[Any]]:
    names = ("workout.created", "workout.updated", "workout.deleted")
    days: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        days[row["occurred_at"][:10]].append(row["event"])
    since = str(datetime.now(UTC).date() - timedelta(days=30))
    return [
        [day, *(events.count(name) for name in names)]
        for day, events in sorted(days.items(), reverse=True)
        if day >= since
    ]


PLAIN_COUNTS = {
    "minutes-by-type-and-week": minutes_by_type_and_week,
    "active-athletes-by-day": active_athletes_by_day,
    "imports-by-source": imports_by_source,
    "events-by-day": events_by_day,
}


def saved_queries(outputs: Outputs) -> dict[str, Any]:
    """The saved queries of the workgroup, by name."""
    athena, workgroup = boto3.client("athena"), outputs("analytics")["LakeWorkGroupName"]
    ids = athena.list_named_queries(WorkGroup=workgroup)["NamedQueryIds"]
    found = athena.batch_get_named_query(NamedQueryIds=ids)["NamedQueries"]
    return {query["Name"]: query for query in found}


def answer(query: Any) -> list[list[str | None]]:
    """The rows of a saved query's answer, as Athena gives them."""
    athena = boto3.client("athena")
    started = athena.start_query_execution(
        QueryString=query["QueryString"],
        QueryExecutionContext={"Database": query["Database"]},
        WorkGroup=query["WorkGroup"],
    )["QueryExecutionId"]
    done = eventually(
        lambda: athena.get_query_execution(QueryExecutionId=started)["QueryExecution"]["Status"],
        lambda status: status["State"] not in ("QUEUED", "RUNNING"),
    )
    assert done["State"] == "SUCCEEDED", done
    pages = athena.get_paginator("get_query_results").paginate(QueryExecutionId=started)
    found = [
        [cell.get("VarCharValue") for cell in row["Data"]]
        for page in pages
        for row in page["ResultSet"]["Rows"]
    ]
    return found[1:]


def test_each_saved_query_has_its_plain_count(outputs: Outputs) -> None:
    assert set(saved_queries(outputs)) == set(PLAIN_COUNTS)


@pytest.mark.parametrize("name", PLAIN_COUNTS)
def test_a_saved_query_answers_as_a_plain_count_does(
    history: list[WorkoutEvent], outputs: Outputs, name: str
) -> None:
    wanted = PLAIN_COUNTS[name](every_row(outputs))
    assert len(wanted) > 0
    found = answer(saved_queries(outputs)[name])
    typed = [
        [cell if cell is None else type(plain)(cell) for cell, plain in zip(line, plainly, strict=True)]
        for line, plainly in zip(found, wanted, strict=True)
    ]
    assert typed == wanted
