"""FitNotes's exports: dates without times, names with commas, sets that repeat each other."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from tests.unit.headers import below, header_lines
from tests.unit.strength import (
    BERLIN,
    only_session,
    only_set,
    question,
    read,
    remarks,
    sessions,
    set_aside,
    sets,
)

from wotr_workers.formats.parsed import Settings
from wotr_workers.texts.rows import SetAside

COMMENT, PLAIN, OLD = header_lines("fitnotes")
SET = {
    "Date": "2023-11-21",
    "Exercise": "Pull Up",
    "Category": "Back",
    "Weight": "10.0",
    "Weight Unit": "kgs",
    "Reps": "8",
}
ZONE = Settings(timezone=BERLIN)


def test_a_day_is_a_session_that_starts_at_noon() -> None:
    session = only_session(below(COMMENT, {**SET, "Comment": "easy"}), ZONE)
    assert (session.identity, session.title, session.date_only) == ("2023-11-21", None, True)
    assert session.started_at == datetime(2023, 11, 21, 11, tzinfo=UTC)
    assert session.local == datetime(2023, 11, 21, 12)  # noqa: DTZ001 - local
    found = session.sets[0].training_set
    assert (found.exercise, found.weight_kg, found.reps, found.notes) == ("Pull Up", Decimal(10), 8, "easy")
    assert question(below(PLAIN, SET), Settings()) == "timezone"


def test_identical_rows_are_all_sets() -> None:
    assert len(sets(below(PLAIN, *[SET] * 5), ZONE)) == 5


def test_days_are_sessions_of_their_own() -> None:
    found = sessions(read(below(PLAIN, SET, {**SET, "Date": "2023-11-22"}, SET), ZONE))
    assert [each.identity for each in found] == ["2023-11-21", "2023-11-22", "2023-11-21"]


@pytest.mark.parametrize(
    ("header", "row", "exercise"),
    [
        (
            PLAIN,
            "2023-11-21,Overhead Press (Each Side, Dumbbells),Shoulders,20.0,kgs,10,,,",
            "Overhead Press (Each Side, Dumbbells)",
        ),
        (COMMENT, '2023-11-21,Fly, slow, wide,Chest,20.0,kgs,10,,,,"so, so"', "Fly, slow, wide"),
        (OLD, "2023-11-21,Press (Seated, Machine),Chest,44.1,10,,,", "Press (Seated, Machine)"),
        (PLAIN, "2023-11-21,Press (Seated, Machine),Chest,20.0,kgs,10,,,,,", "Press (Seated, Machine)"),
        (PLAIN, "2023-11-21,Pull Up,Back,20.0,kgs,10,,,,,,", "Pull Up"),
        (PLAIN, "2023-11-21,Run, easy,Cardio,,,10,5.0,km,0:30:00", "Run, easy"),
    ],
)
def test_commas_in_names_are_the_names(header: str, row: str, exercise: str) -> None:
    (found,) = sets(f"{header}\n{row}\n".encode(), ZONE)
    assert (found.exercise, found.reps) == (exercise, 10)


def test_a_row_whose_commas_cannot_be_placed_is_set_aside() -> None:
    (found,) = read(f"{PLAIN}\n2023-11-21,Row,Back,heavy,kgs,10,,,,stray\n".encode(), ZONE)
    assert found == SetAside(2, "", "has 10 fields, the header 9: is a quote missing?")


def test_older_files_have_the_unit_in_the_header() -> None:
    old = {name: text for name, text in SET.items() if not name.startswith("Weight")}
    assert only_set(OLD, {**old, "Weight (lbs)": "100"}, ZONE).weight_kg == Decimal("45.359")
    kilograms = OLD.replace("(lbs)", "(kgs)")
    assert only_set(kilograms, {**old, "Weight (kgs)": "100"}, ZONE).weight_kg == Decimal(100)


def test_a_weight_without_any_unit_is_asked_for() -> None:
    line = OLD.replace(" (lbs)", "")
    old = {name: text for name, text in SET.items() if name != "Weight Unit"}
    assert question(below(line, old), ZONE) == "weightUnit"
    assert question(below(PLAIN, {**SET, "Weight Unit": ""}), ZONE) == "weightUnit"


@pytest.mark.parametrize(
    ("unit", "metres"),
    [("km", "1500"), ("m", "1.5"), ("mi", "2414.016"), ("ft", "0.457"), ("yd", "1.372")],
)
def test_units_of_distance(unit: str, metres: str) -> None:
    found = only_set(PLAIN, {**SET, "Distance": "1.5", "Distance Unit": unit}, ZONE)
    assert found.distance_m == Decimal(metres)


@pytest.mark.parametrize(
    ("text", "seconds"), [("0:30:00", 1800), ("1:00", 60), ("45", 45), ("0:00:00", None)]
)
def test_lengths_of_sets(text: str, seconds: int | None) -> None:
    assert only_set(PLAIN, {**SET, "Time": text}, ZONE).duration_s == seconds


def test_a_file_with_weights_in_both_units() -> None:
    line = "Date,Exercise,Category,Weight (kg),Weight (lbs),Reps,Distance,Distance Unit,Time,Notes,Kind"
    row = {"Date": "2023-11-21", "Exercise": "Row", "Category": "Back", "Reps": "5"}
    found = only_set(line, {**row, "Weight (kg)": "50", "Weight (lbs)": "110.23", "Notes": "ok"}, ZONE)
    assert (found.weight_kg, found.notes) == (Decimal(50), "ok")


def test_a_date_that_does_not_exist_is_set_aside() -> None:
    found = set_aside(PLAIN, {**SET, "Date": "2023-02-30"}, ZONE)
    assert found == SetAside(2, "Date", "is no date that exists: '2023-02-30'")


def test_a_date_in_another_order_is_read_where_it_can_only_be_meant_one_way() -> None:
    assert only_session(below(PLAIN, {**SET, "Date": "23/12/2023"}), ZONE).identity == "2023-12-23"


def test_spare_delimiters_are_no_set() -> None:
    entries = read(f"{PLAIN}\n2023-11-21,,,,,,,,\n".encode(), ZONE)
    assert remarks(entries) == [2]
