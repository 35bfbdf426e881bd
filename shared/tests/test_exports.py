"""The own export: what is written is read back, and no cell is a formula."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.given import workout

from wotr_common import exports, keys
from wotr_common.session import Session, TrainingSet
from wotr_common.workout import Workout, WorkoutFields, content_hash

texts = st.text(
    st.characters(
        exclude_categories=["Cs"], exclude_characters=[chr(code) for code in (0, *range(127, 160))]
    ).filter(lambda char: char in "\n\t\r" or ord(char) >= 32),
    min_size=1,
    max_size=60,
).map(str.strip)  # as the models store them
odd = st.sampled_from(
    ["=1+1", "+49 151", "-5", "@home", "'twas", "''", "＝A1", 'a "b", c;\r\nd', "1,5", "null"]
)
words = texts | odd
lines = words.filter(bool)
rpes = st.integers(0, 20).map(lambda half: Decimal(half) / 2)
warnings = st.lists(st.sampled_from(["rpe: unusually low", "reps: more than 100", "-x"]), max_size=2).map(
    tuple
)
starts = st.datetimes(
    datetime(2000, 1, 1),  # noqa: DTZ001 - Hypothesis adds the zone
    datetime(2040, 1, 1),  # noqa: DTZ001 - Hypothesis adds the zone
    timezones=st.just(UTC),
)


def numbers(least: str, most: int) -> st.SearchStrategy[Decimal]:
    return st.decimals(min_value=Decimal(least), max_value=most, places=3)


training_sets = st.builds(
    TrainingSet,
    exercise=lines,
    set_type=st.sampled_from(["normal", "warmup", "drop", "failure"]),
    weight_kg=st.none() | numbers("0", 1360),
    weight_unit=st.sampled_from([None, "kg", "lb"]),
    reps=st.none() | st.integers(0, 1000),
    distance_m=st.none() | numbers("0", 2_000_000),
    duration_s=st.none() | numbers("0", 2_592_000),
    rpe=st.none() | rpes,
    rest_s=st.none() | numbers("0", 86_400),
    superset=st.none() | lines.map(lambda text: text[:32].strip()).filter(bool),
    notes=st.none() | lines,
    warnings=warnings,
)


@st.composite
def workouts(draw: st.DrawFn) -> Workout:
    said: dict[str, Any] = {
        "type": draw(st.sampled_from(["run", "strength"])),
        "startedAt": draw(starts),
        "durationMin": draw(numbers("0.001", 999_999_999_999)),
        "caloriesBurned": draw(st.none() | numbers("0", 100_000)),
        "distanceM": draw(st.none() | numbers("0.001", 2_000_000)),
        "avgHeartRate": draw(st.none() | numbers("25", 240)),
        "rpe": draw(st.none() | rpes),
        "intensity": draw(st.sampled_from(["low", "moderate", "high"])),
        "notes": draw(st.none() | lines),
        "photoKey": draw(st.sampled_from([None, "photos/ana/1"])),
        "source": draw(st.sampled_from(["api", "strava"])),
        "sourceId": draw(st.none() | lines),
        "warnings": draw(warnings),
    }
    return workout(**said, workoutId=keys.workout_id(said["startedAt"]))


@st.composite
def sessions(draw: st.DrawFn) -> Session:
    start = draw(starts)
    return Session(
        user_id="ana",
        session_id=keys.session_id(start, draw(st.text("0123456789abcdef", min_size=1, max_size=10))),
        date=start.date(),
        started_at=start,
        type="strength",
        title=draw(st.none() | lines),
        notes=draw(st.none() | lines),
        state=draw(st.sampled_from(["open", "completed"])),
        version=1,
        source=draw(st.sampled_from(["api", "strong"])),
        source_id=draw(st.none() | lines),
        created_at=start,
        duration_min=draw(st.none() | numbers("0.001", 40_000)),
        calories_burned=draw(st.none() | numbers("0", 100_000)),
        avg_heart_rate=draw(st.none() | numbers("25", 240)),
        rpe=draw(st.none() | rpes),
        sets=tuple(draw(st.lists(training_sets, max_size=4))),
        warnings=draw(warnings),
    )


def through_csv(exported: exports.Exported) -> list[exports.Exported]:
    """The rows of `exported` written as CSV and read back."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows(exports.to_rows(exported))
    read = csv.reader(io.StringIO(out.getvalue(), newline=""), strict=True)
    return [exports.from_row(dict(zip(exports.COLUMNS, row, strict=True))) for row in read]


def plain(value: Any) -> Any:
    """`value` as JSON values, so that texts of one number and kinds of lists do not matter."""
    return json.loads(json.dumps(value, default=float))


def judged(read: exports.Exported) -> WorkoutFields:
    """The workout in `read` as an importer would take it."""
    beside = {"record", "source", "sourceId", "warnings"}
    return WorkoutFields.model_validate({name: each for name, each in read.items() if name not in beside})


def set_of(read: exports.Exported) -> TrainingSet:
    beside = {"record", "sessionId"}
    return TrainingSet.model_validate({name: each for name, each in read.items() if name not in beside})


@given(workouts())
def test_a_workout_comes_back_from_csv_and_json(stored: Workout) -> None:
    exported = exports.exported_workout(stored)
    [from_csv] = through_csv(exported)
    from_json = exports.from_json(exports.to_json(exported) + ",\n")

    assert plain(from_csv) == plain(from_json) == plain(exported)
    for read in (from_csv, from_json):
        assert content_hash(judged(read)) == content_hash(stored)
        assert (read["source"], read.get("sourceId")) == (stored.source, stored.source_id)
        assert tuple(read.get("warnings", ())) == stored.warnings


@given(sessions())
@example(
    Session.model_validate(
        {
            "userId": "ana",
            "sessionId": "20260301T173000-a",
            "date": "2026-03-01",
            "startedAt": "2026-03-01T16:30:00Z",
            "createdAt": "2026-03-01T16:30:00Z",
            "version": 1,
        }
    )
)
def test_a_session_comes_back_from_csv_and_json_with_its_sets(stored: Session) -> None:
    exported = exports.exported_session(stored)
    head, *rows = through_csv(exported)
    from_json = exports.from_json(exports.to_json(exported))

    assert tuple(map(set_of, rows)) == stored.sets
    assert tuple(map(set_of, from_json["sets"])) == stored.sets
    assert {row["sessionId"] for row in rows} <= {stored.session_id}
    assert plain({**head, "sets": from_json["sets"]}) == plain(from_json) == plain(exported)
    again = Session.model_validate(
        {
            **stored.model_dump(by_alias=True, include={"user_id", "version", "date", "created_at"}),
            **from_json,
        }
    )
    assert again == stored


@given(workouts() | sessions())
def test_no_cell_is_a_formula(stored: Workout | Session) -> None:
    exported = (
        exports.exported_workout(stored) if isinstance(stored, Workout) else exports.exported_session(stored)
    )

    cells = [cell for row in exports.to_rows(exported) for cell in row]

    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝"))]


def session(**said: Any) -> Session:
    return Session.model_validate(
        {
            "userId": "ana",
            "sessionId": "20260301T173000-a",
            "date": "2026-03-01",
            "startedAt": "2026-03-01T16:30:00Z",
            "createdAt": "2026-03-01T16:30:00Z",
            "version": 1,
            **said,
        }
    )


def test_a_session_says_its_start_on_the_athletes_clock() -> None:
    assert exports.exported_session(session())["localStart"] == "2026-03-01T17:30:00"
    assert exports.exported_session(session(), date_only=True)["localStart"] == "2026-03-01"


def test_a_session_carries_what_only_its_workout_says() -> None:
    made = workout(intensity="high", distanceM=1200, photoKey="photos/ana/1", rpe=9, notes="of the workout")

    exported = exports.exported_session(session(rpe=7), made)

    assert (exported["intensity"], exported["distanceM"], exported["photoKey"]) == (
        "high",
        1200,
        "photos/ana/1",
    )
    assert (exported["rpe"], "notes" in exported) == (7, False)


def test_what_an_import_gives_anew_is_left_out() -> None:
    stored = workout(importId="x-1", volumeKg=12, sessionId="20260301T173000-a", version=7)

    assert set(exports.exported_workout(stored)) == {
        "record",
        "type",
        "startedAt",
        "durationMin",
        "intensity",
        "source",
    }


@pytest.mark.parametrize(
    ("cells", "field"),
    [
        ({}, "record"),
        ({"record": "ride"}, "record"),
        ({"record": "workout", "durationMin": "an hour"}, "durationMin"),
        ({"record": "workout", "durationMin": "NaN"}, "durationMin"),
        ({"record": "workout", "rpe": "-1"}, "rpe"),
        ({"record": "set", "reps": "8.5"}, "reps"),
        ({"record": "set", "setRpe": "hard"}, "rpe"),
    ],
)  # fmt: skip
def test_a_cell_that_cannot_be_read_is_named(cells: dict[str, str], field: str) -> None:
    with pytest.raises(exports.BadCell) as caught:
        exports.from_row(cells)

    assert caught.value.field == field
    assert str(caught.value)


@pytest.mark.parametrize(
    "line", ["", "[]", "{", '{"record": "set"}', '{"record": "workout", "rpe": NaN}', "[" * 9999]
)
def test_a_line_that_is_no_object_is_refused(line: str) -> None:
    with pytest.raises(exports.BadCell, match=r"\w"):
        exports.from_json(line)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"record": "workout"', "is no JSON object in one line: Expecting ',' delimiter, character 21"),
        ('{"rpe": ' + "9" * 5000 + "}", "is no JSON object in one line"),
        ("[" * 9999, "is no JSON object in one line"),
        ('{"rpe": NaN}', "NaN is not a JSON number"),
    ],
)
def test_why_a_line_is_no_object_is_told_of_the_line_and_not_of_python(line: str, reason: str) -> None:
    with pytest.raises(exports.BadCell) as caught:
        exports.from_json(line)

    assert str(caught.value) == reason


def test_a_spreadsheets_way_of_writing_is_read() -> None:
    read = exports.from_row({"record": "Set", "reps": "8.0", "weightKg": " 20.50 ", "exercise": "Squat"})

    assert read == {"record": "set", "reps": 8, "weightKg": Decimal("20.5"), "exercise": "Squat"}
