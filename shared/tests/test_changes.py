"""Changes: what is not named stays, null removes, what cannot be removed or cannot be is refused."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from wotr_common.changes import ImportRequest, Profile, ProfileFields, SessionChange, WorkoutChange


def refused(model: Any, said: dict[str, Any]) -> list[tuple[Any, ...]]:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(said)
    return [found["loc"] for found in caught.value.errors()]


def test_a_change_says_what_was_named_and_null_of_what_is_to_go() -> None:
    change = WorkoutChange.model_validate({"version": 3, "durationMin": 30, "notes": None, "rpe": 7.5})
    assert change.said() == {"duration_min": Decimal(30), "notes": None, "rpe": Decimal("7.5")}
    assert SessionChange.model_validate({"version": 3}).said() == {}


def test_sets_take_the_place_of_all_sets() -> None:
    change = SessionChange.model_validate({"version": 3, "sets": [{"exercise": "Squat", "reps": 5}]})
    assert [each.exercise for each in change.said()["sets"]] == ["Squat"]
    assert SessionChange.model_validate({"version": 3, "sets": []}).said() == {"sets": ()}


@pytest.mark.parametrize("field", ["type", "startedAt", "durationMin", "intensity", "version"])
def test_what_a_workout_must_have_cannot_be_removed(field: str) -> None:
    assert refused(WorkoutChange, {"version": 3, field: None}) == [(field,)]


@pytest.mark.parametrize(
    ("model", "said", "field"),
    [
        (WorkoutChange, {}, "version"),
        (WorkoutChange, {"version": 0}, "version"),
        (WorkoutChange, {"version": 1, "distanceM": -1}, "distanceM"),
        (WorkoutChange, {"version": 1, "workoutId": "x"}, "workoutId"),
        (WorkoutChange, {"version": 1, "photoKey": "../secrets"}, "photoKey"),
        (SessionChange, {"version": 1, "startedAt": "2026-03-01T17:30:00Z"}, "startedAt"),
        (SessionChange, {"version": 1, "sets": None}, "sets"),
        (ImportRequest, {"importId": "a/b"}, "importId"),
        (ImportRequest, {"weightUnit": "stone"}, "weightUnit"),
        (ImportRequest, {"unit": "kg"}, "unit"),
        (ProfileFields, {"sex": "x"}, "sex"),
        (ProfileFields, {"maxHeartRate": 20}, "maxHeartRate"),
    ],
)
def test_a_change_that_cannot_be_is_refused(model: Any, said: dict[str, Any], field: str) -> None:
    assert refused(model, said) == [(field,)]


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../../etc/passwd", "/etc/localtime", "Europe", "\x00"])
def test_a_zone_that_nobody_knows_is_refused(zone: str) -> None:
    assert refused(ProfileFields, {"timezone": zone}) == [("timezone",)]


@pytest.mark.parametrize("zone", ["localtime", "posixrules", "Factory", "posix/Europe/Berlin", "right/UTC"])
def test_a_zone_that_is_only_a_machines_is_refused(zone: str) -> None:
    assert refused(ProfileFields, {"timezone": zone}) == [("timezone",)]


def test_a_known_zone_is_taken() -> None:
    assert ProfileFields.model_validate({"timezone": "Europe/Berlin"}).timezone == "Europe/Berlin"


def test_a_stored_profile_ignores_what_a_later_release_adds() -> None:
    assert Profile.model_validate({"version": 2, "sex": "female", "shoes": "red"}).sex == "female"
