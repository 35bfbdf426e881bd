"""Sessions and sets: units converted once, bounds kept, equal content told from other content."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from wotr_common.session import (
    MOST_SETS,
    Completion,
    NewSession,
    NewSets,
    Session,
    SetFields,
    TrainingSet,
    head_hash,
    kilograms,
    set_said,
)

START = "2026-03-01T17:30:00Z"
SET: dict[str, Any] = {"exercise": "Squat", "weightKg": 100, "reps": 5}


def session(**said: Any) -> Session:
    stored = {
        "userId": "ana",
        "sessionId": "20260301T173000-0123456789",
        "date": "2026-03-01",
        "startedAt": START,
        "createdAt": START,
        "version": 1,
    }
    return Session.model_validate({**stored, **said})


def refused(model: Any, said: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Where `said` is no `model`."""
    with pytest.raises(ValidationError) as caught:
        model.model_validate(said)
    return [found["loc"] for found in caught.value.errors()]


def test_a_set_has_what_was_said_and_nothing_else() -> None:
    found = TrainingSet.model_validate({**SET, "rpe": 9.5, "setType": "drop", "restS": 90})
    assert (found.weight_kg, found.reps, found.rpe) == (Decimal(100), 5, Decimal("9.5"))
    assert TrainingSet.model_validate({"exercise": "Pull Up", "reps": 8}).weight_kg is None


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"exercise": ""}, "exercise"),
        ({"exercise": "x" * 201}, "exercise"),
        ({"exercise": "a\x00b"}, "exercise"),
        ({"weightKg": -1}, "weightKg"),
        ({"weightKg": 1360.5}, "weightKg"),
        ({"weightKg": "100"}, "weightKg"),
        ({"weightKg": float("nan")}, "weightKg"),
        ({"reps": 1001}, "reps"),
        ({"reps": 2.5}, "reps"),
        ({"reps": -1}, "reps"),
        ({"reps": True}, "reps"),
        ({"rpe": 10.5}, "rpe"),
        ({"rpe": 7.25}, "rpe"),
        ({"setType": "rest"}, "setType"),
        ({"notes": "x" * 2001}, "notes"),
        ({"superset": "a\x01"}, "superset"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_set_that_cannot_be_is_refused(said: dict[str, Any], field: str) -> None:
    assert refused(SetFields, {**SET, **said}) == [(field,)]


@pytest.mark.parametrize(
    ("weight", "unit", "expected"),
    [(100, "kg", "100"), (44.09245243697551, "lb", "20"), (225, "lb", "102.058"), (0, "lb", "0")],
)
def test_a_weight_is_converted_once_and_its_unit_remembered(weight: float, unit: str, expected: str) -> None:
    said = {"exercise": "Squat", "reps": 5, "weight": weight, "weightUnit": unit}
    found = SetFields.model_validate(said).training_set()
    assert (found.weight_kg, found.weight_unit) == (Decimal(expected), unit)
    assert found == TrainingSet.model_validate(
        {"exercise": "Squat", "reps": 5, "weightKg": Decimal(expected), "weightUnit": unit}
    )


@pytest.mark.parametrize(
    "said",
    [
        {"weight": 100},
        {"weight": 100, "weightUnit": "stone"},
        {"weight": 100, "weightUnit": ["kg"]},
        {"weight": "100", "weightUnit": "kg"},
        {"weight": True, "weightUnit": "kg"},
        {"weight": float("inf"), "weightUnit": "lb"},
        {"weight": 3500, "weightUnit": "lb"},
        {"weight": 100, "weightUnit": "kg", "weightKg": 100},
    ],
)
def test_a_weight_that_cannot_be_converted_is_refused(said: dict[str, Any]) -> None:
    assert refused(SetFields, {"exercise": "Squat", **said})


def test_nobody_says_warnings() -> None:
    assert refused(SetFields, {**SET, "warnings": ["odd"]})
    assert SetFields.model_validate(SET).training_set(("odd",)).warnings == ("odd",)


weights = st.decimals(min_value=0, max_value=1000, places=3)


@given(weights)
def test_kilograms_that_went_through_pounds_come_back(weight: Decimal) -> None:
    pounds = weight / Decimal("0.45359237")
    assert kilograms(pounds, "lb") == kilograms(weight, "kg") == weight


def test_two_sets_are_the_same_whatever_their_unit_rest_or_warnings() -> None:
    one = TrainingSet.model_validate(
        {**SET, "weightKg": 100.0, "restS": 60, "weightUnit": "lb", "warnings": ["x"]}
    )
    assert set_said(one) == set_said(TrainingSet.model_validate(SET))
    for other in (
        {"reps": 6},
        {"weightKg": 101},
        {"setType": "warmup"},
        {"notes": "deep"},
        {"exercise": "squat"},
    ):
        assert set_said(TrainingSet.model_validate({**SET, **other})) != set_said(one)


def test_the_head_of_a_session_is_what_was_said_of_it_beside_its_sets() -> None:
    head = head_hash(session(title="Legs", rpe=8))
    assert head == head_hash(
        session(title="Legs", rpe=8.0, sets=[SET], version=9, state="completed", importId="i", warnings=["x"])
    )
    assert head != head_hash(session(title="Arms", rpe=8))
    assert head != head_hash(session(title="Legs", rpe=8, startedAt="2026-03-01T17:31:00Z"))


def test_a_session_keeps_the_clock_that_its_start_was_said_by() -> None:
    said = NewSession.model_validate({"ts": "2026-03-02T00:30:00.1239+01:00", "sets": [SET]})
    assert said.started_at.date() == date(2026, 3, 2)
    assert said.started_at == datetime(2026, 3, 1, 23, 30, 0, 123000, tzinfo=UTC)
    text = said.model_dump(mode="json", by_alias=True)["startedAt"]
    assert text == "2026-03-02T00:30:00.123+01:00"
    assert NewSession.model_validate({"startedAt": text, "sets": [SET]}) == said
    assert session(startedAt=text).answer()["startedAt"] == "2026-03-01T23:30:00.123Z"


@pytest.mark.parametrize(
    "started_at", ["2026-03-01T17:30:00", "2026-03-01", 5, "5", None, "0001-01-01T00:30:00+01:00"]
)
def test_a_start_without_a_zone_or_out_of_time_is_refused(started_at: object) -> None:
    assert refused(NewSession, {"startedAt": started_at})


def test_what_an_api_passes_on_of_a_session_is_read_as_it_was_said() -> None:
    said = NewSession.model_validate(
        {
            "startedAt": START,
            "title": "Legs",
            "sets": [SET, {"exercise": "Curl", "weight": 25, "weightUnit": "lb", "reps": 10}],
        }
    )
    passed = said.model_dump(mode="json", by_alias=True, exclude_none=True)
    assert [each.training_set() for each in NewSession.model_validate(passed).sets] == [
        each.training_set() for each in said.sets
    ]


def test_sets_come_in_bounded_numbers() -> None:
    assert len(NewSets.model_validate({"sets": [SET] * MOST_SETS}).sets) == MOST_SETS
    assert refused(NewSets, {"sets": [SET] * (MOST_SETS + 1)}) == [("sets",)]
    assert refused(NewSets, {"sets": []}) == [("sets",)]


@pytest.mark.parametrize(
    "said", [{"durationMin": 0}, {"rpe": 11}, {"avgHeartRate": 0}, {"version": 0}, {"x": 1}]
)
def test_a_completion_that_cannot_be_is_refused(said: dict[str, Any]) -> None:
    assert refused(Completion, said) == [tuple(said)]


def test_an_answer_leaves_out_what_is_absent() -> None:
    answer = session(sets=[SET]).answer()
    assert answer["sets"] == [
        {"exercise": "Squat", "setType": "normal", "weightKg": 100, "reps": 5, "warnings": []}
    ]
    assert "title" not in answer
    assert (answer["date"], answer["state"]) == ("2026-03-01", "open")
