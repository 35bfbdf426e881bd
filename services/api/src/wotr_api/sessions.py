"""Sessions as callers see them: whole with their best sets, or one line in a list. Plain functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from pydantic import Field

from wotr_common import keys
from wotr_common.items import session_from_item
from wotr_common.session import Session, TrainingSet
from wotr_common.strength import best_by_estimate, brzycki, counts, epley, exercise_key, heaviest, is_assisted
from wotr_common.strength import volume_kg as volume_of
from wotr_common.workout import Instant, Number, Record, WorkoutType


class BestSet(Record):
    """One set of a session, and what it says about the most the athlete could lift once."""

    position: int = Field(description="among the session's sets, from 1")
    weight_kg: Number = Field(description="kilograms")
    reps: int
    epley_kg: Number | None = Field(
        None, description="estimated one-repetition maximum, up to 12 repetitions"
    )
    brzycki_kg: Number | None = Field(None, description="the same by Brzycki's formula")


class BestSets(Record):
    """The best sets of one exercise: warm-ups and sets with warnings do not count."""

    exercise: str
    heaviest: BestSet = Field(description="where the weight helps (assisted), the one with the least of it")
    best_estimate: BestSet | None = Field(
        None, description="the highest estimate by Epley; none where the weight helps"
    )


class SetLoad(Record):
    """What one set weighs; what does not apply to it is absent."""

    position: int = Field(description="among the session's sets, from 1")
    counted: bool = Field(description="no warm-up, and something was done")
    volume_kg: Number | None = Field(None, description="weight times repetitions")
    epley_kg: Number | None = Field(None, description="estimated one-repetition maximum, by Epley")
    intensity_pct: Number | None = Field(
        None, description="its weight, in percent of the best estimate of its exercise in the session"
    )


class SessionLoad(Record):
    """What a session weighs. The numbers compare within one athlete only."""

    set_count: int = Field(description="of the sets that count")
    volume_kg: Number = Field(description="kilograms lifted")
    reps: int
    distance_m: Number | None = Field(None, description="metres of its sets")
    duration_s: Number | None = Field(None, description="seconds of its sets")
    intensity_pct: Number | None = Field(None, description="mean of its sets, each repetition counting once")
    session_rpe: Number | None = Field(None, description="perceived exertion times minutes")
    sets: tuple[SetLoad, ...]


class SessionView(Session):
    """A session with its sets, what they amount to, and the best of them."""

    volume_kg: Number = Field(Decimal(0), description="kilograms lifted, warm-ups excluded")
    best_sets: tuple[BestSets, ...] = ()
    load: SessionLoad | None = Field(
        None,
        description="of exactly this version; known moments after a session that was logged has ended or "
        "changed, and of imported sessions not at all",
    )


class SessionSummary(Session):
    """A session as a list shows it."""

    sets: tuple[TrainingSet, ...] = Field((), exclude=True)
    set_count: int = 0
    volume_kg: Number = Field(Decimal(0), description="kilograms lifted, warm-ups excluded")
    exercises: tuple[str, ...] = Field((), description="in the order of their first set")


class SessionPage(Record):
    """Sessions, newest first, and `nextToken` where there are more."""

    sessions: tuple[SessionSummary, ...]
    next_token: str | None = None


class RecentSession(Record):
    """One of the newest sessions."""

    session_id: str
    date: date
    version: int
    type: WorkoutType
    started_at: Instant
    title: str | None = None
    duration_min: Number | None = Field(None, description="minutes; absent where nobody knows")
    rpe: Number | None = None
    set_count: int
    volume_kg: Number = Field(description="kilograms lifted, warm-ups excluded")


class RecentSessions(Record):
    """The newest completed sessions, at most ten, newest first. They follow the sessions within seconds."""

    sessions: tuple[RecentSession, ...]


class SessionSets(Record):
    """The sets of a session in the order of performance."""

    session_id: str
    version: int
    sets: tuple[TrainingSet, ...]


def view(session: Session, load: SessionLoad | None = None) -> dict[str, Any]:
    """The answer for one session."""
    return SessionView(
        **_fields(session),
        volume_kg=volume_of(session.sets),
        best_sets=tuple(best_sets(session.sets)),
        load=load,
    ).answer()


def load_of(session: Session, item: Mapping[str, Any] | None) -> SessionLoad | None:
    """The load in `item`, where it was made of the very version that `session` has."""
    if item is None or item["version"] != session.version:
        return None
    return SessionLoad.model_validate(item)


def view_of_answer(body: Mapping[str, Any]) -> dict[str, Any]:
    """The answer for the session that workers answered with."""
    return view(Session.model_validate(body))


def summary(item: Mapping[str, Any]) -> dict[str, Any]:
    """The line of a list for the session in `item`."""
    session = session_from_item(item)
    named: dict[str, str] = {}
    for each in session.sets:
        named.setdefault(exercise_key(each.exercise), each.exercise)
    return SessionSummary(
        **_fields(session),
        set_count=len(session.sets),
        volume_kg=volume_of(session.sets),
        exercises=tuple(named.values()),
    ).answer()


def recent(view: Mapping[str, Any] | None) -> dict[str, Any]:
    """The answer from the `view` that analytics keeps; none is kept of whoever never completed a session."""
    shown = [
        {**each, "setCount": int(each["sets"]), "date": keys.session_date(each["sessionId"])}
        for each in (view or {}).get("sessions", ())
    ]
    found = RecentSessions.model_validate({"sessions": shown})
    return found.model_dump(mode="json", by_alias=True, exclude_none=True)


def sets_of(session: Session) -> dict[str, Any]:
    """The answer for the sets alone."""
    said = SessionSets(session_id=session.session_id, version=session.version, sets=session.sets)
    return said.model_dump(mode="json", by_alias=True, exclude_none=True)


def best_sets(sets: Iterable[TrainingSet]) -> list[BestSets]:
    """The best sets of each exercise that was done with weight, in the order of the exercises."""
    by_exercise: dict[str, list[tuple[int, TrainingSet]]] = {}
    for position, each in enumerate(sets, 1):
        by_exercise.setdefault(exercise_key(each.exercise), []).append((position, each))
    return [found for done in by_exercise.values() if (found := _best(done)) is not None]


def _best(done: list[tuple[int, TrainingSet]]) -> BestSets | None:
    exercise = done[0][1].exercise
    sets = [each for _, each in done]
    assisted = is_assisted(exercise)
    most = _least_helped(sets) if assisted else heaviest(sets)
    if most is None:
        return None
    rated = None if assisted else best_by_estimate(sets)
    return BestSets(
        exercise=exercise,
        heaviest=_shown(done, most, assisted),
        best_estimate=_shown(done, rated, assisted) if rated else None,
    )


def _least_helped(sets: Iterable[TrainingSet]) -> TrainingSet | None:
    helped = [each for each in sets if counts(each) and each.weight_kg and each.reps]
    return min(helped, key=lambda each: (each.weight_kg or 0, -(each.reps or 0)), default=None)


def _shown(done: list[tuple[int, TrainingSet]], best: TrainingSet, assisted: bool) -> BestSet:
    position = next(place for place, each in done if each is best)
    weight, reps = best.weight_kg or Decimal(0), best.reps or 0
    return BestSet(
        position=position,
        weight_kg=weight,
        reps=reps,
        epley_kg=None if assisted else epley(weight, reps),
        brzycki_kg=None if assisted else brzycki(weight, reps),
    )


def _fields(session: Session) -> dict[str, Any]:
    return {name: getattr(session, name) for name in Session.model_fields}
