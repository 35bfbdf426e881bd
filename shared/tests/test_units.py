"""Units are exact by definition."""

from __future__ import annotations

from decimal import Decimal
from typing import get_args

from wotr_common.units import KILOGRAMS, METRES, DistanceUnit, WeightUnit


def test_pounds_and_miles_are_those_of_the_international_agreement() -> None:
    assert KILOGRAMS["lb"] == Decimal("0.45359237")
    assert METRES["mi"] == Decimal("1609.344")


def test_every_unit_can_be_converted() -> None:
    assert set(KILOGRAMS) == set(get_args(WeightUnit))
    assert set(METRES) == set(get_args(DistanceUnit))
