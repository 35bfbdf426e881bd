"""The workout's fields: what is accepted under which name, what is refused, and when two are the same."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.given import SAID, fields, workout

from wotr_common.workout import WorkoutFields, canonical_number, canonical_time, content_hash, time_text

numbers = st.decimals(min_value=-(10**11), max_value=10**11, allow_nan=False, allow_infinity=False)
times = st.datetimes(
    datetime(1, 1, 3),  # noqa: DTZ001 - Hypothesis adds the zone
    datetime(9999, 12, 29),  # noqa: DTZ001 - Hypothesis adds the zone
    timezones=st.timezones(),
).filter(lambda at: at.utcoffset() is not None)


@given(numbers)
@example(Decimal("-0.0001"))
def test_a_canonical_number_is_the_number_to_a_thousandth(value: Decimal) -> None:
    canonical = canonical_number(value)

    assert canonical == value.quantize(Decimal("0.001"), rounding=ROUND_HALF_EVEN)
    assert canonical_number(canonical) == canonical


@given(numbers, st.integers(0, 6))
@example(Decimal("-0.0"), 0)
@example(Decimal("1E+3"), 0)
def test_equal_numbers_have_equal_texts(value: Decimal, zeros: int) -> None:
    short = value.quantize(Decimal("0.001"))
    spelled_longer = Decimal(f"{short:f}" + "0" * zeros)

    assert str(canonical_number(spelled_longer)) == str(canonical_number(short))
    assert "E" not in str(canonical_number(short))
    assert str(canonical_number(short)) != "-0"


@given(times)
def test_a_time_has_one_spelling_in_utc_to_the_millisecond(at: datetime) -> None:
    spelled = time_text(at)

    assert len(spelled) == len("2022-10-06T23:19:20.000Z")
    assert datetime.fromisoformat(spelled) == canonical_time(at)
    assert timedelta(0) <= at - canonical_time(at) < timedelta(milliseconds=1)


@given(times, times)
def test_spelled_times_sort_as_the_times_do(one: datetime, other: datetime) -> None:
    assert (time_text(one) < time_text(other)) == (canonical_time(one) < canonical_time(other))


def test_a_time_that_is_no_year_in_utc_is_refused() -> None:
    with pytest.raises(ValidationError, match="outside the years"):
        fields(startedAt="0001-01-01T00:00:00+05:00")


@pytest.mark.parametrize("alias", ["startedAt", "ts"])
def test_the_start_goes_by_two_names(alias: str) -> None:
    said = {name: value for name, value in SAID.items() if name != "startedAt"}
    found = WorkoutFields.model_validate({**said, alias: "2026-11-16T07:30:00+01:00"})

    assert found.started_at == datetime(2026, 11, 16, 6, 30, tzinfo=UTC)


@pytest.mark.parametrize(("alias", "name"), [("duration", "durationMin"), ("workoutType", "type")])
def test_what_other_clients_call_a_field_is_accepted(alias: str, name: str) -> None:
    said = {alias if field == name else field: value for field, value in SAID.items()}

    assert WorkoutFields.model_validate(said) == fields()


def test_answers_use_one_name_for_each_field_and_leave_out_what_was_not_said() -> None:
    assert workout(distanceM=5000.5).answer() == {
        "type": "run",
        "startedAt": "2026-11-16T06:30:00.000Z",
        "durationMin": 30,
        "distanceM": 5000.5,
        "intensity": "moderate",
        "userId": "ana",
        "workoutId": "20261116T063000000Z",
        "version": 1,
        "source": "api",
        "createdAt": "2026-11-20T12:00:00.000Z",
        "warnings": [],
    }


REFUSED = {
    "unknown field": {"colour": "red"},
    "a text for a number": {"durationMin": "30"},
    "a truth for a number": {"durationMin": True},
    "not a number": {"durationMin": float("nan")},
    "infinity": {"distanceM": float("inf")},
    "too large": {"durationMin": 10**400},
    "nothing after rounding": {"durationMin": 0.0001},
    "no duration": {"durationMin": 0},
    "negative calories": {"caloriesBurned": -1},
    "absurd calories": {"caloriesBurned": 100_001},
    "no distance": {"distanceM": 0},
    "more than 2,000 km": {"distanceM": 2_000_001},
    "heart rate below 25": {"avgHeartRate": 24},
    "heart rate above 240": {"avgHeartRate": 241},
    "no half of RPE": {"rpe": 7.25},
    "RPE above 10": {"rpe": 10.5},
    "an intensity nobody knows": {"intensity": "extreme"},
    "a type that is no word": {"type": "Run!"},
    "a number for a time": {"startedAt": 1_700_000_000},
    "a time without a zone": {"startedAt": "2026-11-16T06:30:00"},
    "no date": {"startedAt": "2026-02-30T06:30:00Z"},
    "notes that are too long": {"notes": "x" * 2001},
    "control characters": {"notes": "a\x00b"},
    "half a surrogate pair": {"notes": "\ud800"},
    "a photo elsewhere": {"photoKey": "uploads/x"},
}


@pytest.mark.parametrize("said", REFUSED.values(), ids=REFUSED)
def test_absurd_values_are_refused_at_their_field(said: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        fields(**said)

    (name,) = said
    assert {str(found["loc"][0]) for found in refused.value.errors()} == {name}


@pytest.mark.parametrize("name", SAID)
def test_type_start_and_duration_are_required(name: str) -> None:
    with pytest.raises(ValidationError):
        WorkoutFields.model_validate({field: value for field, value in SAID.items() if field != name})


@pytest.mark.parametrize("rpe", [0, 9.5, 10])
def test_rpe_comes_in_halves(rpe: float) -> None:
    assert fields(rpe=rpe).rpe == Decimal(str(rpe))


def test_notes_keep_their_lines_and_lose_the_space_around_them() -> None:
    assert fields(notes=" a\n\tb ").notes == "a\n\tb"


def test_equal_content_has_an_equal_hash_however_it_is_spelled() -> None:
    said = '{"type":"run","ts":"2026-11-16T07:30:00+01:00","duration":30.0,"distanceM":5.000e3}'

    assert content_hash(WorkoutFields.model_validate_json(said)) == content_hash(fields(distanceM=5000))


@pytest.mark.parametrize(
    "said", [{"durationMin": 30.001}, {"notes": "x"}, {"rpe": 5}, {"intensity": "high"}, {"distanceM": 1}]
)
def test_other_content_has_another_hash(said: dict[str, Any]) -> None:
    assert content_hash(fields(**said)) != content_hash(fields())


def test_the_hash_is_of_what_the_athlete_said_and_of_nothing_else() -> None:
    assert content_hash(workout(source="strava", version=4, importId="x")) == content_hash(fields())


def test_what_travels_as_json_comes_back_the_same() -> None:
    said = fields(distanceM=0.1, rpe=9.5, notes="ünï")

    assert WorkoutFields.model_validate_json(json.dumps(said.model_dump(mode="json", by_alias=True))) == said


def test_a_zone_does_not_change_the_instant() -> None:
    tokyo = datetime(2026, 11, 16, 15, 30, tzinfo=timezone(timedelta(hours=9)))

    assert fields(startedAt=tokyo) == fields()
