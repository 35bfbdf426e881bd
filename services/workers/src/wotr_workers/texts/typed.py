"""In which unit a file has its weights and in which they were typed, where the numbers give it away.

Apps keep what was typed in one unit and export it in another with all digits: 20 kg become
44.09245243697551 lb. Such a number is round in one unit only, and says so beyond doubt.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from wotr_common.units import KILOGRAMS, WeightUnit
from wotr_workers.texts.figures import figure
from wotr_workers.texts.values import BadText

_STEP = Decimal("0.05")  # what people type are multiples of it: 13.75 kg, 72.2 kg, 2.5 lb
_SLACK = Decimal("0.000001")
_MOST = Decimal(10_000)
_BEYOND_DOUBT = 10  # times as many numbers that say so as say otherwise


def converted_from(value: Decimal) -> WeightUnit | None:
    """The unit from which `value` was converted to the other; None where it is round, or round in neither."""
    if _is_round(value) or not 0 < value < _MOST:
        return None
    if _is_round(value * KILOGRAMS["lb"]):
        return "kg"
    return "lb" if _is_round(value / KILOGRAMS["lb"]) else None


def exported_in(weights: Iterable[str]) -> WeightUnit | None:
    """The unit of a file with these weights, None where they do not tell."""
    votes: dict[WeightUnit, int] = {"kg": 0, "lb": 0}
    for text in weights:
        try:
            value = figure(text)
        except BadText:
            continue
        typed = converted_from(value) if value else None
        if typed:
            votes["lb" if typed == "kg" else "kg"] += 1
    pounds, kilograms = votes["lb"], votes["kg"]
    if pounds > _BEYOND_DOUBT * kilograms:
        return "lb"
    return "kg" if kilograms > _BEYOND_DOUBT * pounds else None


def _is_round(value: Decimal) -> bool:
    return abs(value - (value / _STEP).to_integral_value() * _STEP) <= _SLACK
