"""How a read model comes to what is said of its subjects, whoever else writes it at the same time.

Each subject (a workout, a session) has a marker that says in which version it is known. A change is made from
markers that were read and written only on top of the very same; what does not hold any more is made anew.
"""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, Self, TypeVar

TRIES = 6
TRANSACTION_ITEMS = 100  # the most that DynamoDB takes in one transaction
_BACKOFF_S = 0.05


class NotApplied(Exception):
    """A change was not written, or nobody knows whether it was: read the markers again, then try again."""


class Refused(Exception):
    """DynamoDB will never take this change."""


class Versioned(Protocol):
    """What is said of a subject in one version."""

    @property
    def version(self) -> int:
        """Which one: a newer one says more."""

    @property
    def gone(self) -> bool:
        """Whether the subject was deleted."""

    def deleted(self) -> Self:
        """What the deletion of this version says."""


Ref = TypeVar("Ref")
Said = TypeVar("Said", bound=Versioned)


class Change(Protocol):
    """Steps of some subjects that are taken together or not at all."""

    def refs(self) -> Sequence[Any]:
        """The subjects."""

    def halves(self) -> Iterable[Self]:
        """The same in two parts, to find the step that spoils it."""


AChange = TypeVar("AChange", bound=Change)
Written_contra = TypeVar("Written_contra", bound=Change, contravariant=True)


class Store(Protocol[Ref, Said, Written_contra]):
    """Where the markers lie, and what stands on them."""

    def markers(self, refs: Collection[Ref]) -> dict[Ref, Said | None]:
        """The marker of each subject, None where there is none; what could not be read is missing."""

    def apply(self, change: Written_contra) -> None:
        """Write it all or nothing; raises NotApplied or Refused."""


@dataclass(slots=True)
class Settled(Generic[Ref, AChange]):
    """What was applied, what DynamoDB refuses, and what failed for now, with the reasons."""

    applied: list[AChange] = field(default_factory=list)
    refused: dict[Ref, str] = field(default_factory=dict)
    failed: dict[Ref, str] = field(default_factory=dict)


def pause(retry: int) -> None:
    """Wait before the given retry (1, 2, …): random, so that two who met do not meet again."""
    time.sleep(random.uniform(0, _BACKOFF_S * 2**retry))  # noqa: S311 - guards nothing


def newest(said: Iterable[tuple[Ref, Said]]) -> dict[Ref, Said]:
    """The newest version of each subject that is spoken of."""
    found: dict[Ref, Said] = {}
    for ref, what in said:
        if is_news(found.get(ref), what):
            found[ref] = what
    return found


def is_news(known: Said | None, said: Said) -> bool:
    """Whether `said` is newer than what is `known`."""
    return known is None or said.version > known.version


def settle(
    said: Iterable[tuple[Ref, Said]],
    store: Store[Ref, Said, AChange],
    changes: Callable[[Mapping[Ref, Said | None], Mapping[Ref, Said]], Iterable[AChange]],
    pause: Callable[[int], None] = pause,
) -> Settled[Ref, AChange]:
    """Bring what `store` holds to what was `said`; `changes` makes the steps from markers and statements.

    What others changed meanwhile or DynamoDB was too busy for is tried again from fresh markers, a few times.
    """
    settled: Settled[Ref, AChange] = Settled()
    waiting = newest(said)
    for retry in range(TRIES):
        if not waiting:
            break
        if retry:
            pause(retry)
        known = store.markers(waiting)
        settled.failed = {ref: "its marker could not be read in time" for ref in waiting if ref not in known}
        apply_each(changes(known, waiting), store.apply, settled)
        waiting = {ref: waiting[ref] for ref in settled.failed}
    return settled


def apply_each(
    changes: Iterable[AChange], apply: Callable[[AChange], None], settled: Settled[Ref, AChange]
) -> None:
    """Apply every change, and note in `settled` what came of it; one that is refused alone costs no other."""
    todo: deque[AChange] = deque(changes)
    while todo:
        change = todo.popleft()
        try:
            apply(change)
            settled.applied.append(change)
        except NotApplied as error:
            settled.failed |= dict.fromkeys(change.refs(), str(error))
        except Refused as error:
            if len(change.refs()) > 1:
                todo.extend(change.halves())
            else:
                settled.refused |= dict.fromkeys(change.refs(), str(error))


def corrections(
    known: Mapping[str, Said], truth: Mapping[str, Said], unreadable: Collection[str] = ()
) -> list[tuple[str, Said | None, Said]]:
    """(id, marker, what it must say) where the markers differ from the `truth`, which was read after them.

    A marker follows from something that was stored, so one that says anything else than what is stored later
    is wrong, whichever version it names. What is stored no longer was deleted: in the version that deletions
    are told in. Of what is `unreadable` nothing is known.
    """
    found: list[tuple[str, Said | None, Said]] = []
    for each in sorted((known.keys() | truth.keys()) - set(unreadable)):
        before, after = known.get(each), truth.get(each)
        if after is None and before is not None and not before.gone:
            after = before.deleted()
        if after is not None and after != before:
            found.append((each, before, after))
    return found
