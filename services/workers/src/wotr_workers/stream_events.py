"""Which event a change of the table is, as its stream tells it. Plain functions, no AWS."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from wotr_common import keys
from wotr_common.events import (
    Event,
    ImportData,
    RecordData,
    import_completed,
    record_broken,
    session_completed,
    session_deleted,
    session_updated,
    workout_created,
    workout_deleted,
    workout_updated,
)
from wotr_common.items import session_from_item, workout_from_item
from wotr_workers.workouts import CORRELATION_ID

Image = Mapping[str, Any]  # an item as Python has it
_TOLD_STATES = frozenset({"done", "refused", "undone"})


def event_of(sk: str, old: Image | None, new: Image | None, at: datetime, fallback_id: str) -> Event | None:
    """The event that follows from item `sk` having been `old` and being `new` since `at`, if one does.

    The correlation id is that of the call or import which wrote the item, `fallback_id` where it names none.
    """
    image = new or old or {}
    correlation_id = str(image.get(CORRELATION_ID) or fallback_id)
    if keys.is_workout(sk):
        return _workout_event(old, new, at, correlation_id)
    if keys.is_session(sk):
        return _session_event(old, new, at, correlation_id)
    if keys.is_record_log(sk):
        return _record_event(old, new, at, correlation_id)
    if keys.is_import(sk):
        return _import_event(old, new, at, correlation_id)
    return None


def changed_at(record: Mapping[str, Any]) -> datetime:
    """When the change of a stream record happened, to the second that streams know it by."""
    said = record["dynamodb"].get("ApproximateCreationDateTime")
    return datetime.fromtimestamp(float(said), UTC) if said is not None else datetime.now(UTC)


def _workout_event(old: Image | None, new: Image | None, at: datetime, correlation_id: str) -> Event | None:
    if new is None:
        return workout_deleted(workout_from_item(old), correlation_id, at) if old else None
    workout = workout_from_item(new)
    if old is None:
        return workout_created(workout, correlation_id)
    if old.get("version") == new.get("version"):
        return None  # only our own bookkeeping changed, such as which apps know the workout
    return workout_updated(workout, correlation_id, at)


def _session_event(old: Image | None, new: Image | None, at: datetime, correlation_id: str) -> Event | None:
    before, after = _completed(old), _completed(new)
    if before is None:
        return session_completed(session_from_item(after), correlation_id, at) if after else None
    if after is None:
        return session_deleted(session_from_item(before), correlation_id, at)
    if before.get("version") == after.get("version"):
        return None  # only our own bookkeeping changed
    return session_updated(session_from_item(after), correlation_id, at)


def _completed(image: Image | None) -> Image | None:
    return image if image is not None and image.get("state") == "completed" else None


def _record_event(old: Image | None, new: Image | None, at: datetime, correlation_id: str) -> Event | None:
    if old is not None or new is None:
        return None
    return record_broken(keys.user_of(new[keys.PK]), RecordData.model_validate(new), correlation_id, at)


def _import_event(old: Image | None, new: Image | None, at: datetime, correlation_id: str) -> Event | None:
    state = new.get("state") if new else None
    if not new or state not in _TOLD_STATES or (old is not None and old.get("state") == state):
        return None
    counts = {name: int(count) for name, count in new.get("counts", {}).items()}
    data = ImportData(
        import_id=new["importId"],
        state=str(state),
        format=new.get("format"),
        counts=counts,
        records=int((new.get("records") or {}).get("count", 0)),
    )
    return import_completed(keys.user_of(new[keys.PK]), data, correlation_id, at)
