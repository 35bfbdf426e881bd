"""What workouts add to their athlete's totals, and what events change in them. Plain functions, no AWS.

Each workout has a marker that says in which version it was counted and with what. An event changes something
only where its version is newer, and then by the difference to what was counted: duplicates and late arrivals
change nothing, and an edit or a deletion takes back exactly what stood before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple

from wotr_analytics.settling import TRANSACTION_ITEMS, is_news
from wotr_common.events import WorkoutData
from wotr_common.keys import iso_week
from wotr_common.versions import last_version


class WorkoutRef(NamedTuple):
    """Which workout: ids are unique within a user only."""

    user_id: str
    workout_id: str


class Subject(NamedTuple):
    """Which total: `("ALL", "")`, `("TYPE", "run")` or `("WEEK", "2026-W47")`."""

    kind: str
    subject: str


@dataclass(frozen=True, slots=True)
class Amounts:
    """What totals hold: a count, minutes, kilocalories, metres."""

    workouts: int = 0
    minutes: Decimal = Decimal(0)
    calories: Decimal = Decimal(0)
    distance_m: Decimal = Decimal(0)

    def __add__(self, other: Amounts) -> Amounts:
        return Amounts(
            self.workouts + other.workouts,
            self.minutes + other.minutes,
            self.calories + other.calories,
            self.distance_m + other.distance_m,
        )

    def __neg__(self) -> Amounts:
        return Amounts(-self.workouts, -self.minutes, -self.calories, -self.distance_m)


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one workout adds, and to which totals; `week` is the ISO week of its start in UTC."""

    type: str
    week: str
    amounts: Amounts

    def subjects(self) -> tuple[Subject, ...]:
        """The totals that it adds to."""
        return Subject("ALL", ""), Subject("TYPE", self.type), Subject("WEEK", self.week)


@dataclass(frozen=True, slots=True)
class Counted:
    """A workout in one version, as an event says it or a marker keeps it; without contribution: deleted."""

    version: int
    contribution: Contribution | None

    @property
    def gone(self) -> bool:
        """Whether it was deleted."""
        return self.contribution is None

    def deleted(self) -> Counted:
        """What its deletion says."""
        return Counted(last_version(self.version), None)


@dataclass(frozen=True, slots=True)
class Step:
    """One workout on its way from what its marker says (None: nothing yet) to what an event says."""

    workout_id: str
    before: Counted | None
    after: Counted

    def touched(self) -> set[Subject]:
        """The totals that may change."""
        both = (self.before.contribution if self.before else None, self.after.contribution)
        return {subject for contribution in both if contribution for subject in contribution.subjects()}

    def deltas(self) -> Iterable[tuple[Subject, Amounts]]:
        """What to add to which totals."""
        old, new = self.before.contribution if self.before else None, self.after.contribution
        if old:
            yield from ((subject, -old.amounts) for subject in old.subjects())
        if new:
            yield from ((subject, new.amounts) for subject in new.subjects())


@dataclass(frozen=True, slots=True)
class Change:
    """Steps of one user that are taken together or not at all, and what they add to the user's totals."""

    user_id: str
    steps: tuple[Step, ...]
    deltas: Mapping[Subject, Amounts] = field(init=False)

    def __post_init__(self) -> None:
        sums: dict[Subject, Amounts] = {}
        for subject, amounts in (delta for step in self.steps for delta in step.deltas()):
            sums[subject] = sums.get(subject, Amounts()) + amounts
        object.__setattr__(self, "deltas", {key: total for key, total in sums.items() if total != Amounts()})

    def refs(self) -> list[WorkoutRef]:
        """The workouts that it counts."""
        return [WorkoutRef(self.user_id, step.workout_id) for step in self.steps]

    def first_counted(self) -> Amounts:
        """The sum over workouts that were never counted before."""
        new = (step.after.contribution for step in self.steps if step.before is None)
        return sum((contribution.amounts for contribution in new if contribution), Amounts())

    def halves(self) -> tuple[Change, Change]:
        """The same in two parts, to find the step that spoils it."""
        middle = len(self.steps) // 2
        return Change(self.user_id, self.steps[:middle]), Change(self.user_id, self.steps[middle:])


def contribution(data: WorkoutData) -> Contribution:
    """What the workout of an event adds to its athlete's totals."""
    return Contribution(
        type=data.type,
        week=iso_week(data.started_at),
        amounts=Amounts(
            workouts=1,
            minutes=data.duration_min,
            calories=data.calories_burned or Decimal(0),
            distance_m=data.distance_m or Decimal(0),
        ),
    )


def changes(
    known: Mapping[WorkoutRef, Counted | None],
    said: Mapping[WorkoutRef, Counted],
    most: int = TRANSACTION_ITEMS,
) -> list[Change]:
    """What has to change for the totals to hold what was `said`, given the markers that are `known`.

    A workout of which `known` has no entry is left out. No change touches more than `most` items, markers
    and totals together; workouts of one week stay together, so that few totals are touched twice.
    """
    steps = sorted(
        (ref, Step(ref.workout_id, known[ref], counted))
        for ref, counted in said.items()
        if ref in known and is_news(known[ref], counted)
    )
    return [
        change
        for user_id, group in groupby(steps, key=lambda entry: entry[0].user_id)
        for change in parted(user_id, [step for _, step in group], most)
    ]


def parted(user_id: str, steps: Sequence[Step], most: int = TRANSACTION_ITEMS) -> list[Change]:
    """`steps` of one user as changes of at most `most` items each, markers and totals together."""
    return [Change(user_id, part) for part in _parts(steps, most)]


def sums(counted: Iterable[Counted]) -> dict[Subject, Amounts]:
    """The totals of one user of whom this is `counted`; those that nothing adds to are left out."""
    found: dict[Subject, Amounts] = {}
    for contribution in (each.contribution for each in counted if each.contribution):
        for subject in contribution.subjects():
            found[subject] = found.get(subject, Amounts()) + contribution.amounts
    return found


def _parts(steps: Sequence[Step], most: int) -> Iterable[tuple[Step, ...]]:
    part: list[Step] = []
    touched: set[Subject] = set()
    for step in steps:
        together = touched | step.touched()
        if part and len(part) + 1 + len(together) > most:
            yield tuple(part)
            part, together = [], step.touched()
        part.append(step)
        touched = together
    if part:
        yield tuple(part)
