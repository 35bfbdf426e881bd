"""From a batch of queued events to views: what is applied, what is tried again, what is set aside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, TypeVar

from wotr_analytics import recent_sessions, totals
from wotr_analytics.events import Unreadable, counted, event_in, seen
from wotr_analytics.recent_sessions import Seen, SessionRef
from wotr_analytics.settling import Settled, pause, settle
from wotr_analytics.store import Views
from wotr_analytics.totals import Amounts, Counted, WorkoutRef
from wotr_common.dead_letters import DeadLetters
from wotr_common.events import SessionEvent
from wotr_common.observability import logger

Ref = TypeVar("Ref", WorkoutRef, SessionRef)
Said = TypeVar("Said", Counted, Seen)


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


@dataclass(slots=True)
class Told(Generic[Ref, Said]):
    """What messages say of one kind of subject, and which messages speak of which subject."""

    said: list[tuple[Ref, Said]] = field(default_factory=list)
    messages: dict[Ref, list[Message]] = field(default_factory=dict)

    def hear(self, said: tuple[Ref, Said], message: Message) -> None:
        """Take one statement in."""
        self.said.append(said)
        self.messages.setdefault(said[0], []).append(message)

    def about(self, reasons: Mapping[Ref, str]) -> list[tuple[Message, str]]:
        """The messages that speak of these subjects, each with its reason."""
        return [(message, reason) for ref, reason in reasons.items() for message in self.messages[ref]]


def project(
    records: Iterable[Mapping[str, Any]],
    views: Views,
    dead_letters: DeadLetters,
    pause: Callable[[int], None] = pause,
) -> Batch:
    """Bring the views to the events in SQS `records`; each is applied, set aside, or to be tried again."""
    workouts: Told[WorkoutRef, Counted] = Told()
    sessions: Told[SessionRef, Seen] = Told()
    poison: list[tuple[Message, str]] = []
    for record in records:
        message_id, body = record["messageId"], record["body"]
        try:
            event = event_in(body)
        except Unreadable as error:
            poison.append((Message(message_id, body, error.correlation_id or message_id), str(error)))
            continue
        message = Message(message_id, body, event.correlation_id or message_id)
        if isinstance(event, SessionEvent):
            sessions.hear(seen(event), message)
        else:
            workouts.hear(counted(event), message)

    counting = count(views, workouts.said, pause)
    showing = settle(sessions.said, views.recent, recent_sessions.changes, pause)
    failed = workouts.about(counting.failed) + sessions.about(showing.failed)
    _log([*workouts.messages.values(), *sessions.messages.values()], failed)
    poison += workouts.about(counting.refused) + sessions.about(showing.refused)
    # Last, so that a crash before it sets nothing aside twice.
    not_set_aside = [
        message.message_id
        for message, reason in poison
        if not dead_letters.set_aside(message.body, reason, message.correlation_id)
    ]
    return Batch([message.message_id for message, _ in failed] + not_set_aside, first_counted(counting))


def count(
    views: Views, said: Iterable[tuple[WorkoutRef, Counted]], pause: Callable[[int], None] = pause
) -> Settled[WorkoutRef, totals.Change]:
    """Bring the totals to what was `said` of workouts."""
    return settle(said, views, totals.changes, pause)


def first_counted(counting: Settled[WorkoutRef, totals.Change]) -> Amounts:
    """The sum over workouts that were never counted before."""
    return sum((change.first_counted() for change in counting.applied), Amounts())


def _log(heard: Iterable[list[Message]], failed: Iterable[tuple[Message, str]]) -> None:
    """One line per request that caused events, and one per event that could not be applied."""
    traced = Counter(message.correlation_id for same in heard for message in same)
    for correlation_id, events in traced.items():
        logger.info("events projected", events=events, correlation_id=correlation_id)
    for message, reason in failed:
        logger.warning(
            "event not applied, it goes back to the queue",
            message_id=message.message_id,
            reason=reason,
            correlation_id=message.correlation_id,
        )
