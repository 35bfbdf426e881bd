"""Records as a person reads them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from wotr_workers.records.sentences import shown, told


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        ("65", "min", "1 h 5 min"),
        ("45.5", "min", "45 min 30 s"),
        ("120", "min", "2 h"),
        ("0.5", "min", "30 s"),
        ("400", "m", "400 m"),
        ("21097.5", "m", "21.098 km"),
        ("42000", "m", "42 km"),
        ("299.6", "s/km", "5:00 min/km"),
        ("102.5", "kg", "102.5 kg"),
        ("100", "kg", "100 kg"),
        ("1E+2", "kg", "100 kg"),
        ("12", "reps", "12"),
    ],
)
def test_a_value_is_shown_in_the_form_that_people_use(value: str, unit: str, text: str) -> None:
    assert shown(Decimal(value), unit) == text


@pytest.mark.parametrize(
    ("kind", "label", "unit", "text"),
    [
        ("longest_distance", "ride", "m", "Farthest ride: 2 m (before: 1 m)"),
        ("fastest_pace", "run over 5 km", "s/km", "Fastest run over 5 km: 0:02 min/km (before: 0:01 min/km)"),
        ("most_reps", "Dip at bodyweight", "reps", "Most repetitions of Dip at bodyweight: 2 (before: 1)"),
    ],
)
def test_a_record_is_a_sentence(kind: str, label: str, unit: str, text: str) -> None:
    assert told(kind, label, Decimal(2), Decimal(1), unit) == text


def test_less_weight_with_an_assisted_exercise_is_less_help() -> None:
    said = told("heaviest_weight", "Dip (Assisted)", Decimal(20), Decimal(30), "kg", less_is_better=True)
    assert said == "Least help with Dip (Assisted): 20 kg (before: 30 kg)"
