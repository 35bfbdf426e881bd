"""Kilometres or miles: what an export that does not say it gives away.

Strides are in metres whatever else an athlete has chosen: stride x steps a minute x minutes is 1000 a
kilometre, or 1609 a mile. A file without strides may still have degrees Fahrenheit, which Garmin shows to
those alone who have miles.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from wotr_common.units import METRES, DistanceUnit

_NEAR = 0.05  # of real strides, nine tenths are nearer to their unit
_MARGIN = 3  # times as many activities must speak for a unit as for the other
_ENOUGH = 100  # activities that speak for a unit: no more are asked
_HOTTEST_C = 57  # the hottest air ever measured


@dataclass(slots=True)
class Evidence:
    """How many activities speak for each unit, and how many for the degrees that go with miles."""

    km: int = 0
    mi: int = 0
    hot: int = 0
    mild: int = 0

    def walked(self, metres: Iterable[float]) -> None:
        """Take what strides make of one unit of distance; some of it may be of another cadence than steps."""
        metres = list(metres)
        self.km += any(_near(each, "km") for each in metres)
        self.mi += any(_near(each, "mi") for each in metres)

    def degrees(self, warmest: float) -> None:
        """Take the highest temperature of an activity, 0 where there is none."""
        self.hot += warmest > _HOTTEST_C
        self.mild += 0 < warmest <= _HOTTEST_C

    @property
    def enough(self) -> bool:
        """Whether no more activities need to be asked."""
        return max(self.km, self.mi) >= _ENOUGH and self.unit is not None

    @property
    def unit(self) -> DistanceUnit | None:
        """The unit for which they speak by a clear margin, None where they do not."""
        if self.km > self.mi * _MARGIN:
            return "km"
        if self.mi > self.km * _MARGIN or self.hot > self.mild:
            return "mi"
        return None


def _near(metres: float, unit: DistanceUnit) -> bool:
    return abs(metres / float(METRES[unit]) - 1) < _NEAR
