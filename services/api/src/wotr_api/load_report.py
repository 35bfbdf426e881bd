"""GET /me/load: an athlete's workouts as daily loads, in the metric that says most about them."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import islice
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from wotr_api import load
from wotr_common.changes import ProfileFields
from wotr_common.problems import FieldError, invalid
from wotr_common.workout import Record

Metric = Literal["session_rpe", "trimp", "volume"]
METRICS: tuple[Metric, ...] = ("session_rpe", "trimp", "volume")
UNITS: dict[Metric, str] = {
    "session_rpe": "RPE x minutes",
    "trimp": "TRIMP (weighted minutes)",
    "volume": "kg",
}
USUAL_DAYS = 42
MOST_DAYS = 366
LEAD = timedelta(days=365)  # after it, what was before counts less than 0.02 %: (1 - 1/42)^365
_DAY = timedelta(days=1)
# A warning names the field that looks odd: a forgotten timer makes no training, but the kilograms stay true.
_STANDS_ON: dict[Metric, frozenset[str]] = {
    "session_rpe": frozenset({"startedAt", "durationMin"}),  # an odd exertion is a low one, and harmless
    "trimp": frozenset({"startedAt", "durationMin", "avgHeartRate"}),
    "volume": frozenset({"startedAt", "weightKg", "reps"}),
}


@dataclass(frozen=True, slots=True)
class Effort:
    """What a workout says about its load: minutes, RPE, beats per minute, kilograms; None: it does not."""

    started_at: datetime
    duration_min: Decimal | None = None
    rpe: Decimal | None = None
    avg_heart_rate: Decimal | None = None
    volume_kg: Decimal | None = None
    warnings: tuple[str, ...] = ()


class Coverage(Record):
    """Of how many workouts of the days each metric knows the load."""

    workouts: int
    session_rpe: int = Field(description="with duration and RPE")
    trimp: int = Field(description="with duration and heart rate; 0 where the profile lacks what it needs")
    volume: int = Field(description="with weight lifted")
    left_out: int = Field(description="not counted in the metric, because what it is made of looks odd")


class LoadDay(Record):
    """One day on the athlete's clock."""

    date: date
    load: float = Field(description="in the metric that was chosen")
    session_rpe: float
    trimp: float | None = Field(description="null where the profile lacks sex, resting or maximal heart rate")
    volume_kg: float
    fitness: float = Field(description="exponentially weighted load, 42 days")
    fatigue: float = Field(description="exponentially weighted load, 7 days")
    form: float = Field(description="yesterday's fitness less yesterday's fatigue")
    monotony: float | None = Field(
        description="mean of seven days by their population standard deviation; null where all are alike"
    )
    strain: float | None = Field(description="load of seven days times monotony")
    acute_chronic: float | None = Field(
        description="ratio of exponentially weighted averages, 7 to 28 days; null where there was no load. "
        "It describes and does not predict injury"
    )


class Load(Record):
    """Load by day, oldest first. It describes what was done; it predicts nothing."""

    metric: Metric
    unit: str
    timezone: str = Field(description="of the days: the profile's, otherwise UTC")
    seed: str = Field(description="what the exponentially weighted values began with")
    coverage: Coverage
    days: tuple[LoadDay, ...]


@dataclass(frozen=True, slots=True)
class Stretch:
    """The days that were asked for, both included, on the clock of `zone`."""

    first: date
    last: date
    zone: ZoneInfo

    @property
    def seeded(self) -> date:
        """The day from which workouts are read."""
        return self.first - LEAD

    def instants(self) -> tuple[datetime, datetime]:
        """Start (included) and end (excluded), in UTC, of the workouts that count."""
        return self._midnight(self.seeded), self._midnight(self.last + _DAY)

    def day_of(self, at: datetime) -> date:
        """The day of an instant."""
        return at.astimezone(self.zone).date()

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), self.zone).astimezone(UTC)


def stretch(start: date | None, end: date | None, zone: str | None, now: datetime) -> Stretch:
    """The days from `start` to `end`: by default the last 42, up to today in `zone` (None: UTC).

    Problem 422 where they are out of order or more than 366.
    """
    place = ZoneInfo(zone or "UTC")
    last = end or now.astimezone(place).date()
    first = start or last - timedelta(days=USUAL_DAYS - 1)
    if first > last:
        raise invalid([FieldError("from", f"must not be later than to, {last}")])
    if (last - first).days >= MOST_DAYS:
        raise invalid(
            [FieldError("from", f"asks for more than {MOST_DAYS} days up to {last}; ask in pieces")]
        )
    return Stretch(first, last, place)


def reserve(profile: ProfileFields | None) -> load.Reserve | None:
    """What TRIMP needs of the athlete; None where the profile does not say it all, or contradicts itself."""
    if profile is None or not (profile.sex and profile.resting_heart_rate and profile.max_heart_rate):
        return None
    resting, maximum = float(profile.resting_heart_rate), float(profile.max_heart_rate)
    return load.Reserve(profile.sex, resting, maximum) if resting < maximum else None


def report(
    efforts: Iterable[Effort], asked: Stretch, profile: ProfileFields | None, metric: Metric | None
) -> Load:
    """The answer about `efforts`, in any order; without `metric`, the one that covers most workouts."""
    heart = reserve(profile)
    loads = _Loads(asked)
    for effort in efforts:
        loads.add(effort, measured(effort, heart))
    chosen = loads.widest() if metric is None else metric
    return Load(
        metric=chosen,
        unit=UNITS[chosen],
        timezone=asked.zone.key,
        seed=f"fitness, fatigue and acuteChronic begin with 0 on {asked.seeded}, {LEAD.days} days before the "
        "first day; what came before that would count less than 0.02 %",
        coverage=Coverage(**loads.covered, workouts=loads.workouts, left_out=loads.left_out[chosen]),
        days=tuple(_days(loads, chosen, with_trimp=heart is not None)),
    )


def measured(effort: Effort, heart: load.Reserve | None) -> dict[Metric, float]:
    """The load of one workout in each metric for which it says enough."""
    found: dict[Metric, float] = {}
    if effort.duration_min is not None:
        minutes = float(effort.duration_min)
        if effort.rpe is not None:
            found["session_rpe"] = load.session_rpe(float(effort.rpe), minutes)
        if effort.avg_heart_rate is not None and heart is not None:
            found["trimp"] = load.trimp(minutes, float(effort.avg_heart_rate), heart)
    if effort.volume_kg:  # bodyweight alone lifts no kilograms that could be told
        found["volume"] = float(effort.volume_kg)
    return found


class _Loads:
    """Loads by metric and day, and how many workouts of the days that were asked for they stand for."""

    def __init__(self, asked: Stretch) -> None:
        self.asked = asked
        self.workouts = 0
        self.covered: dict[str, int] = dict.fromkeys(METRICS, 0)
        self.left_out: Counter[Metric] = Counter()
        self._by_day: dict[Metric, dict[date, list[float]]] = {name: defaultdict(list) for name in METRICS}

    def add(self, effort: Effort, loads: Mapping[Metric, float]) -> None:
        """Count one workout."""
        day = self.asked.day_of(effort.started_at)
        within = self.asked.first <= day <= self.asked.last
        odd = {warning.partition(":")[0] for warning in effort.warnings}
        self.workouts += within
        for metric, value in loads.items():
            if odd & _STANDS_ON[metric]:
                self.left_out[metric] += within
            else:
                self.covered[metric] += within
                self._by_day[metric][day].append(value)

    def widest(self) -> Metric:
        """The metric that covers most workouts, of equals the first."""
        return max(METRICS, key=lambda metric: self.covered[metric])

    def on(self, metric: Metric, day: date) -> float:
        """The load of a day, whatever the order of its workouts."""
        return math.fsum(self._by_day[metric].get(day, ()))


def _days(loads: _Loads, metric: Metric, *, with_trimp: bool) -> Iterable[LoadDay]:
    asked = loads.asked
    dates = [asked.seeded + _DAY * number for number in range((asked.last - asked.seeded).days + 1)]
    found = zip(dates, load.series(loads.on(metric, day) for day in dates), strict=True)
    for day, said in islice(found, LEAD.days, None):
        yield LoadDay(
            date=day,
            load=_rounded(said.load, 1),
            session_rpe=_rounded(loads.on("session_rpe", day), 1),
            trimp=_rounded(loads.on("trimp", day), 1) if with_trimp else None,
            volume_kg=_rounded(loads.on("volume", day), 3),
            fitness=_rounded(said.fitness, 1),
            fatigue=_rounded(said.fatigue, 1),
            form=_rounded(said.form, 1),
            monotony=None if said.monotony is None else _rounded(said.monotony, 2),
            strain=None if said.strain is None else _rounded(said.strain, 1),
            acute_chronic=None if said.acute_chronic is None else _rounded(said.acute_chronic, 2),
        )


def _rounded(value: float, digits: int) -> float:
    return round(value, digits) + 0.0  # + 0: zero has no sign
