"""What is stored of an athlete, read for a batch of rows in a few calls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from wotr_common import keys
from wotr_workers.imports.candidates import Candidate, WorkoutRow
from wotr_workers.imports.world import SAME_START, World
from wotr_workers.store import Table

# Closer starts are read with one query: what lies between them costs less than another call.
_ONE_QUERY = timedelta(days=30)


def world_of(table: Table, user_id: str, candidates: Sequence[Candidate]) -> World:
    """What `candidates` may meet: what has their ids, what started when they did, and what these point to."""
    sks = [sk for each in candidates for sk in _keys(each)]
    starts = (_start(each) for each in candidates)
    return world_at(table, user_id, sks, starts)


def world_at(table: Table, user_id: str, sks: Iterable[str], starts: Iterable[datetime]) -> World:
    """What is stored at `sks`, the workouts around `starts`, and what these point to."""
    pk = keys.user_pk(user_id)
    world = World(user_id, table.get(pk, sks).values())
    for first, last in _clusters(starts):
        low, high = keys.workout_range(first - SAME_START, last + SAME_START + timedelta(seconds=1))
        world.add(table.between(pk, low, high))
    asked: set[str] = set()
    while wanted := world.pointers() - asked:
        asked |= wanted
        world.add(table.get(pk, sorted(wanted)).values())
    return world


def _keys(candidate: Candidate) -> Iterator[str]:
    yield candidate.ref_sk
    if not isinstance(candidate, WorkoutRow):
        yield candidate.sk


def _start(candidate: Candidate) -> datetime:
    said = candidate.workout if isinstance(candidate, WorkoutRow) else candidate.session
    return said.started_at


def _clusters(starts: Iterable[datetime]) -> Iterator[tuple[datetime, datetime]]:
    """First and last of `starts` that lie close together."""
    first = last = None
    for start in sorted(starts):
        if first is None or last is None:
            first = start
        elif start - last > _ONE_QUERY:
            yield first, last
            first = start
        last = start
    if first is not None and last is not None:
        yield first, last
