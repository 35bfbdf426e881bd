"""Rows of the lake: each event once, in order, the same bytes whatever the order of arrival."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.given import deletion, edit, event

from wotr_analytics.lake import rows
from wotr_common.events import WorkoutEvent

EVENTS: list[WorkoutEvent] = [
    made(minute=minute, user_id=user)
    for minute in range(4)
    for user in ("ana", "ben")
    for made in (event, edit, deletion)
]
LINES = [rows.row(each) for each in EVENTS]


def add(old: bytes, new: list[bytes]) -> tuple[bytes, int]:
    """The object with these rows added, and how many were new."""
    out = io.BytesIO()
    found = list(rows.merged(rows.unpacked(io.BytesIO(old)) if old else [], new))
    rows.packed([line for line, _ in found], out)
    return out.getvalue(), sum(is_new for _, is_new in found)


def test_a_row_says_what_the_event_says_under_the_tables_columns() -> None:
    line = rows.row(event(import_id="i-1", volume_kg=Decimal("812.5")))
    assert json.loads(line) == {
        "occurred_at": "2026-11-16T06:30:00.000Z",
        "id": str(event().id),
        "event": "workout.created",
        "user_id": "ana",
        "workout_id": "20261116T063000000Z",
        "version": 1,
        "type": "run",
        "started_at": "2026-11-16T06:30:00.000Z",
        "duration_min": 30,
        "calories_burned": 300,
        "distance_m": 5000,
        "intensity": "moderate",
        "source": "api",
        "import_id": "i-1",
        "volume_kg": 812.5,
    }
    assert line.endswith(b"}\n")
    assert line.count(b"\n") == 1


def test_identity_is_when_and_which_and_nothing_of_what() -> None:
    mark = rows.identity(rows.row(event()))
    assert json.loads(mark + b"}") == {"occurred_at": "2026-11-16T06:30:00.000Z", "id": str(event().id)}
    assert rows.identity(rows.row(event(duration_min=Decimal(45)))) == mark


def test_the_partition_is_the_day_of_the_event_in_utc_and_not_of_the_workout() -> None:
    late = edit().model_copy(update={"occurred_at": datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC)})
    assert (rows.date_of(event()), rows.date_of(late)) == ("2026-11-16", "2026-11-30")


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from(LINES), max_size=12), max_size=6),
    st.permutations(LINES),
)
def test_the_same_events_give_the_same_bytes_however_they_came(
    before: list[list[bytes]], rest: list[bytes]
) -> None:
    whole, count = add(b"", LINES)
    assert count == len(LINES)

    packed, new = b"", 0
    for batch in [*before, rest[:10], rest]:
        packed, added = add(packed, batch)
        new += added

    assert packed == whole
    assert new == len(LINES)


def test_rows_lie_in_the_order_of_their_events() -> None:
    packed, _ = add(b"", LINES[::-1])
    found = [json.loads(line) for line in rows.unpacked(io.BytesIO(packed))]
    assert [(each["occurred_at"], each["id"]) for each in found] == sorted(
        (each.model_dump(mode="json")["occurred_at"], str(each.id)) for each in EVENTS
    )
