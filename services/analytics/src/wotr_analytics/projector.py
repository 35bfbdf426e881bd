"""From a batch of queued events to totals: what is counted, what is tried again, what is set aside."""

from __future__ import annotations

import random
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from wotr_analytics import totals
from wotr_analytics.events import Unreadable, counted, workout_event
from wotr_analytics.store import NotApplied, Refused, Views
from wotr_analytics.totals import Amounts, Counted, WorkoutRef
from wotr_common.dead_letters import DeadLetters
from wotr_common.observability import logger

TRIES = 6
_BACKOFF_S = 0.05


@dataclass(slots=True)
class Outcome:
    """What became of a batch of statements about workouts."""

    first_counted: Amounts = field(default_factory=Amounts)
    refused: dict[WorkoutRef, str] = field(default_factory=dict)
    failed: dict[WorkoutRef, str] = field(default_factory=dict)


@dataclass(slots=True)
class Batch:
    """What became of a batch of messages.

    `failed_ids` are the messages to try again, `first_counted` is the sum over workouts that were new.
    """

    failed_ids: list[str]
    first_counted: Amounts


class Message(NamedTuple):
    """A queued message, traced by its event's correlation id or, where it has none, by its own id."""

    message_id: str
    body: str
    correlation_id: str


def pause(retry: int) -> None:
    """Wait before the given retry (1, 2, …): random, so that two who met do not meet again."""
    time.sleep(random.uniform(0, _BACKOFF_S * 2**retry))  # noqa: S311 - guards nothing


def project(
    records: Iterable[Mapping[str, Any]],
    views: Views,
    dead_letters: DeadLetters,
    pause: Callable[[int], None] = pause,
) -> Batch:
    """Count the events in SQS `records`; each is counted, set aside, or among those to try again."""
    messages: dict[WorkoutRef, list[Message]] = {}
    said: list[tuple[WorkoutRef, Counted]] = []
    poison: list[tuple[Message, str]] = []
    for record in records:
        try:
            event = workout_event(record["body"])
        except Unreadable as error:
            traced_by = error.correlation_id or record["messageId"]
            poison.append((Message(record["messageId"], record["body"], traced_by), str(error)))
            continue
        ref, what = counted(event)
        said.append((ref, what))
        messages.setdefault(ref, []).append(
            Message(record["messageId"], record["body"], event.correlation_id or record["messageId"])
        )

    outcome = count(views, said, pause)
    _log(messages, outcome)
    poison += [(message, reason) for ref, reason in outcome.refused.items() for message in messages[ref]]
    # Last, so that a crash before it sets nothing aside twice.
    not_set_aside = [
        message.message_id
        for message, reason in poison
        if not dead_letters.set_aside(message.body, reason, message.correlation_id)
    ]
    failed = [message.message_id for ref in outcome.failed for message in messages[ref]]
    return Batch(failed + not_set_aside, outcome.first_counted)


def count(
    views: Views, said: Iterable[tuple[WorkoutRef, Counted]], pause: Callable[[int], None] = pause
) -> Outcome:
    """Bring the totals to what was `said`.

    What others changed meanwhile or DynamoDB was too busy for is tried again from fresh markers, a few times.
    """
    outcome = Outcome()
    waiting = totals.newest(said)
    for retry in range(TRIES):
        if not waiting:
            break
        if retry:
            pause(retry)
        known = views.markers(waiting)
        outcome.failed = {ref: "its marker could not be read in time" for ref in waiting if ref not in known}
        todo = deque(totals.changes(known, waiting))
        while todo:
            change = todo.popleft()
            try:
                views.apply(change)
                outcome.first_counted += change.first_counted()
            except NotApplied as error:
                outcome.failed |= dict.fromkeys(change.refs(), str(error))
            except Refused as error:
                if len(change.steps) > 1:
                    todo.extend(change.halves())
                else:
                    outcome.refused |= dict.fromkeys(change.refs(), str(error))
        waiting = {ref: waiting[ref] for ref in outcome.failed}
    return outcome


def _log(messages: Mapping[WorkoutRef, list[Message]], outcome: Outcome) -> None:
    """One line per request that caused events, and one per workout that could not be counted."""
    traced = Counter(message.correlation_id for same in messages.values() for message in same)
    for correlation_id, events in traced.items():
        logger.info("workouts projected", events=events, correlation_id=correlation_id)
    for ref, reason in outcome.failed.items():
        logger.warning("workout not counted, its events go back to the queue", workout=ref, reason=reason)
