"""What rows say is stored as pydantic and plausibility would have it, the short way or not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.unit.exports import LIMITS
from tests.unit.reading import NOW

from wotr_common.plausibility import judge
from wotr_common.session import TrainingSet
from wotr_common.workout import NOTES_MAX, WorkoutContent, WorkoutFields
from wotr_workers.formats.parsed import ParsedSession, ParsedSet, ParsedWorkout
from wotr_workers.imports.admit import Admission, Candidate
from wotr_workers.texts.accept import Accepted, Columns, accepted
from wotr_workers.texts.rows import SetAside
from wotr_workers.texts.times import zoned
from wotr_workers.texts.values import number

ADMISSION = Admission("ada", "i1", "strava", NOW, LIMITS)
RUN = {"type": "run", "startedAt": datetime(2026, 2, 1, 7, tzinfo=UTC), "durationMin": Decimal(45)}

TEXTS = st.text(max_size=12) | st.sampled_from(["run", " run", "run\n", "high", "a\tb", "\x1cx", "x\x85", ""])
NUMBERS = (
    st.decimals(-10, 300, places=1)
    | st.decimals()
    | st.sampled_from(
        [Decimal("1E+3"), Decimal("0.0005"), Decimal("-0.0"), Decimal(10**13), Decimal("240.0004")]
    )
)
TIMES = st.datetimes(timezones=st.just(UTC)) | st.datetimes() | st.datetimes(timezones=st.timezones())
VALUES = st.none() | TEXTS | NUMBERS | TIMES | st.integers(-5, 300) | st.floats() | st.booleans()
NAMES = [field.alias or name for name, field in WorkoutFields.model_fields.items()]
FITTING: dict[str, st.SearchStrategy[Any]] = {
    "type": TEXTS,
    "startedAt": TIMES,
    "intensity": TEXTS,
    "notes": TEXTS | st.just("x" * (NOTES_MAX + 1)),
    "photoKey": TEXTS | st.just("photos/ada/1.jpg"),
}


def said(values: st.SearchStrategy[Any] | None = None) -> st.SearchStrategy[dict[str, Any]]:
    each = {name: FITTING.get(name, NUMBERS) if values is None else values for name in NAMES}
    required = {"type": st.just("run") | each["type"], "startedAt": each["startedAt"]}
    optional = {name: st.none() | value for name, value in each.items() if name not in required}
    return st.fixed_dictionaries(required, optional={**optional, "ts": TIMES, "unknown": TEXTS})


@given(said() | said(VALUES))
@example({**RUN, "notes": "\x1fx"})
def test_what_is_accepted_the_short_way_pydantic_accepts_with_equal_values(said: dict[str, Any]) -> None:
    found = accepted(said)
    if found is not None:
        known = {name: value for name, value in said.items() if name != "durationMin" or value is not None}
        model = WorkoutFields if "durationMin" in known else WorkoutContent
        assert_same(found, model.model_validate(known))


def assert_same(found: Accepted, said: WorkoutContent) -> None:
    assert found == Accepted(**dict(said))
    assert str(found) == str(Accepted(**dict(said)))  # equal numbers may be spelled in two ways


def test_an_ordinary_row_goes_the_short_way() -> None:
    row = {
        **RUN,
        "caloriesBurned": Decimal("640.0"),
        "distanceM": Decimal("10019.7"),
        "avgHeartRate": Decimal("151.3"),
        "rpe": Decimal("7.5"),
        "intensity": "high",
        "notes": "Night Run über 😀",
        "photoKey": None,
    }
    assert accepted(row) == Accepted(**dict(WorkoutFields.model_validate(row)))


def test_true_is_no_number_though_it_equals_one() -> None:
    assert accepted({**RUN, "durationMin": Decimal(1)}) is not None
    assert accepted({**RUN, "durationMin": True}) is None


@given(st.lists(st.tuples(TEXTS, NUMBERS.map(str) | TEXTS), max_size=20))
def test_a_column_remembers_what_its_field_would_accept(texts: list[tuple[str, str]]) -> None:
    columns = Columns({"type": (0, str), "startedAt": (2, zoned), "durationMin": (1, number)})
    for kind, minutes in texts:
        found = columns.fields([kind, minutes, "2026-02-01T07:00:00Z"])
        if found is not None:
            said = {**RUN, "type": kind, "durationMin": number(minutes)}
            assert_same(found, WorkoutFields.model_validate(said))


@given(said())
def test_a_workout_is_admitted_as_pydantic_and_plausibility_judge_it(said: dict[str, Any]) -> None:
    said.pop("photoKey", None)
    if said.get("durationMin", "") is None:
        del said["durationMin"]  # None is said on purpose; see below
    found = ADMISSION.admit(ParsedWorkout(7, said, "id-1", ("notes: cut",)))
    try:
        fields = WorkoutFields.model_validate(said)
    except ValidationError:
        assert isinstance(found, SetAside)
        return
    verdict = judge(fields, LIMITS, NOW)
    assert isinstance(found, SetAside) == bool(verdict.refusals)
    if isinstance(found, Candidate):
        assert {name: getattr(found.workout, name) for name in WorkoutFields.model_fields} == dict(fields)
        assert found.workout.warnings == (*verdict.warnings, "notes: cut")
        assert (found.line, found.workout.source, found.workout.source_id) == (7, "strava", "id-1")
        assert type(found.workout).model_validate(dict(found.workout)) == found.workout


def test_our_own_export_says_where_a_workout_came_from() -> None:
    found = ADMISSION.admit(ParsedWorkout(2, RUN, "77", source="garmin"))
    assert isinstance(found, Candidate)
    assert (found.workout.source, found.workout.source_id) == ("garmin", "77")


@pytest.mark.parametrize(("key", "kept"), [("photos/ada/1.jpg", True), ("photos/bob/1.jpg", False)])
def test_nobody_shows_another_s_photo(key: str, kept: bool) -> None:
    found = ADMISSION.admit(ParsedWorkout(2, {**RUN, "photoKey": key}))
    assert isinstance(found, Candidate)
    assert found.workout.photo_key == (key if kept else None)
    assert bool(found.workout.warnings) is not kept


SQUAT = TrainingSet(exercise="Squat", weight_kg=Decimal(100), reps=5)
SESSION = ParsedSession(
    identity="2026-02-01|Push",
    local=datetime(2026, 2, 1, 8),  # noqa: DTZ001 - on the athlete's own clock
    started_at=datetime(2026, 2, 1, 7, tzinfo=UTC),
    sets=(ParsedSet(2, SQUAT), ParsedSet(3, SQUAT)),
    title="Push",
    duration_min=Decimal(60),
)


def kept(**changes: Any) -> ParsedSession:
    found = ADMISSION.admit_session(replace(SESSION, **changes))
    assert isinstance(found, ParsedSession), found
    return found


def test_an_ordinary_session_stays_as_it_is() -> None:
    assert kept() == SESSION


def test_a_session_before_2000_is_set_aside_row_by_row() -> None:
    found = ADMISSION.admit_session(replace(SESSION, started_at=datetime(1999, 12, 31, tzinfo=UTC)))
    assert found == tuple(SetAside(line, "startedAt", "must not be before 2000-01-01") for line in (2, 3))


def test_a_session_without_sets_is_set_aside_by_its_own_line() -> None:
    found = ADMISSION.admit_session(replace(SESSION, sets=(), line=9, type="quidditch"))
    assert isinstance(found, tuple)
    assert [(row.line, row.field) for row in found] == [(9, "type")]


def test_a_session_that_is_more_than_a_day_ahead_is_stored_with_a_warning() -> None:
    assert kept(started_at=NOW + timedelta(hours=25)).warnings == ("startedAt: more than a day ahead",)


@pytest.mark.parametrize(
    ("name", "value", "warning"),
    [
        ("duration_min", Decimal(1441), "durationMin: left out, more than a day"),
        ("duration_min", Decimal(0), "durationMin: left out, "),
        ("calories_burned", Decimal(1900), "caloriesBurned: left out, 32 kcal a minute"),
        ("avg_heart_rate", Decimal(300), "avgHeartRate: left out, "),
        ("rpe", Decimal(11), "rpe: left out, "),
        ("photo_key", "photos/bob/1.jpg", "photoKey: left out, "),
    ],
)
def test_a_bad_field_of_a_session_does_not_cost_its_sets(name: str, value: object, warning: str) -> None:
    found = kept(**{name: value})
    assert getattr(found, name) is None
    assert found.sets == SESSION.sets
    assert len(found.warnings) == 1
    assert found.warnings[0].startswith(warning)


def test_several_bad_fields_of_a_session_go_together() -> None:
    found = kept(rpe=Decimal(11), avg_heart_rate=Decimal(300), duration_min=Decimal(5000))
    assert (found.rpe, found.avg_heart_rate, found.duration_min) == (None, None, None)
    assert len(found.warnings) == 3


def test_a_session_s_texts_are_cut_with_a_warning() -> None:
    found = kept(title="a\0b" + "x" * 200, notes="n" * 2001)
    assert found.title == "ab" + "x" * 197 + "…"
    assert found.notes == "n" * 1999 + "…"
    assert found.warnings == ("title: cut to 200 characters", "notes: cut to 2000 characters")
    assert kept(title=" \0 ").title is None


def test_what_a_session_s_reader_warned_of_is_said_once() -> None:
    odd = "durationMin: unusual for a strength session"
    assert kept(duration_min=Decimal(300), warnings=(odd, "x")).warnings == (odd, "x")


def test_a_workout_of_which_the_row_says_that_nobody_knows_its_length_is_stored_without_one() -> None:
    found = ADMISSION.admit(ParsedWorkout(2, {**RUN, "durationMin": None, "caloriesBurned": Decimal(640)}))
    assert isinstance(found, Candidate)
    assert (found.workout.duration_min, found.workout.calories_burned) == (None, Decimal(640))
