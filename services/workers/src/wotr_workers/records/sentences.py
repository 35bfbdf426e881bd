"""Records as a person reads them. Plain functions."""

from __future__ import annotations

from decimal import Decimal

from wotr_workers.records.candidates import (
    BEST_E1RM,
    BIGGEST_VOLUME,
    FASTEST_PACE,
    HEAVIEST_WEIGHT,
    KILOGRAMS,
    LONGEST_30_DAYS,
    LONGEST_DISTANCE,
    LONGEST_DURATION,
    METRES,
    MINUTES,
    MOST_REPS,
    PACE,
)
from wotr_workers.records.staircase import Staircase

_TITLES = {
    LONGEST_DURATION: "Longest {}",
    LONGEST_DISTANCE: "Farthest {}",
    FASTEST_PACE: "Fastest {}",
    HEAVIEST_WEIGHT: "Heaviest {}",
    MOST_REPS: "Most repetitions of {}",
    BEST_E1RM: "Best estimated maximum of {}",
    BIGGEST_VOLUME: "Biggest volume of a {}",
    LONGEST_30_DAYS: "Longest {} of 30 days",
}
_LEAST_HELP = "Least help with {}"


def sentence(staircase: Staircase) -> str:
    """The current record of a staircase that has one: `Longest run: 1 h 5 min (before: 58 min)`."""
    *_, before, best = staircase.steps
    return told(
        staircase.subject.kind,
        staircase.label,
        best.value,
        before.value,
        staircase.unit,
        less_is_better=staircase.less_is_better,
    )


def told(
    kind: str, label: str, value: Decimal, previous: Decimal, unit: str, *, less_is_better: bool = False
) -> str:
    """A record in words; `value` and `previous` in `unit`."""
    title = _LEAST_HELP if kind == HEAVIEST_WEIGHT and less_is_better else _TITLES[kind]
    return f"{title.format(label)}: {shown(value, unit)} (before: {shown(previous, unit)})"


def shown(value: Decimal, unit: str) -> str:
    """`value` with its unit, in the form that people use: `1 h 5 min`, `10.5 km`, `4:59 min/km`, `100 kg`."""
    if unit == MINUTES:
        return _time(value)
    if unit == METRES:
        return f"{_plain(value)} m" if value < 1000 else f"{_plain(value / 1000)} km"
    if unit == PACE:
        seconds = round(value)
        return f"{seconds // 60}:{seconds % 60:02} min/km"
    return f"{_plain(value)} kg" if unit == KILOGRAMS else _plain(value)


def _time(minutes: Decimal) -> str:
    seconds = round(minutes * 60)
    hours, rest = divmod(seconds, 3600)
    parts = ((hours, "h"), (rest // 60, "min"), (rest % 60 if not hours else 0, "s"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "0 s"


def _plain(value: Decimal) -> str:
    text = f"{value:.3f}"
    return text.rstrip("0").rstrip(".")
