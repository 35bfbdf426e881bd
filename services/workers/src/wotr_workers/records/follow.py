"""From the table's stream to records: kept up to every change, and told of where somebody broke one."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from wotr_common.dead_letters import DeadLetters
from wotr_common.observability import annotate_span, logger
from wotr_common.workout import time_text
from wotr_workers.records.changes import Change, Lease, change_in, collapsed
from wotr_workers.records.kept import TRIES, Contended, KeptRecords
from wotr_workers.records.staircase import Candidate, Staircase, Subject
from wotr_workers.records.telling import Broken, broken, longest_lately, window
from wotr_workers.store import Item, NotRead
from wotr_workers.topics import RecordsTopic
from wotr_workers.workouts import CORRELATION_ID

_WORTH_ANOTHER_TRY = (ClientError, BotoCoreError, NotRead, Contended)
StreamRecord = Mapping[str, Any]


@dataclass(slots=True)
class Batch:
    """What became of a batch of records; `failed_ids` are the sequence numbers of those to try again."""

    broken: int = 0
    set_aside: int = 0
    failed_ids: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Follower:
    """Keeps records up to changes of one user at a time.

    The stream says which items changed, the table what they are by now: a change that comes late, twice or
    out of order does no harm.
    """

    records: KeptRecords
    topic: RecordsTopic

    def follow(self, user_id: str, changes: Iterable[Change]) -> int:
        """Keep the records of `user_id` up to `changes`; how many of them were told of.

        What an import does is left to the rebuild at its end. Contended, NotRead and botocore's errors are
        worth another try.
        """
        lease = self.records.lease(user_id)
        told = collapsed(each for each in changes if lease is None or not lease.wrote(each))
        if not told:
            return 0
        stored = self.records.stored(user_id, (each.sk for each in told))
        live = [each.up_to(stored.get(each.sk)) for each in told]
        staircases = self._keep(user_id, live, lease)
        lately = self._lately(user_id, live)
        return sum(self._tell(each) for change in live for each in _broken(change, staircases, lately))

    def _keep(self, user_id: str, changes: Sequence[Change], lease: Lease | None) -> dict[Subject, Staircase]:
        """Store what `changes` make of the records that they concern; all of these as they are then.

        While an import is at work they are written even where nothing changes: its rebuild may have read the
        history before these changes, and knows by the versions that it has to look again.
        """
        concerned = _Concerned(changes)
        pending, kept = set(concerned.empty), {}
        for _ in range(TRIES):
            stored = self.records.some(user_id, pending)
            anew = {subject for subject in pending if concerned.needs_history(subject, stored.get(subject))}
            climbed = self.records.climbed(user_id, anew) if anew else {}
            for subject in sorted(pending):
                before = stored.get(subject)
                empty = concerned.empty[subject]
                made = climbed.get(subject, empty) if subject in anew else concerned.merged(before, subject)
                if self.records.write(user_id, before, made, always=lease is not None):
                    kept[subject] = made
            pending -= kept.keys()
            if not pending:
                return kept
        raise Contended(f"{len(pending)} records changed under every try")

    def _lately(self, user_id: str, changes: Sequence[Change]) -> Sequence[Item]:
        """The workouts that those of `changes` are compared with, in order of start; read once for all."""
        windows = [compared for each in changes if (compared := window(each))]
        if not windows:
            return ()
        start, end = min(first for first, _ in windows), max(last for _, last in windows)
        return list(self.records.workouts(user_id, start, end))

    def _tell(self, record: Broken) -> bool:
        """Publish a record unless it is noted, which the topic's subscriber `pr_log` sees to.

        A change that comes again is told of once, unless it does within the second that a note takes.
        """
        if self.records.is_noted(record.key):
            return False
        self.topic.tell(record.message(), record.correlation_id)
        logger.info("record broken", kind=record.subject.kind, user_id=record.user_id)
        return True


class _Concerned:
    """The records that some changes of one user concern, and what the changes say about each."""

    def __init__(self, changes: Sequence[Change]) -> None:
        self.empty: dict[Subject, Staircase] = {}
        self._after: dict[Subject, dict[str, Candidate]] = {}
        self._owners: dict[Subject, set[str]] = {}
        for change in changes:
            for candidate in change.ever():
                subject = candidate.subject
                self.empty[subject] = Staircase(
                    subject, candidate.label, candidate.unit, candidate.less_is_better
                )
                self._owners.setdefault(subject, set()).add(change.owner)
            for candidate in change.after():
                self._after.setdefault(candidate.subject, {})[change.owner] = candidate

    def needs_history(self, subject: Subject, stored: Staircase | None) -> bool:
        """Whether what the changes say does not suffice to know the record."""
        after = self._after.get(subject, {})
        return stored is not None and any(
            stored.needs_history(owner, after[owner].step if owner in after else None)
            for owner in self._owners[subject]
        )

    def merged(self, stored: Staircase | None, subject: Subject) -> Staircase:
        """The record with what the changes say."""
        return (stored or self.empty[subject]).with_candidates(self._after.get(subject, {}).values())


def _broken(
    change: Change, staircases: Mapping[Subject, Staircase], lately: Sequence[Item]
) -> Iterator[Broken]:
    yield from broken(change, staircases)
    compared = window(change)
    if compared is not None:
        first, last = (bisect_left(lately, time_text(at), key=_started) for at in compared)
        longest = longest_lately(change, lately[first:last])
        if longest is not None:
            yield longest


def _started(workout: Item) -> str:
    return str(workout["startedAt"])


def follow(records: Iterable[StreamRecord], follower: Follower, failures: DeadLetters) -> Batch:
    """Keep records up to the changes in stream `records`, user by user: one cannot hold up the others."""
    batch = Batch()
    users: dict[str, list[tuple[StreamRecord, Change]]] = {}
    for record in records:
        try:
            change = change_in(record)
        except Exception as error:  # noqa: BLE001 - one record that cannot be read must not hold back the others
            logger.exception("stream record cannot be read")
            _set_aside(record, f"cannot be read: {type(error).__name__}", failures, batch)
            continue
        users.setdefault(change.user_id, []).append((record, change))
    for user_id, found in users.items():
        annotate_span(user_id=user_id)
        try:
            batch.broken += follower.follow(user_id, [change for _, change in found])
        except _WORTH_ANOTHER_TRY:
            logger.exception("records not kept, the stream sends the changes again", user_id=user_id)
            batch.failed_ids += [record["dynamodb"]["SequenceNumber"] for record, _ in found]
        except Exception as error:  # noqa: BLE001 - no later try would do better, and other users wait
            logger.exception("records cannot be kept", user_id=user_id)
            for record, _ in found:
                _set_aside(record, f"cannot be kept: {type(error).__name__}", failures, batch)
    return batch


def _set_aside(record: StreamRecord, reason: str, failures: DeadLetters, batch: Batch) -> None:
    image = record["dynamodb"].get("NewImage") or record["dynamodb"].get("OldImage") or {}
    identity = str(image.get(CORRELATION_ID, {}).get("S") or record.get("eventID"))
    if failures.set_aside(json.dumps(record, default=str), reason, identity):
        batch.set_aside += 1
    else:
        batch.failed_ids.append(record["dynamodb"]["SequenceNumber"])
