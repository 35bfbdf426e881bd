"""Commands on sessions: each reads what is stored and decides what becomes of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from wotr_common import keys
from wotr_common.changes import SessionChange
from wotr_common.items import session_from_item, session_item, set_items, workout_from_item
from wotr_common.limits import Limits
from wotr_common.messages import Command, Outcome
from wotr_common.problems import Problem, unavailable
from wotr_common.session import MOST_SETS, Completion, NewSession, NewSets, Session, head_hash
from wotr_common.versions import first_version, next_version
from wotr_workers import edits, sessions
from wotr_workers.commands import links
from wotr_workers.commands.decision import (
    Decision,
    Desk,
    asked_version,
    conflict,
    held_version,
    not_found,
    said,
)
from wotr_workers.store import Delete, Item, Put, Remove, Write
from wotr_workers.store.sessions import Addition
from wotr_workers.workouts import COMMAND_IDS, CONTENT_HASH, CORRELATION_ID

MOST_COMMANDS = 20  # that a session remembers; no caller repeats one after so many others
_MOST_BUMPS = 100
_MOST_RACES = 50
_STEP = timedelta(milliseconds=1)


def create(desk: Desk, command: Command) -> Decision:
    """`session.create`: 201 with the session; the same command again meets the one it made."""
    asked = said(NewSession, command.arguments.get("session"))
    now = desk.clock()
    session = sessions.begun(
        asked, user_id=command.user_id, command_id=command.command_id, zone=_zone(desk, command), now=now
    )
    stored = desk.stored(keys.session_key(session.user_id, session.session_id))
    if stored is not None:
        return _answer(201, session_from_item(stored))
    warnings = edits.admitted(sessions.as_workout(session), desk.limits(), now)
    session = session.model_copy(update={"warnings": warnings})
    item = {
        **session_item(session),
        CONTENT_HASH: head_hash(session),
        CORRELATION_ID: command.correlation_id,
        COMMAND_IDS: [command.command_id],
    }
    return _answer(201, session, Put(item))


def add_sets(desk: Desk, command: Command) -> Decision:
    """`session.add_sets`: 201 with the session; the same command again adds nothing.

    One conditional update, without a read before it: devices that add at once all succeed.
    """
    asked = said(NewSets, {"sets": command.arguments.get("sets")})
    key = _key(command)
    now = desk.clock()
    version = first_version(now)
    sets = set_items(sessions.training_sets(asked.sets))
    for _ in range(_MOST_RACES):
        addition = Addition(sets, command.command_id, command.correlation_id, version, now)
        done, item = desk.sessions.append(key, addition)
        if item is None:
            raise not_found("session")
        session = session_from_item(item)
        if done or command.command_id in item.get(COMMAND_IDS, ()):
            return _answer(201, session)
        if session.state != "open":
            raise conflict("the session is completed: change its sets instead", session.answer())
        if len(session.sets) + len(sets) > MOST_SETS:
            raise Problem(
                422, f"a session has at most {MOST_SETS} sets; this one has {len(session.sets)} already"
            )
        version = next_version(session.version, now)  # written by a clock ahead of ours, or at once with us
    raise unavailable("too many devices add to this session at once; nothing was added. Try again shortly")


def complete(desk: Desk, command: Command) -> Decision:
    """`session.complete`: 200 with the session, its workout written with it; a repeat changes nothing."""
    asked = said(Completion, command.arguments.get("completion") or {})
    item, session = _stored(desk, command)
    if session.state == "completed":
        if command.command_id in item.get(COMMAND_IDS, ()) or sessions.says_the_same(session, asked):
            return _answer(200, session)
        raise conflict("the session is completed already: change it instead", session.answer())
    if asked.version is not None:
        held_version(asked.version, session.version, session.answer())
    now, limits = desk.clock(), desk.limits()
    ended = _judged(session, sessions.completed(session, asked, now), limits, now)
    started_at, before = _free_start(desk, ended)
    workout = sessions.workout_of(ended, started_at, now)
    ended = ended.model_copy(update={"workout_id": workout.workout_id})
    written = edits.workout_put(workout, {}, limits.shards, command.correlation_id, now)
    return _answer(200, ended, Put(written, before), _replaced(item, ended, command, now))


def change(desk: Desk, command: Command) -> Decision:
    """`session.change`: 200 with the session, whose workout changes with it."""
    asked = said(SessionChange, command.arguments.get("change"))
    item, session = _stored(desk, command)
    if command.command_id in item.get(COMMAND_IDS, ()):
        return _answer(200, session)
    held_version(asked.version, session.version, session.answer())
    now, limits = desk.clock(), desk.limits()
    new = sessions.changed(session, asked, now)
    if new is session:
        return _answer(200, session)
    new = _judged(session, new, limits, now)
    writes: list[Write] = [_replaced(item, new, command, now)]
    stored = _own_workout(desk, session)
    if stored is not None:
        old = workout_from_item(stored)
        workout = edits.retold(old, sessions.told_by(new), limits, now)
        if workout is not old:
            written = edits.workout_put(workout, stored, limits.shards, command.correlation_id, now)
            writes.append(Put(written, stored))
    return _answer(200, new, *writes)


def delete(desk: Desk, command: Command) -> Decision:
    """`session.delete`: 204; its load goes with it, and its workout unless another source made that."""
    version = asked_version(command)
    item, session = _stored(desk, command)
    held_version(version, session.version, session.answer())
    # The load goes unread: the workflow may store it any time, but no more once the session is gone.
    load = keys.session_load_key(session.user_id, session.session_id)
    writes: list[Write] = [Delete(item), Remove(load)]
    stored = _own_workout(desk, session)
    if stored is None:
        writes += links.unlinked(desk, item)
    else:
        writes += links.gone(desk, stored, command.correlation_id, desk.clock(), own=item[keys.SK])
    return Decision(Outcome(status=204), tuple(writes))


def _answer(status: int, session: Session, *writes: Write) -> Decision:
    return Decision(Outcome(status=status, body=session.answer()), writes)


def _key(command: Command) -> keys.Key:
    try:
        return keys.session_key(command.user_id, str(command.arguments.get("sessionId")))
    except ValueError:
        raise not_found("session") from None


def _stored(desk: Desk, command: Command) -> tuple[Item, Session]:
    item = desk.stored(_key(command))
    if item is None:
        raise not_found("session")
    return item, session_from_item(item)


def _zone(desk: Desk, command: Command) -> ZoneInfo | None:
    profile = desk.stored(keys.profile_key(command.user_id)) or {}
    return ZoneInfo(profile["timezone"]) if "timezone" in profile else None


def _judged(old: Session, new: Session, limits: Limits, now: datetime) -> Session:
    judged = edits.judged(sessions.as_workout(old), sessions.as_workout(new), limits, now)
    return new.model_copy(update={"warnings": judged.warnings})


def _replaced(item: Item, new: Session, command: Command, now: datetime) -> Put:
    """The item of a session after a `command` that changed it."""
    applied = [*item.get(COMMAND_IDS, ()), command.command_id][-MOST_COMMANDS:]
    written = edits.session_put(new, item, command.correlation_id, now)
    return Put({**written, COMMAND_IDS: applied}, item)


def _own_workout(desk: Desk, session: Session) -> Item | None:
    """The item of the workout that consists of this session; one that was only linked is not its own."""
    if session.workout_id is None:
        return None
    item = desk.stored(keys.workout_key(session.user_id, keys.started_at(session.workout_id)))
    return item if item is not None and item.get("sessionId") == session.session_id else None


def _free_start(desk: Desk, session: Session) -> tuple[datetime, Item | None]:
    """The first start from the session's own on at which no other workout lies, and what lies there."""
    for step in range(_MOST_BUMPS):
        at = session.started_at + step * _STEP
        stored = desk.stored(keys.workout_key(session.user_id, at))
        if stored is None:
            return at, None
        if stored.get("sessionId") == session.session_id:
            return at, stored
    raise conflict("too many workouts start at the same moment", session.answer())
