"""Training load: what one workout costs, and what follows from a series of days. Plain functions.

Everything here describes what was done. None of it predicts form or injury, and its numbers are comparable
only within one athlete and one metric.
"""

from __future__ import annotations

import math
import statistics
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

Sex = Literal["female", "male"]

FITNESS_DAYS = 42
FATIGUE_DAYS = 7
WEEK = 7
ACUTE_DAYS = 7
CHRONIC_DAYS = 28
_WEIGHTING: dict[Sex, tuple[float, float]] = {"male": (0.64, 1.92), "female": (0.86, 1.67)}


@dataclass(frozen=True, slots=True)
class Reserve:
    """What a heart rate is measured by; rates in beats per minute, `maximum` above `resting`."""

    sex: Sex
    resting: float
    maximum: float


@dataclass(frozen=True, slots=True)
class Day:
    """One day's load, in the metric's unit, and what follows from it and the days before.

    `form` is known before the day's training: yesterday's fitness less yesterday's fatigue. `monotony` and
    `strain` are None for the first six days and where all seven are alike; `acute_chronic` is None until
    there was any load.
    """

    load: float
    fitness: float
    fatigue: float
    form: float
    monotony: float | None
    strain: float | None
    acute_chronic: float | None


def session_rpe(rpe: float, minutes: float) -> float:
    """Load of a workout in arbitrary units: perceived exertion (0 to 10) times minutes.

    Foster C. et al. (2001), A new approach to monitoring exercise training. J Strength Cond Res
    15(1):109-115.
    """
    return rpe * minutes


def trimp(minutes: float, average: float, reserve: Reserve) -> float:
    """Training impulse in arbitrary units: `min x 0.64 e^(1.92x)` for men, `min x 0.86 e^(1.67x)` for women.

    x is the part of the heart-rate reserve in use, `(average - resting) / (maximum - resting)`, held within 0
    and 1: an average outside the athlete's own limits tells of the limits, not of the effort.

    Banister E.W. (1991), Modeling elite athletic performance. In: Physiological Testing of Elite Athletes,
    Human Kinetics, 403-424.
    """
    used = (average - reserve.resting) / (reserve.maximum - reserve.resting)
    x = min(max(used, 0.0), 1.0)
    factor, exponent = _WEIGHTING[reserve.sex]
    return minutes * x * factor * math.exp(exponent * x)


def monotony(loads: Sequence[float]) -> float | None:
    """Mean of the loads divided by their standard deviation; None where they are all alike. Rest days are 0.

    Foster C. (1998), Monitoring training in athletes with reference to overtraining syndrome. Med Sci Sports
    Exerc 30(7):1164-1168. The standard deviation is the population's: the days are the whole week, not a
    sample of it, and the 1.26 of the diary printed in Foster 2001, table 5, comes out with it, not with the
    sample's (1.19).
    """
    spread = statistics.pstdev(loads)
    return statistics.fmean(loads) / spread if spread > 0 else None


def series(loads: Iterable[float]) -> Iterator[Day]:
    """What follows from the `loads` of successive days, each at least 0, the first preceded by nothing.

    Fitness (42 days) and fatigue (7 days) follow the load by `value += (load - value) / days`; this is the
    common exponentially weighted form of the impulse-response model of Banister E.W. et al. (1975), Aust J
    Sports Med 7:57-61. Strain is the week's load times its monotony (Foster 1998, as above). Acute:chronic is
    the ratio of two exponentially weighted averages with lambda = 2 / (N + 1), N = 7 and 28: Williams S. et
    al. (2017), Br J Sports Med 51(3):209-210, doi:10.1136/bjsports-2016-096589.
    """
    fitness = fatigue = acute = chronic = 0.0
    week: deque[float] = deque(maxlen=WEEK)
    for load in loads:
        form = fitness - fatigue
        fitness += (load - fitness) / FITNESS_DAYS
        fatigue += (load - fatigue) / FATIGUE_DAYS
        acute += (load - acute) * 2 / (ACUTE_DAYS + 1)
        chronic += (load - chronic) * 2 / (CHRONIC_DAYS + 1)
        week.append(load)
        even = monotony(week) if len(week) == WEEK else None
        yield Day(
            load=load,
            fitness=fitness,
            fatigue=fatigue,
            form=form,
            monotony=even,
            strain=None if even is None else math.fsum(week) * even,
            acute_chronic=acute / chronic if chronic > 0 else None,
        )
