"""What remains of many candidates for one record: the steps by which it rose. Plain functions, no AWS.

A staircase depends only on the set of its candidates: they may come in any order, in any grouping and twice.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NamedTuple

MOST_STEPS = 1000  # of a stored record; with them its item stays below DynamoDB's 400 KB


class Subject(NamedTuple):
    """What a record is one of: its kind, and a type, an exercise, … as its key spells it."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Step:
    """A value reached by the workout or session `owner`, which started at `started_at` (UTC, as text)."""

    started_at: str
    owner: str
    value: Decimal
    workout_id: str | None = None
    session_id: str | None = None
    import_id: str | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A value that may be a record of `subject`, which people call `label`."""

    subject: Subject
    label: str
    unit: str
    step: Step
    less_is_better: bool = False


@dataclass(frozen=True, slots=True)
class Staircase:
    """The steps of one subject, chronologically, each strictly better than all before it.

    The first is the baseline and no record; the last is the current best and gives the label. Of equal values
    the earliest stands. `version` is that of the stored item, 0 where there is none.
    """

    subject: Subject
    label: str
    unit: str
    less_is_better: bool = False
    steps: tuple[Step, ...] = ()
    version: int = 0

    @property
    def best(self) -> Step | None:
        """The current best."""
        return self.steps[-1] if self.steps else None

    @property
    def record(self) -> Step | None:
        """The current best where it is more than a baseline."""
        return self.steps[-1] if len(self.steps) > 1 else None

    def with_candidates(self, candidates: Iterable[Candidate]) -> Staircase:
        """The staircase with the candidates of its subject, each in place of what its owner had before."""
        found = list(candidates)
        fresh = {each.step.owner for each in found}
        kept = [step for step in self.steps if step.owner not in fresh]
        steps = climbed([*kept, *(each.step for each in found)], less_is_better=self.less_is_better)
        labels = {each.step: each.label for each in found}
        return replace(self, steps=thinned(steps), label=labels.get(steps[-1], self.label) if steps else "")

    def needs_history(self, owner: str, now: Step | None) -> bool:
        """Whether others may rise to this staircase once `owner` has `now` in place of its step here.

        Where the owner stands no lower than before, at the same time, nothing that it hid can come forth.
        """
        return any(
            now is None
            or now.started_at != step.started_at
            or is_better(step.value, now.value, less_is_better=self.less_is_better)
            for step in self.steps
            if step.owner == owner
        )

    def same_as(self, other: Staircase) -> bool:
        """Whether both say the same, whatever their versions."""
        return replace(self, version=0) == replace(other, version=0)


def is_better(value: Decimal, other: Decimal, *, less_is_better: bool) -> bool:
    """Whether `value` is strictly better than `other`."""
    return value < other if less_is_better else value > other


def climbed(steps: Iterable[Step], *, less_is_better: bool) -> tuple[Step, ...]:
    """Those of `steps` that are strictly better than all before them, chronologically."""
    found: list[Step] = []
    for step in sorted(steps, key=_order):
        if not found or is_better(step.value, found[-1].value, less_is_better=less_is_better):
            found.append(step)
    return tuple(found)


def thinned(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The baseline and the newest of `steps`, where there are more than an item should hold."""
    return steps if len(steps) <= MOST_STEPS else (steps[0], *steps[1 - MOST_STEPS :])


class Climb:
    """Staircases of a whole history that passes by once; memory holds their steps only."""

    def __init__(self) -> None:
        self._steps: dict[Subject, list[Step]] = {}
        self._last: dict[Subject, Candidate] = {}

    def add(self, candidate: Candidate) -> None:
        """Take one more candidate."""
        subject, step = candidate.subject, candidate.step
        steps = self._steps.setdefault(subject, [])
        less = candidate.less_is_better
        if not steps or (
            _order(step) > _order(steps[-1]) and is_better(step.value, steps[-1].value, less_is_better=less)
        ):
            steps.append(step)
        elif _order(step) < _order(steps[-1]):
            insort(steps, step, key=_order)
            steps[:] = climbed(steps, less_is_better=less)
        if steps[-1] is step:
            self._last[subject] = candidate

    def staircases(self) -> dict[Subject, Staircase]:
        """What the candidates so far amount to."""
        return {
            subject: Staircase(
                subject, last.label, last.unit, last.less_is_better, thinned(tuple(self._steps[subject]))
            )
            for subject, last in self._last.items()
        }


def _order(step: Step) -> tuple[str, str]:
    return step.started_at, step.owner
