"""What a change of the table means to those who listen."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from wotr_common import keys
from wotr_common.events import (
    ImportCompleted,
    RecordBroken,
    SessionCompleted,
    SessionDeleted,
    SessionUpdated,
    WorkoutDeleted,
    WorkoutUpdated,
)
from wotr_common.items import session_item, workout_item
from wotr_common.session import Session, TrainingSet
from wotr_common.workout import Workout
from wotr_workers.stream_events import changed_at, event_of

START = datetime(2026, 2, 3, 7, tzinfo=UTC)
AT = datetime(2026, 2, 4, tzinfo=UTC)


def workout(**said: Any) -> dict[str, Any]:
    stored = {
        "user_id": "ada",
        "workout_id": keys.workout_id(START),
        "type": "run",
        "started_at": START,
        "duration_min": Decimal(30),
        "created_at": START,
        "version": 7,
    }
    return {**workout_item(Workout(**{**stored, **said}), 1), "correlationId": "call-1"}


def session(**said: Any) -> dict[str, Any]:
    stored = {
        "user_id": "ada",
        "session_id": "20260203T080000-1a2b3c4d5e",
        "date": START.date(),
        "started_at": START,
        "created_at": START,
        "version": 7,
        "sets": (TrainingSet(exercise="Squat", weight_kg=Decimal(100), reps=5),),
    }
    return {**session_item(Session(**{**stored, **said})), "correlationId": "call-2"}


def event(old: dict[str, Any] | None, new: dict[str, Any] | None) -> Any:
    image = new or old
    assert image
    return event_of(image["sk"], old, new, AT, "fallback")


def test_a_new_version_of_a_workout_is_an_update() -> None:
    told = event(workout(), workout(version=9, rpe=Decimal(5)))

    assert isinstance(told, WorkoutUpdated)
    assert (told.data.version, told.data.rpe, told.correlation_id, told.occurred_at) == (
        9,
        Decimal(5),
        "call-1",
        AT,
    )


def test_the_same_version_with_other_bookkeeping_is_no_event() -> None:
    assert event(workout(), {**workout(), "refs": ["SOURCE#strava#1"]}) is None


def test_a_deletion_tells_what_was_and_has_the_next_version() -> None:
    told = event(workout(), None)

    assert isinstance(told, WorkoutDeleted)
    assert (told.data.version, told.data.duration_min) == (8, Decimal(30))


def test_a_session_is_told_when_it_ends_and_only_then() -> None:
    still_open, done = session(), session(state="completed", workout_id="20260203T070000000Z")

    assert event(None, still_open) is None
    told = event(still_open, done)
    assert isinstance(told, SessionCompleted)
    assert (told.data.sets, told.data.volume_kg, told.data.workout_id) == (
        1,
        Decimal(500),
        "20260203T070000000Z",
    )
    assert event(None, done), "an imported session was never open"
    assert event(still_open, None) is None
    assert event(done, {**done, "refs": ["SOURCE#strong#1"]}) is None


def test_a_completed_session_is_told_when_it_changes_and_when_it_goes() -> None:
    done = session(state="completed", workout_id="20260203T070000000Z")
    changed = session(state="completed", workout_id="20260203T070000000Z", version=9, title="Legs")

    told = event(done, changed)
    assert isinstance(told, SessionUpdated)
    assert (told.data.version, told.data.title) == (9, "Legs")
    gone = event(changed, None)
    assert isinstance(gone, SessionDeleted)
    assert (gone.data.version, gone.data.title) == (10, "Legs")


def test_a_record_is_told_when_it_is_noted() -> None:
    said = {
        **keys.record_log_key("ada", START, "heaviest_weight", "squat"),
        "kind": "heaviest_weight",
        "subject": "squat",
        "value": Decimal("102.5"),
        "unit": "kg",
        "previous": Decimal(100),
        "type": "strength",
        "workoutId": "20260203T070000000Z",
        "startedAt": "2026-02-03T07:00:00.000Z",
    }
    told = event(None, said)

    assert isinstance(told, RecordBroken)
    assert (told.user_id, told.data.value, told.data.previous) == ("ada", Decimal("102.5"), Decimal(100))
    assert told.correlation_id == "fallback"
    assert event(said, said) is None


def test_an_import_is_told_at_its_end_and_when_it_is_taken_back() -> None:
    running = {**keys.import_key("ada", "i1"), "importId": "i1", "state": "running", "correlationId": "i1"}
    done = running | {
        "state": "done",
        "format": "hevy",
        "counts": {"new": Decimal(3)},
        "records": {"count": Decimal(2)},
    }

    assert event(None, running) is None
    told = event(running, done)
    assert isinstance(told, ImportCompleted)
    assert (told.data.state, told.data.counts, told.data.records) == ("done", {"new": 3}, 2)
    assert event(done, done | {"told": True}) is None
    undone = event(done | {"state": "undoing"}, done | {"state": "undone"})
    assert isinstance(undone, ImportCompleted)
    assert undone.id != told.id


def test_the_time_is_that_of_the_stream() -> None:
    assert changed_at({"dynamodb": {"ApproximateCreationDateTime": 1770163200}}) == AT
