"""An athlete's newest completed sessions, and what events change in them. Plain functions, no AWS.

Each session has a marker that says in which version the view knows it, and how the view would show it. The
view follows from the markers alone: the newest of them that are not deleted, and a fingerprint of all. No
time of writing is in it, so that the same events give the same bytes again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from hashlib import blake2b
from itertools import groupby
from operator import xor
from typing import Any, NamedTuple

from wotr_analytics.settling import TRANSACTION_ITEMS, is_news
from wotr_common.events import SessionData
from wotr_common.versions import last_version

SHOWN = 10
# What may change without a new version (workoutId, importId) cannot be kept right by versions: not here.
_FIELDS = {"session_id", "version", "type", "started_at", "title", "duration_min", "rpe", "sets", "volume_kg"}

Summary = Mapping[str, Any]  # how the view shows a session; numbers are int or Decimal


class SessionRef(NamedTuple):
    """Which session: ids are unique within a user only."""

    user_id: str
    session_id: str


@dataclass(frozen=True, slots=True)
class Seen:
    """A session in one version, as an event says it or a marker keeps it; without summary: deleted."""

    version: int
    summary: Summary | None

    @property
    def gone(self) -> bool:
        """Whether it was deleted."""
        return self.summary is None

    def deleted(self) -> Seen:
        """What its deletion says."""
        return Seen(last_version(self.version), None)


@dataclass(frozen=True, slots=True)
class Step:
    """One session on its way from what its marker says (None: nothing yet) to what is said of it."""

    session_id: str
    before: Seen | None
    after: Seen


@dataclass(frozen=True, slots=True)
class Change:
    """Steps of one user that are taken together or not at all; the view is written with them."""

    user_id: str
    steps: tuple[Step, ...]

    def refs(self) -> list[SessionRef]:
        """The sessions that it concerns."""
        return [SessionRef(self.user_id, step.session_id) for step in self.steps]

    def halves(self) -> tuple[Change, Change]:
        """The same in two parts, to find the step that spoils it."""
        middle = len(self.steps) // 2
        return Change(self.user_id, self.steps[:middle]), Change(self.user_id, self.steps[middle:])


@dataclass(frozen=True, slots=True)
class View:
    """The newest sessions, newest first, and a fingerprint of all sessions that there are.

    The fingerprint also changes with a session that is not shown. So whoever writes the view on top of the
    fingerprint that they read knows that no session came or went meanwhile.
    """

    sessions: tuple[Summary, ...] = ()
    fingerprint: int = 0


def summary(data: SessionData) -> Summary:
    """How the view shows the session of an event; what is not known is left out."""
    return data.model_dump(by_alias=True, exclude_none=True, include=_FIELDS)


def changes(
    known: Mapping[SessionRef, Seen | None],
    said: Mapping[SessionRef, Seen],
    most: int = TRANSACTION_ITEMS,
) -> list[Change]:
    """What has to change for the view to hold what was `said`, given the markers that are `known`.

    A session of which `known` has no entry is left out. No change touches more than `most` items, the view
    among them.
    """
    steps = sorted(
        (ref, Step(ref.session_id, known[ref], seen))
        for ref, seen in said.items()
        if ref in known and is_news(known[ref], seen)
    )
    return [
        change
        for user_id, group in groupby(steps, key=lambda entry: entry[0].user_id)
        for change in parted(user_id, [step for _, step in group], most)
    ]


def parted(user_id: str, steps: Sequence[Step], most: int = TRANSACTION_ITEMS) -> list[Change]:
    """`steps` of one user as changes of at most `most` items each, the view among them."""
    return [
        Change(user_id, tuple(steps[start : start + most - 1])) for start in range(0, len(steps), most - 1)
    ]


def view_of(seen: Iterable[Seen]) -> View:
    """The view that follows from all of a user's markers."""
    shown = [each.summary for each in seen if each.summary is not None]
    return View(_newest(shown), reduce(xor, map(_hash, shown), 0))


def fingerprint_after(view: View, steps: Iterable[Step]) -> int:
    """The fingerprint of `view` once the steps are taken."""
    sides = (side for step in steps for side in (step.before, step.after))
    return reduce(xor, (_hash(side.summary) for side in sides if side and side.summary), view.fingerprint)


def sessions_after(view: View, steps: Sequence[Step]) -> tuple[Summary, ...] | None:
    """The newest sessions once the steps are taken; None where the view alone does not tell.

    That is when fewer are left than the view can show, and it was full: there may be others behind its last.
    """
    touched = {step.session_id for step in steps}
    stay = [each for each in view.sessions if each["sessionId"] not in touched]
    come = [step.after.summary for step in steps if step.after.summary is not None]
    if len(view.sessions) < SHOWN:
        return _newest([*stay, *come])
    last = view.sessions[-1]["sessionId"]
    certain = [each for each in (*stay, *come) if each["sessionId"] >= last]
    return _newest(certain) if len(certain) >= SHOWN else None


def sessions_among(markers: Iterable[tuple[str, Seen]], steps: Sequence[Step]) -> tuple[Summary, ...]:
    """The newest sessions once the steps are taken, from `markers` by session id, newest first.

    Takes no more of the markers than it needs.
    """
    touched = {step.session_id for step in steps}
    found = [step.after.summary for step in steps if step.after.summary is not None]
    others = 0
    for session_id, seen in markers:
        if session_id in touched or seen.summary is None:
            continue
        found.append(seen.summary)
        others += 1
        if others == SHOWN:
            break
    return _newest(found)


def _newest(sessions: Iterable[Summary]) -> tuple[Summary, ...]:
    return tuple(sorted(sessions, key=lambda each: str(each["sessionId"]), reverse=True)[:SHOWN])


def _hash(said: Summary) -> int:
    """64 bits of what is said, the same whether it comes from an event or from the table."""
    spelled = {
        name: f"{Decimal(value).normalize():f}" if isinstance(value, (int, Decimal)) else value
        for name, value in said.items()
    }
    text = json.dumps(spelled, sort_keys=True, ensure_ascii=False)
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest())
