"""Units as exports name them: in a column of their own, or in the name of the column that they are of."""

from __future__ import annotations

import re
from decimal import Decimal

from wotr_common.units import METRES, WeightUnit

_WEIGHTS: dict[WeightUnit, str] = {
    "kg": "kg kgs kilo kilos kilogram kilograms kilogramm kilogramme kilogrammes kilogramos 公斤 千克 кг",
    "lb": "lb lbs pound pounds pfund livres libras libbre pond 磅 фунт фунты",
}
_LENGTHS = {
    METRES["m"]: "m meter meters metre metres mètres metros metri 米 公尺 м",
    METRES[
        "km"
    ]: "km kms kilometer kilometers kilometre kilometres kilomètres kilómetros quilômetros 公里 км",
    METRES["mi"]: "mi mile miles meilen millas milhas miglia 英里 哩",
    Decimal("0.9144"): "yd yds yard yards 码",
    Decimal("0.3048"): "ft feet foot 英尺",
    Decimal("0.0254"): "in inch inches 英寸",
    Decimal("0.01"): "cm centimeter centimeters centimetres 厘米",
}
_WEIGHT_UNITS = {name: unit for unit, names in _WEIGHTS.items() for name in names.split()}
_METRES = {name: metres for metres, names in _LENGTHS.items() for name in names.split()}
_OPENING, _CLOSING = re.compile(r"[(\[]"), re.compile(r"[)\]]")


def weight_unit(name: str) -> WeightUnit | None:
    """The unit of weight called `name`, None where it is none that we know."""
    return _WEIGHT_UNITS.get(_bare(name))


def metres(name: str) -> Decimal | None:
    """How many metres the unit of distance called `name` has, None where it is none that we know."""
    return _METRES.get(_bare(name))


def divided(column: str) -> tuple[str, str]:
    """A column's plain name without the unit in it, and that unit: `weight (kg)`, `weight kg`, or just `kg`.

    The unit is empty where the name says none.
    """
    if column.endswith((")", "]")):
        *_, last = _CLOSING.split(column[:-1])
        of, *unit = _OPENING.split(last, maxsplit=1)
        if unit:
            return (column[: -1 - len(last)] + of).rstrip(), unit[0].strip()
    of, _, end = column.rpartition(" ")
    if of and (weight_unit(end) or metres(end)):
        return of, end
    if weight_unit(column):
        return "weight", column
    if metres(column):
        return "distance", column
    return column, ""


def _bare(name: str) -> str:
    return name.strip().casefold().rstrip(".")
