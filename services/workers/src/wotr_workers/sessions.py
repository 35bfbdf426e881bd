"""What becomes of a session: begun, completed, changed, and the workout it amounts to. Plain functions."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from wotr_common import keys
from wotr_common.changes import SessionChange
from wotr_common.plausibility import set_warnings
from wotr_common.problems import FieldError, invalid
from wotr_common.session import Completion, NewSession, Session, SetFields, TrainingSet
from wotr_common.strength import volume_kg
from wotr_common.versions import first_version, next_version
from wotr_common.workout import NOTES_MAX, Workout, canonical_number

LONGEST_UNSAID = timedelta(hours=24)
_SUFFIX = 10
_MILLISECOND = timedelta(milliseconds=1)


def begun(
    said: NewSession, *, user_id: str, command_id: str, zone: ZoneInfo | None, now: datetime
) -> Session:
    """The session that a command begins; its id follows from its start and the command.

    Its date is that of the clock it was said by; where that is UTC, that of `zone`, the athlete's own.
    """
    session_id = keys.session_id(_local(said.started_at, zone), _suffix(command_id))
    return Session(
        user_id=user_id,
        session_id=session_id,
        date=keys.session_date(session_id),
        type=said.type,
        started_at=said.started_at,
        title=said.title,
        notes=said.notes,
        version=first_version(now),
        created_at=now,
        sets=training_sets(said.sets),
    )


def _local(started_at: datetime, zone: ZoneInfo | None) -> datetime:
    if started_at.utcoffset() or zone is None:
        return started_at
    return started_at.astimezone(zone)


def _suffix(command_id: str) -> str:
    return hashlib.sha256(command_id.encode()).hexdigest()[:_SUFFIX]


def training_sets(said: Iterable[SetFields]) -> tuple[TrainingSet, ...]:
    """Sets as they are stored: in canonical units, with what looks odd about them."""
    return tuple(each.training_set(set_warnings(each)) for each in said)


def completed(session: Session, said: Completion, now: datetime) -> Session:
    """`session` as it ends with what is `said`, not yet judged; Problem 422 where something is missing."""
    if not session.sets:
        raise invalid([FieldError("/sets", "has no sets yet: add what was done, then complete it")])
    ended = {name: value for name, value in _said(said).items() if value is not None}
    minutes = ended.pop("duration_min", None) or session.duration_min or _until(session.started_at, now)
    return session.model_copy(
        update={
            **ended,
            "duration_min": minutes,
            "state": "completed",
            "version": next_version(session.version, now),
        }
    )


def says_the_same(session: Session, said: Completion) -> bool:
    """Whether completing the completed `session` with what is `said` would change nothing of it."""
    return all(value is None or getattr(session, name) == value for name, value in _said(said).items())


def _said(completion: Completion) -> dict[str, Any]:
    return {name: getattr(completion, name) for name in Completion.model_fields if name != "version"}


def _until(started_at: datetime, now: datetime) -> Decimal:
    took = now - started_at
    if not timedelta(0) < took <= LONGEST_UNSAID:
        raise invalid(
            [FieldError("/durationMin", "is required: the session did not start within the last 24 hours")]
        )
    return canonical_number(Decimal(took // _MILLISECOND) / 60_000)


def changed(session: Session, change: SessionChange, now: datetime) -> Session:
    """`session` with what the `change` says, at its next version; `session` itself where that is nothing new.

    Problem 422 where a completed session would be left without sets.
    """
    said = change.said()
    if "sets" in said:
        said["sets"] = training_sets(said["sets"])
    new = session.model_copy(update=said)
    if new == session:
        return session
    if new.state == "completed" and not new.sets:
        raise invalid([FieldError("/sets", "a completed session keeps at least one set; or delete it")])
    return new.model_copy(update={"version": next_version(session.version, now)})


def workout_of(session: Session, started_at: datetime, now: datetime) -> Workout:
    """The workout that a session amounts to, with the session's warnings.

    It starts at `started_at` rather than with the session where another workout has that start already.
    """
    return Workout(
        user_id=session.user_id,
        workout_id=keys.workout_id(started_at),
        started_at=started_at,
        version=first_version(now),
        source=session.source,
        source_id=session.source_id,
        import_id=session.import_id,
        session_id=session.session_id,
        created_at=now,
        warnings=session.warnings,
        **told_by(session),
    )


def as_workout(session: Session) -> Workout:
    """A session, whether open or completed, as plausibility judges it."""
    return workout_of(session, session.started_at, session.created_at)


def told_by(session: Session) -> dict[str, Any]:
    """What a session says about its workout, by the workout's names; its sets as their volume."""
    notes = "\n".join(filter(None, (session.title, session.notes)))
    return {
        "type": session.type,
        "duration_min": session.duration_min,
        "calories_burned": session.calories_burned,
        "avg_heart_rate": session.avg_heart_rate,
        "rpe": session.rpe,
        "notes": notes[:NOTES_MAX] or None,
        "volume_kg": volume_kg(session.sets),
    }
