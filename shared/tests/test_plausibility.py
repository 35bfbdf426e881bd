"""The plausibility table, row by row: the last value that passes and the first that does not."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from tests.given import LIMITS, NOW, fields, workout

from wotr_common.limits import Limits
from wotr_common.plausibility import Verdict, judge
from wotr_common.workout import time_text

DAY = 24 * 60
RUN_5_KM = {"type": "run", "distanceM": 5000}

# field that a warning names, what passes, what is warned of
WARNED: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "strength over 4 h": (
        "durationMin",
        {"type": "strength", "durationMin": 240},
        {"type": "strength", "durationMin": 240.1},
    ),
    "strength under 1 min": (
        "durationMin",
        {"type": "strength", "durationMin": 1},
        {"type": "strength", "durationMin": 0.9},
    ),
    "activity over 24 h": ("durationMin", {"durationMin": DAY}, {"durationMin": DAY + 0.1}),
    "run over 100 km": (
        "distanceM",
        {"type": "run", "distanceM": 100_000, "durationMin": 600},
        {"type": "run", "distanceM": 100_001, "durationMin": 600},
    ),
    "ride over 400 km": (
        "distanceM",
        {"type": "ride", "distanceM": 400_000},
        {"type": "ride", "distanceM": 400_001},
    ),
    "run over 22 km/h": (
        "distanceM",
        {"type": "run", "distanceM": 22_000, "durationMin": 60},
        {"type": "run", "distanceM": 22_001, "durationMin": 60},
    ),
    "heart rate under 40": ("avgHeartRate", {"avgHeartRate": 40}, {"avgHeartRate": 39.9}),
    "heart rate over 210": ("avgHeartRate", {"avgHeartRate": 210}, {"avgHeartRate": 210.1}),
    "strength RPE under 5": ("rpe", {"type": "strength", "rpe": 5}, {"type": "strength", "rpe": 4.5}),
    "energy over 20 kcal/min": (
        "caloriesBurned",
        {"durationMin": 10, "caloriesBurned": 200},
        {"durationMin": 10, "caloriesBurned": 200.1},
    ),
    "more than a day ahead": (
        "startedAt",
        {"startedAt": time_text(NOW + timedelta(hours=24))},
        {"startedAt": time_text(NOW + timedelta(hours=24, milliseconds=1))},
    ),
}
# pointer that a refusal names, what passes, what is refused
REFUSED: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "activity over 30 days": ("/durationMin", {"durationMin": 30 * DAY}, {"durationMin": 30 * DAY + 0.1}),
    "shorter than the limit": ("/durationMin", {"durationMin": 0.1}, {"durationMin": 0.099}),
    "run over 45 km/h": (
        "/distanceM",
        {"type": "run", "distanceM": 45_000, "durationMin": 60},
        {"type": "run", "distanceM": 45_001, "durationMin": 60},
    ),
    "energy over 30 kcal/min": (
        "/caloriesBurned",
        {"durationMin": 10, "caloriesBurned": 300},
        {"durationMin": 10, "caloriesBurned": 300.1},
    ),
    "before 2000": (
        "/startedAt",
        {"startedAt": "2000-01-01T00:00:00Z"},
        {"startedAt": "1999-12-31T23:59:59.999Z"},
    ),
    "a type that is not supported": ("/type", {"type": "ride"}, {"type": "curling"}),
}


@pytest.mark.parametrize(("field", "passes", "odd"), WARNED.values(), ids=WARNED)
def test_what_looks_odd_is_warned_of_and_kept(
    field: str, passes: dict[str, Any], odd: dict[str, Any]
) -> None:
    assert judge(fields(**passes), LIMITS, NOW).warnings == ()

    verdict = judge(fields(**odd), LIMITS, NOW)
    assert verdict.refusals == ()
    (warning,) = verdict.warnings
    assert warning.startswith(f"{field}: ")


@pytest.mark.parametrize(("pointer", "passes", "wrong"), REFUSED.values(), ids=REFUSED)
def test_what_is_wrong_beyond_doubt_is_refused(
    pointer: str, passes: dict[str, Any], wrong: dict[str, Any]
) -> None:
    assert judge(fields(**passes), LIMITS, NOW).refusals == ()

    (refusal,) = judge(fields(**wrong), LIMITS, NOW).refusals
    assert refusal.pointer == pointer


def test_a_long_strength_session_is_never_refused_for_a_timer_left_running() -> None:
    verdict = judge(fields(type="strength", durationMin=264 * 60 + 1), LIMITS, NOW)

    assert verdict.refusals == ()
    assert len(verdict.warnings) == 1


def test_limits_in_force_decide_on_type_and_duration() -> None:
    strict = Limits(frozenset({"yoga"}), Decimal(10), Decimal(20), 1)

    refused = judge(fields(), strict, NOW).refusals
    assert [each.pointer for each in refused] == ["/type", "/durationMin"]
    assert "yoga" in refused[0].message
    assert "between 10 and 20 minutes" in refused[1].message


def test_everything_wrong_is_said_at_once() -> None:
    verdict = judge(
        fields(**{**RUN_5_KM, "durationMin": 1, "caloriesBurned": 1000, "startedAt": "1990-01-01T00:00:00Z"}),
        LIMITS,
        NOW,
    )

    assert {each.pointer for each in verdict.refusals} == {"/startedAt", "/caloriesBurned", "/distanceM"}


def test_without_a_duration_nothing_that_follows_from_it_is_judged() -> None:
    unknown = workout(type="strength", durationMin=None, caloriesBurned=5000, distanceM=100_000, rpe=2)

    assert judge(unknown, LIMITS, NOW) == Verdict((), ("rpe: unusually low for a strength session",))
    assert judge(workout(type="chess", durationMin=None), LIMITS, NOW).refusals[0].pointer == "/type"
