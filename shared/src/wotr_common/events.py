"""The platform's events: versioned contracts for everybody who listens to the bus.

A consumer ignores fields it does not know. Removing or retyping a field needs a new version: the schemas in
`shared/contracts` hold every published one, and a test compares.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID, uuid5

from pydantic import ConfigDict, Field

from wotr_common.session import SESSION_ID_PATTERN, Session
from wotr_common.strength import volume_kg
from wotr_common.versions import last_version
from wotr_common.workout import Instant, Intensity, Number, Record, UserId, Workout, WorkoutType

SOURCE = "wotr.workers"
WORKOUT_ID_PATTERN = r"^[0-9]{8}T[0-9]{9}Z$"
_NAMESPACE = UUID("1f5f0f4e-6f0c-5d0e-9d3b-6a1f0f2f7a10")


class WorkoutData(Record):
    """What a workout event says about the workout."""

    model_config = ConfigDict(extra="ignore")

    workout_id: Annotated[str, Field(pattern=WORKOUT_ID_PATTERN)]
    version: Annotated[int, Field(ge=1, le=10**12)]
    type: WorkoutType
    started_at: Instant
    duration_min: Annotated[Number, Field(description="0 where nobody knows")]
    calories_burned: Number | None = None
    distance_m: Number | None = None
    avg_heart_rate: Number | None = None
    rpe: Number | None = None
    intensity: Intensity
    source: Annotated[str, Field(description="api, csv, strava; more may come without a new version")]
    import_id: str | None = None
    session_id: str | None = None
    volume_kg: Number | None = None


class SessionData(Record):
    """What a session event says about the session."""

    model_config = ConfigDict(extra="ignore")

    session_id: Annotated[str, Field(pattern=SESSION_ID_PATTERN)]
    version: Annotated[int, Field(ge=1, le=10**12)]
    type: WorkoutType
    started_at: Instant
    title: str | None = None
    workout_id: str | None = None
    duration_min: Number | None = None
    rpe: Number | None = None
    sets: Annotated[int, Field(ge=0, description="how many sets it has")]
    volume_kg: Annotated[Number, Field(description="kilograms, warm-ups excluded")]
    source: str
    import_id: str | None = None


class RecordData(Record):
    """What a record event says about the record."""

    model_config = ConfigDict(extra="ignore")

    kind: Annotated[str, Field(description="longest_duration, heaviest_weight, …; more may come")]
    subject: Annotated[str, Field(description="what it is a record of: a type, an exercise, …")]
    value: Number
    unit: str
    previous: Number | None = None
    type: Annotated[str, Field(description="type of the workout that broke it")]
    workout_id: str | None = None
    session_id: str | None = None
    started_at: Instant


class ImportData(Record):
    """What an import event says about the import."""

    model_config = ConfigDict(extra="ignore")

    import_id: str
    state: Annotated[str, Field(description="done, refused, undone; more may come")]
    format: str | None = None
    counts: dict[str, int] = Field(default_factory=dict)
    records: Annotated[int, Field(ge=0, description="how many records it brought")] = 0


class Event(Record):
    """What every event says."""

    model_config = ConfigDict(extra="ignore")

    version: Literal[1] = 1
    name: str
    id: UUID
    occurred_at: Instant
    correlation_id: str
    user_id: UserId

    def text(self) -> str:
        """The event's JSON, as it travels in an EventBridge entry's Detail."""
        return self.model_dump_json(by_alias=True, exclude_none=True)


class WorkoutEvent(Event):
    """An event about a workout."""

    data: WorkoutData


class WorkoutCreated(WorkoutEvent):
    """`workout.created`: a workout was stored for the first time."""

    name: Literal["workout.created"] = "workout.created"


class WorkoutUpdated(WorkoutEvent):
    """`workout.updated`: a stored workout has other content."""

    name: Literal["workout.updated"] = "workout.updated"


class WorkoutDeleted(WorkoutEvent):
    """`workout.deleted`: a workout is gone. `data` is what it was; its version is that of the deletion."""

    name: Literal["workout.deleted"] = "workout.deleted"


class SessionEvent(Event):
    """An event about a session that has ended. Open sessions are nobody's business but the athlete's."""

    data: SessionData


class SessionCompleted(SessionEvent):
    """`session.completed`: a session has ended, or was imported."""

    name: Literal["session.completed"] = "session.completed"


class SessionUpdated(SessionEvent):
    """`session.updated`: a completed session has other content."""

    name: Literal["session.updated"] = "session.updated"


class SessionDeleted(SessionEvent):
    """`session.deleted`: a completed session is gone. `data` is what it was, the version the deletion's."""

    name: Literal["session.deleted"] = "session.deleted"


class RecordBroken(Event):
    """`record.broken`: a logged workout is better than all before it. Imports tell theirs in one digest."""

    name: Literal["record.broken"] = "record.broken"
    data: RecordData


class ImportCompleted(Event):
    """`import.completed`: an import has ended, or was taken back."""

    name: Literal["import.completed"] = "import.completed"
    data: ImportData


CONTRACTS: tuple[type[Event], ...] = (
    WorkoutCreated,
    WorkoutUpdated,
    WorkoutDeleted,
    SessionCompleted,
    SessionUpdated,
    SessionDeleted,
    RecordBroken,
    ImportCompleted,
)


def workout_created(workout: Workout, correlation_id: str) -> WorkoutCreated:
    """The event of `workout`; its id follows from workout and version, so that a replay says the same."""
    return WorkoutCreated(
        id=_event_id("workout.created", workout.user_id, workout.workout_id, workout.version),
        occurred_at=workout.created_at,
        correlation_id=correlation_id,
        user_id=workout.user_id,
        data=workout_data(workout),
    )


def workout_updated(workout: Workout, correlation_id: str, at: datetime) -> WorkoutUpdated:
    """The event of `workout`, which was changed `at` that time."""
    return WorkoutUpdated(
        id=_event_id("workout.updated", workout.user_id, workout.workout_id, workout.version),
        occurred_at=at,
        correlation_id=correlation_id,
        user_id=workout.user_id,
        data=workout_data(workout),
    )


def workout_deleted(workout: Workout, correlation_id: str, at: datetime) -> WorkoutDeleted:
    """The event of the deletion of `workout`, as it was before, `at` that time."""
    data = workout_data(workout).model_copy(update={"version": last_version(workout.version)})
    return WorkoutDeleted(
        id=_event_id("workout.deleted", workout.user_id, workout.workout_id, data.version),
        occurred_at=at,
        correlation_id=correlation_id,
        user_id=workout.user_id,
        data=data,
    )


def session_completed(session: Session, correlation_id: str, at: datetime) -> SessionCompleted:
    """The event of the end of `session`, `at` that time."""
    return SessionCompleted(
        id=_event_id("session.completed", session.user_id, session.session_id, session.version),
        occurred_at=at,
        correlation_id=correlation_id,
        user_id=session.user_id,
        data=session_data(session),
    )


def session_updated(session: Session, correlation_id: str, at: datetime) -> SessionUpdated:
    """The event of completed `session`, which was changed `at` that time."""
    return SessionUpdated(
        id=_event_id("session.updated", session.user_id, session.session_id, session.version),
        occurred_at=at,
        correlation_id=correlation_id,
        user_id=session.user_id,
        data=session_data(session),
    )


def session_deleted(session: Session, correlation_id: str, at: datetime) -> SessionDeleted:
    """The event of the deletion of completed `session`, as it was before, `at` that time."""
    data = session_data(session).model_copy(update={"version": last_version(session.version)})
    return SessionDeleted(
        id=_event_id("session.deleted", session.user_id, session.session_id, data.version),
        occurred_at=at,
        correlation_id=correlation_id,
        user_id=session.user_id,
        data=data,
    )


def record_broken(user_id: str, data: RecordData, correlation_id: str, at: datetime) -> RecordBroken:
    """The event of a record that was broken; the same record by the same workout is the same event."""
    owner = data.session_id or data.workout_id or ""
    identity = f"{data.kind}:{data.subject}:{owner}:{data.value}"
    return RecordBroken(
        id=uuid5(_NAMESPACE, f"record.broken:{user_id}:{identity}"),
        occurred_at=at,
        correlation_id=correlation_id,
        user_id=user_id,
        data=data,
    )


def import_completed(user_id: str, data: ImportData, correlation_id: str, at: datetime) -> ImportCompleted:
    """The event of an import that ended in `data.state`, `at` that time."""
    return ImportCompleted(
        id=uuid5(_NAMESPACE, f"import.completed:{user_id}:{data.import_id}:{data.state}:{at.isoformat()}"),
        occurred_at=at,
        correlation_id=correlation_id,
        user_id=user_id,
        data=data,
    )


def session_data(session: Session) -> SessionData:
    """What events say about `session`."""
    return SessionData.model_validate(
        {
            **session.model_dump(include=set(SessionData.model_fields) - {"sets"}),
            "sets": len(session.sets),
            "volume_kg": volume_kg(session.sets),
        }
    )


def workout_data(workout: Workout) -> WorkoutData:
    """What events say about `workout`."""
    said = workout.model_dump(exclude={"notes", "photo_key"})
    return WorkoutData.model_validate({**said, "duration_min": said["duration_min"] or 0})


def _event_id(name: str, user_id: str, identity: str, version: int) -> UUID:
    return uuid5(_NAMESPACE, f"{name}:{user_id}:{identity}:{version}")
