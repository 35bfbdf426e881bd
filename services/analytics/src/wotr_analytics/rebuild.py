"""Read models brought to what is stored, athlete by athlete, while events go on changing both.

Markers are read before the system of record: what a marker says was stored before it, so a record that says
something else later is right. They are written as the projector writes them, on top of what was read, and
whatever changed meanwhile is read again. Totals and views are then compared with all markers and corrected.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict, Field

from wotr_analytics import recent_sessions, totals
from wotr_analytics.settling import TRIES, NotApplied, Refused, Settled, apply_each, corrections, pause
from wotr_analytics.store import Record, Table, Views
from wotr_analytics.totals import Amounts
from wotr_common import keys
from wotr_common.observability import logger

View = Literal["totals", "recent-sessions"]
VIEWS: tuple[View, ...] = ("totals", "recent-sessions")
_BUSY = {
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ThrottlingException",
    "InternalServerError",
}


class Place(BaseModel):
    """How far a walk over all athletes is: behind partition `after` of the record, or of the views."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    walk: Literal["record", "views"] = "record"
    after: str | None = None


class Asked(BaseModel):
    """What to rebuild: some views, of one `user` or of everybody from `place` on, for some `seconds`."""

    model_config = ConfigDict(extra="forbid")

    views: Annotated[list[View], Field(min_length=1)] = list(VIEWS)
    user: str | None = None
    place: Place = Place()
    # Short, so that whoever asks sees it move. The function's timeout is for a long history that comes last.
    seconds: Annotated[float, Field(ge=0, le=60)] = 20


class Rebuilt(BaseModel):
    """What was done, and where to go on (None: it is done).

    `changed` counts what was wrong: markers of workouts and sessions, totals, views. `failed` are athletes
    who changed too fast or whom DynamoDB was too busy for; `set_aside` is what cannot be read or stored.
    """

    place: Place | None = None
    users: int = 0
    changed: dict[str, int] = Field(default_factory=dict)
    failed: dict[str, str] = Field(default_factory=dict)
    set_aside: dict[str, str] = Field(default_factory=dict)


@dataclass(slots=True)
class Rebuilder:
    """Rebuilds views from the record; `pause` waits before a retry."""

    record: Record
    views: Views
    pause: Callable[[int], None] = pause
    changed: Counter[str] = field(default_factory=Counter)
    failed: dict[str, str] = field(default_factory=dict)
    set_aside: dict[str, str] = field(default_factory=dict)
    users: int = 0

    def run(self, asked: Asked, time_left: Callable[[], bool]) -> Rebuilt:
        """Do what is `asked` while there is `time_left`, but one step at least."""
        place: Place | None = asked.place
        if asked.user is not None:
            self.user(asked.user, asked.views)
            place = None
        while place is not None:
            place = self._step(place, asked.views)
            if not time_left():
                break
        return Rebuilt(
            place=place,
            users=self.users,
            changed={what: count for what, count in self.changed.items() if count},
            failed=self.failed,
            set_aside=self.set_aside,
        )

    def user(self, user_id: str, views: list[View]) -> None:
        """Rebuild one athlete's views; what does not work out is noted and costs nobody else."""
        self.users += 1
        for view in views:
            work = self._totals if view == "totals" else self._recent_sessions
            reason = self._tried(work, user_id)
            if reason is not None:
                self.failed[user_id] = f"{view}: {reason}"
                logger.warning("view not rebuilt", user_id=user_id, view=view, reason=reason)

    def _step(self, place: Place, views: list[View]) -> Place | None:
        """One partition of the walk. Whoever has nothing stored is found by what views say of them."""
        table: Table = self.record.table if place.walk == "record" else self.views.table
        pk = table.next_partition(place.after)
        if pk is None:
            return Place(walk="views") if place.walk == "record" else None
        try:
            user_id = keys.user_of(pk)
        except ValueError:  # a partition of something else, such as an import's
            user_id = ""
        if user_id and (place.walk == "record" or not self.record.knows(user_id)):
            self.user(user_id, views)
        return Place(walk=place.walk, after=pk)

    def _tried(self, work: Callable[[str], None], user_id: str) -> str | None:
        """None once `work` was done, else the last reason why not."""
        reason = None
        for retry in range(TRIES):
            if retry:
                self.pause(retry)
            try:
                work(user_id)
                return None
            except NotApplied as error:
                reason = str(error)
            except Refused as error:
                return str(error)
            except ClientError as error:
                if error.response["Error"]["Code"] not in _BUSY:
                    raise
                reason = str(error)
        return reason

    def _totals(self, user_id: str) -> None:
        known = self.views.all_markers(user_id)
        stored = self.record.workouts(user_id)
        self._unreadable(user_id, "workout", stored.unreadable)
        steps = [totals.Step(*each) for each in corrections(known, stored.said, stored.unreadable)]
        settled: Settled[totals.WorkoutRef, totals.Change] = Settled()
        apply_each(totals.parted(user_id, steps), self.views.apply, settled)
        self._note("workouts", settled)
        before = self.views.all_markers(user_id)
        found = self.views.totals(user_id)
        if self.views.all_markers(user_id) != before:
            raise NotApplied("its workouts change faster than they are read")
        # No marker changed from the first reading to the last, so the totals in between belong to these.
        # What comes later adds to them, and a total that is still the same is off by the same.
        wanted = totals.sums(before.values())
        for subject in sorted(wanted.keys() | found.keys()):
            self.changed["totals"] += self.views.correct_total(
                user_id, subject, wanted.get(subject, Amounts()), found.get(subject)
            )

    def _recent_sessions(self, user_id: str) -> None:
        known = self.views.recent.all_markers(user_id)
        stored = self.record.sessions(user_id)
        self._unreadable(user_id, "session", stored.unreadable)
        steps = [recent_sessions.Step(*each) for each in corrections(known, stored.said, stored.unreadable)]
        settled: Settled[recent_sessions.SessionRef, recent_sessions.Change] = Settled()
        apply_each(recent_sessions.parted(user_id, steps), self.views.recent.apply, settled)
        self._note("sessions", settled)
        self.changed["views"] += self.views.recent.correct_view(user_id)

    def _note(self, what: str, settled: Settled[Any, Any]) -> None:
        self.changed[what] += sum(len(change.refs()) for change in settled.applied)
        for ref, reason in settled.refused.items():
            self._aside("/".join(ref), reason)
        if settled.failed:
            raise NotApplied(next(iter(settled.failed.values())))

    def _unreadable(self, user_id: str, what: str, ids: list[str]) -> None:
        for each in ids:
            self._aside(f"{user_id}/{each}", f"what is stored is no {what}; its marker stays as it is")

    def _aside(self, name: str, reason: str) -> None:
        if self.set_aside.setdefault(name, reason) is reason:
            logger.error("left out of a view", subject=name, reason=reason)
