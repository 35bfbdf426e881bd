"""Units of weight and distance: what was typed in pounds or miles is converted once, exactly, at the edge."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

WeightUnit = Literal["kg", "lb"]
DistanceUnit = Literal["m", "km", "mi"]

KILOGRAMS: dict[WeightUnit, Decimal] = {"kg": Decimal(1), "lb": Decimal("0.45359237")}
METRES: dict[DistanceUnit, Decimal] = {"m": Decimal(1), "km": Decimal(1000), "mi": Decimal("1609.344")}
