"""What rows say of sets is judged by the model, converted once and remembered."""

from __future__ import annotations

from decimal import Decimal

import pytest

from wotr_common.session import TrainingSet
from wotr_workers.texts.sets import Refused, Remembered, SetTexts, Unsaid, training_set
from wotr_workers.texts.typed import converted_from, exported_in

SQUAT = SetTexts("Squat", weight="100", weight_unit="kg", reps="5")


def made(said: SetTexts) -> TrainingSet:
    found = training_set(said)
    assert isinstance(found, TrainingSet), found
    return found


def refused(**said: str) -> Refused:
    found = training_set(SQUAT._replace(**said))  # type: ignore[arg-type]
    assert isinstance(found, Refused), found
    return found


def test_a_set_is_what_the_model_makes_of_its_fields() -> None:
    said = SetTexts(
        " Rowing ",
        "drop",
        weight="44.09245243697551",
        weight_unit="lb",
        reps="8.0",
        distance="1.5",
        metres=Decimal(1000),
        duration="0:10:30",
        rpe="8.5",
        superset="1",
        notes="line\nbreak",
    )
    assert made(said) == TrainingSet(
        exercise="Rowing",
        set_type="drop",
        weight_kg=Decimal(20),
        weight_unit="kg",
        reps=8,
        distance_m=Decimal(1500),
        duration_s=Decimal(630),
        rpe=Decimal("8.5"),
        superset="1",
        notes="line\nbreak",
    )


def test_what_apps_write_for_nothing_is_nothing() -> None:
    assert made(
        SetTexts("Plank", weight="0.0", reps="0", distance="0", duration="60.0", rpe="")
    ) == TrainingSet(exercise="Plank", duration_s=Decimal(60))


def test_a_lift_that_failed_has_no_repetitions_and_says_so() -> None:
    assert made(SQUAT._replace(reps="0")).reps == 0


@pytest.mark.parametrize(
    ("field", "text", "thing", "reason"),
    [
        ("weight", "-5", "weight", "must be greater than or equal to 0 kg"),
        ("weight", "1361", "weight", "must be less than or equal to 1360 kg"),
        ("weight", "heavy", "weight", "must be a number such as 45.5, not 'heavy'"),
        ("reps", "1001", "reps", "must be less than or equal to 1000"),
        ("reps", "877777", "reps", "must be less than or equal to 1000"),
        ("reps", "7.5", "reps", "must be a whole number, not '7.5'"),
        ("rpe", "10.5", "rpe", "must be less than or equal to 10"),
        ("rpe", "-1", "rpe", "must be greater than or equal to 0"),
        ("exercise", " ", "exercise", "must name the exercise"),
    ],
)
def test_what_cannot_be_is_refused_by_its_field(field: str, text: str, thing: str, reason: str) -> None:
    assert refused(**{field: text}) == Refused(thing, reason)


@pytest.mark.parametrize(
    ("field", "text", "warning"),
    [
        ("weight", "351", "weightKg: more than 350 kg"),
        ("reps", "101", "reps: more than 100"),
        ("rpe", "4.5", "rpe: unusually low"),
        ("rpe", "8.25", "rpe: 8.25 is rounded to halves"),
    ],
)
def test_what_looks_odd_is_a_set_with_a_warning(field: str, text: str, warning: str) -> None:
    assert made(SQUAT._replace(**{field: text})).warnings == (warning,)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("field", "text"), [("weight", "350"), ("reps", "100"), ("rpe", "5"), ("rpe", "9.5")]
)
def test_what_is_just_usual_has_no_warning(field: str, text: str) -> None:
    assert made(SQUAT._replace(**{field: text})).warnings == ()  # type: ignore[arg-type]


def test_long_texts_are_cut_to_what_is_kept() -> None:
    found = made(SQUAT._replace(exercise="x" * 300, notes="y" * 3000, superset="z" * 40))
    assert (len(found.exercise), len(found.notes or ""), len(found.superset or "")) == (200, 2000, 32)


def test_a_unit_is_wanted_only_for_an_amount() -> None:
    with pytest.raises(Unsaid) as weight:
        training_set(SetTexts("Squat", weight="100"))
    with pytest.raises(Unsaid) as distance:
        training_set(SetTexts("Row", distance="2"))
    assert (weight.value.question, distance.value.question) == ("weightUnit", "distanceUnit")
    assert made(SetTexts("Pull Up", weight="0", reps="5", distance="0.0")).reps == 5


def test_rows_are_remembered_and_forgotten_again() -> None:
    meant: list[tuple[str, ...]] = []

    def meaning(texts: tuple[str, ...]) -> Refused:
        meant.append(texts)
        return Refused("weight", texts[0])

    remembered = Remembered(meaning)
    assert remembered["a",] == remembered["a",] == Refused("weight", "a")
    assert meant == [("a",)]
    for number in range(70_000):
        assert remembered[str(number),].reason == str(number)  # type: ignore[union-attr]
    assert len(remembered) < 70_000


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("44.09245243697551", "kg"),
        ("30.313561050420667", "kg"),
        ("20.41165665", "lb"),
        ("102.05828325", "lb"),
        ("37.49999999999999", None),
        ("45.0", None),
        ("33.333333333333336", None),
    ],
)
def test_a_number_with_all_its_digits_says_from_which_unit_it_was_converted(
    text: str, unit: str | None
) -> None:
    assert converted_from(Decimal(text)) == unit


def test_a_file_whose_weights_can_only_be_conversions_says_its_unit() -> None:
    assert exported_in(["45.0", "37.49999999999999", "44.09245243697551"]) == "lb"
    assert exported_in(["100", "20.41165665"]) == "kg"
    assert exported_in(["45.0", "100", "17.5", "x", ""]) is None


def test_a_file_whose_weights_contradict_each_other_does_not() -> None:
    assert exported_in(["44.09245243697551", "20.41165665"]) is None
