"""Jefit's packed texts: the sets of an exercise in one field, `50.0x15,50.0x12`, in the athlete's unit."""

from __future__ import annotations

import re
from typing import NamedTuple

_PAIR = re.compile(r"\s*(?P<weight>-?[\d.]+)\s*[x×X*]\s*(?P<reps>-?[\d.]+)\s*")
_CARDIO = 5  # texts of calories, distance, speed, laps and seconds, each behind a weight of 0
_ZERO = "0."


class Packed(NamedTuple):
    """What a packed text says: pairs of weight and repetitions, or the distance and seconds of cardio.

    `bad` are the parts of it that are neither.
    """

    sets: tuple[tuple[str, str], ...]
    bad: tuple[str, ...] = ()
    cardio: tuple[str, str] | None = None


def packed(text: str) -> Packed:
    """What is packed in `text`; pairs of 0 with 0 only hold a place and are left out."""
    parts = [part for part in text.split(",") if part.strip()]
    matches = [_PAIR.fullmatch(part) for part in parts]
    pairs = [(match["weight"], match["reps"]) for match in matches if match]
    if len(pairs) == len(parts) == _CARDIO and _is_cardio(pairs):
        return Packed((), cardio=(pairs[1][1], pairs[4][1]))
    return Packed(
        tuple((weight, reps) for weight, reps in pairs if weight.strip(_ZERO) or reps.strip(_ZERO)),
        tuple(part.strip() for part, match in zip(parts, matches, strict=True) if not match),
    )


def _is_cardio(pairs: list[tuple[str, str]]) -> bool:
    """Five real sets of bodyweight have repetitions each; cardio leaves out what it does not know."""
    values = [reps.strip(_ZERO) for _weight, reps in pairs]
    return not any(weight.strip(_ZERO) for weight, _reps in pairs) and any(values) and not all(values)
