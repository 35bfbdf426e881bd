"""Strong's exports, in every layout, say the right sets, or ask."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from tests.unit.headers import below, header_lines
from tests.unit.strength import (
    BERLIN,
    SAID,
    kilograms,
    only_session,
    only_set,
    question,
    read,
    remarks,
    sessions,
    set_aside,
    sets,
)

from wotr_workers.formats.detect import opened
from wotr_workers.formats.parsed import ParsedSession, Settings

LINE = (
    "Date,Workout Name,Duration,Exercise Name,Set Order,Weight,Reps,Distance,Seconds,Notes,Workout Notes,RPE"
)
SET = {
    "Date": "2024-01-15 18:30:00",
    "Workout Name": "Push",
    "Duration": "1h 13m",
    "Exercise Name": "Bench Press (Barbell)",
    "Set Order": "1",
    "Weight": "80.0",
    "Reps": "8",
    "Distance": "0",
    "Seconds": "0.0",
    "RPE": "8.5",
}
NEW = {
    **{name: text for name, text in SET.items() if name != "Duration"},
    "Weight Unit": "lbs",
    "Weight": "45",
    "Distance Unit": "",
}


def test_a_set_and_its_session() -> None:
    session = only_session(below(LINE, {**SET, "Notes": "slow", "Workout Notes": "tired"}))
    assert (session.identity, session.title, session.notes) == ("2024-01-15T18:30:00|Push", "Push", "tired")
    assert (session.local, session.started_at) == (
        datetime(2024, 1, 15, 18, 30),  # noqa: DTZ001 - local
        datetime(2024, 1, 15, 17, 30, tzinfo=UTC),
    )
    assert (session.duration_min, session.warnings, session.date_only) == (Decimal(73), (), False)
    (row,) = session.sets
    found = row.training_set
    assert (row.line, found.exercise, found.set_type) == (2, "Bench Press (Barbell)", "normal")
    assert (found.weight_kg, found.weight_unit, found.reps) == (Decimal(80), "kg", 8)
    assert (found.rpe, found.notes, found.distance_m, found.duration_s) == (
        Decimal("8.5"),
        "slow",
        None,
        None,
    )


@pytest.mark.parametrize("line", header_lines("strong"))
def test_every_header_says_the_same_set(line: str) -> None:
    delimiter = ";" if ";" in line else ","
    names = [text.strip('"') for text in line.split(delimiter)]
    values = (
        {"Date": "2024-01-15 18:30:00", "日期": "2024-01-15 18:30:00", "Set Order": "1", "设置顺序": "1"}
        | {"Ordre de la série": "1", "Weight Unit": "kg", "Distance Unit": "km"}
        | dict.fromkeys(("Workout Name", "锻炼名称", "Nom de l'entraînement"), "Push")
        | dict.fromkeys(("Exercise Name", "运动名称", "Nom de l'exercice"), "Squat")
        | dict.fromkeys(("Reps", "次", "Réps"), "5")
        | dict.fromkeys(("Weight", "重量", "Poids", "kg", "Weight (kg)"), "80")
        | {"lb": "176.36980974790205"}
        | {"Distance": "1.5", "距离": "1.5", "km": "1.5", "Distance (meters)": "1500"}
        | {"mi": "0.9320567883560"}
    )
    row = delimiter.join(values.get(name, "") for name in names)
    (found,) = sets(f"{line}\n{row}".encode(), replace(SAID, timezone=BERLIN))
    assert (found.exercise, found.weight_kg, found.reps, found.distance_m) == (
        "Squat",
        Decimal(80),
        5,
        Decimal(1500),
    )


@pytest.mark.parametrize(
    ("order", "set_type"),
    [
        ("1", "normal"),
        ("12", "normal"),
        ("W", "warmup"),
        ("W1", "warmup"),
        ("D", "drop"),
        ("F", "failure"),
        ("WARM_UP", "warmup"),
        ("FAILURE", "failure"),
    ],
)
def test_the_set_order_says_the_kind_of_set(order: str, set_type: str) -> None:
    assert only_set(LINE, {**SET, "Set Order": order}).set_type == set_type


def test_an_unknown_kind_of_set_is_a_set_that_breaks_no_record() -> None:
    found = only_set(LINE, {**SET, "Set Order": "Q"})
    assert (found.set_type, found.warnings) == ("normal", ("setType: 'Q' is no kind of set that we know",))


def test_a_rest_timer_is_the_rest_of_the_set_before() -> None:
    rest = {**SET, "Set Order": "Rest Timer", "Weight": "0", "Reps": "0", "Seconds": "90.0", "RPE": ""}
    entries = read(below(LINE, SET, rest, {**SET, "Set Order": "2"}))
    (session,) = sessions(entries)
    assert [each.training_set.rest_s for each in session.sets] == [Decimal(90), None]
    assert [each.line for each in session.sets] == [2, 4]
    assert remarks(entries) == [3]


def test_a_rest_timer_in_a_language_that_we_do_not_know_is_told_by_its_seconds() -> None:
    rest = {**SET, "Set Order": "Pauza", "Weight": "0", "Reps": "0", "Seconds": "60", "RPE": ""}
    entries = read(below(LINE, SET, rest))
    (session,) = sessions(entries)
    assert (session.sets[0].training_set.rest_s, remarks(entries)) == (Decimal(60), [3])


def test_a_note_goes_to_the_set_of_its_exercise_or_else_to_the_session() -> None:
    note = {
        **SET,
        "Set Order": "Note",
        "Weight": "",
        "Reps": "",
        "Seconds": "",
        "RPE": "",
        "Notes": "wider grip",
    }
    entries = read(below(LINE, SET, note, {**note, "Exercise Name": "Squat (Barbell)", "Notes": "skipped"}))
    (session,) = sessions(entries)
    assert (session.sets[0].training_set.notes, session.notes) == ("wider grip", "skipped")
    assert remarks(entries) == [3, 4]


def test_equal_set_orders_are_different_sets() -> None:
    other = {**SET, "Exercise Name": "Squat (Barbell)"}
    found = sets(below(LINE, SET, other, SET, SET))
    assert [each.exercise[:5] for each in found] == ["Bench", "Squat", "Bench", "Bench"]


def test_workouts_are_told_apart_by_start_and_name_and_continue_after_others() -> None:
    later = {**SET, "Workout Name": "Legs"}
    found = sessions(read(below(LINE, SET, later, SET)))
    assert [each.title for each in found] == ["Push", "Legs", "Push"]
    assert found[0].identity == found[2].identity != found[1].identity


def test_a_workout_with_very_many_sets_comes_in_pieces() -> None:
    found = sessions(read(below(LINE, *[SET] * 1500)))
    assert [len(each.sets) for each in found] == [1000, 500]
    assert found[0].identity == found[1].identity


@pytest.mark.parametrize(
    ("text", "minutes", "warned"),
    [
        ("1h 13m", 73, False),
        ("38min", 38, False),
        ("20s", Decimal(1) / 3, False),
        ("1小时13分钟", 73, False),
        ("4380", 73, False),
        ("264h 1m", None, True),
        ("", None, False),
        ("for ever", None, True),
    ],
)
def test_lengths_of_workouts(text: str, minutes: Decimal | int | None, *, warned: bool) -> None:
    session = only_session(below(LINE, {**SET, "Duration": text}))
    assert (session.duration_min, bool(session.warnings)) == (minutes, warned)


def test_the_unit_is_asked_for_only_where_a_weight_needs_it() -> None:
    assert question(below(LINE, SET), Settings(timezone=BERLIN)) == "weightUnit"
    assert sets(below(LINE, {**SET, "Weight": "0.0"}), Settings(timezone=BERLIN))[0].weight_kg is None
    assert sets(below(LINE, SET), Settings("lb", None, BERLIN))[0].weight_kg == Decimal("36.287")


def test_the_unit_of_distance_is_asked_for_only_where_a_distance_needs_it() -> None:
    run = {**SET, "Weight": "0", "Reps": "0", "Distance": "5.2", "Seconds": "1800"}
    assert question(below(LINE, run), Settings("kg", None, BERLIN)) == "distanceUnit"
    assert only_set(LINE, run, Settings(None, "mi", BERLIN)).distance_m == Decimal("8368.589")
    assert only_set(LINE, run).reps is None


def test_the_zone_is_always_asked_for() -> None:
    assert question(below(LINE, SET), Settings("kg", "km")) == "timezone"


def test_kilograms_that_were_exported_as_pounds_give_themselves_away() -> None:
    rows = [{**SET, "Weight": text} for text in ("44.09245243697551", "214.95070563025564", "45.0")]
    for said in (None, "lb", "kg"):
        found = sets(below(LINE, *rows), Settings(said, None, BERLIN))
        assert kilograms(found) == [Decimal(20), Decimal("97.5"), Decimal("20.412")]
        assert [each.weight_unit for each in found] == ["kg", "kg", "lb"]


def test_numbers_that_drift_between_exports_are_the_same_set() -> None:
    drifted = {**SET, "Weight": "80", "Reps": "8.0", "Distance": "0.0", "Seconds": "", "RPE": "8.50"}
    assert only_set(LINE, SET) == only_set(LINE, drifted)


def test_a_row_that_is_wrong_costs_no_other() -> None:
    entries = read(below(LINE, {**SET, "Reps": "877777"}, SET, {**SET, "Date": "yesterday"}, SET))
    assert [type(each).__name__ for each in entries] == [
        "SetAside",
        "ParsedSession",
        "SetAside",
        "ParsedSession",
    ]
    found = set_aside(LINE, {**SET, "Weight": "-20"})
    assert (found.line, found.field, found.reason) == (2, "Weight", "must be greater than or equal to 0 kg")


def test_rows_with_too_many_or_too_few_fields() -> None:
    row = "2024-01-15 18:30:00,Push,1h,Squat,1,80,8"
    assert sets(f"{LINE}\n{row}\n{row},0,0,,,,,,\n".encode())[1].reps == 8
    for wrong in (f"{row},0,0,,,,stray", "2024-01-15 18:30:00,Pu"):
        (found,) = read(f"{LINE}\n{wrong}\n".encode())
        assert "fields, the header 12" in found.reason  # type: ignore[union-attr]


def test_a_row_that_holds_nothing_is_no_set() -> None:
    empty = {**SET, "Exercise Name": "", "Weight": "0", "Reps": "0", "RPE": ""}
    entries = read(below(LINE, empty))
    assert remarks(entries) == [2]


def test_a_half_past_five_in_the_afternoon() -> None:
    session = only_session(below(LINE, {**SET, "Date": "2024-01-15 5:30:00\u202fPM"}))
    assert session.identity == "2024-01-15T17:30:00|Push"


HEADERLESS = '2020-12-05 15:44:36;"Legs";"Squat (Barbell)";1;35;lbs;10;;;;0;"";""'


def test_a_file_without_a_header_is_known_by_its_first_row() -> None:
    layout = opened([HEADERLESS.encode()]).layout
    assert layout.headerless
    found = sets(f"{HEADERLESS}\n{HEADERLESS}".encode(), Settings(timezone=BERLIN))
    assert kilograms(found) == [Decimal("15.876")] * 2
    assert found[0].reps == 10


def test_a_plain_file_without_a_header() -> None:
    row = '2021-02-10 16:46:13,"Mittwoch",2h 18m,"Squat (Barbell)",1,75.0,8,0,0,"","",'
    assert only_session(row.encode()).duration_min == Decimal(138)


def test_a_duration_at_the_end_of_newer_files() -> None:
    line = next(each for each in header_lines("strong") if each.endswith("Workout Duration")).replace(
        ";", ","
    )
    session = only_session(below(line, {**NEW, "Workout Duration": "1h 5m"}), Settings(timezone=BERLIN))
    assert (session.duration_min, session.sets[0].training_set.weight_kg) == (Decimal(65), Decimal("20.412"))


def test_a_blank_unit_is_asked_for() -> None:
    line = next(each for each in header_lines("strong") if "Weight Unit" in each).replace(";", ",")
    assert question(below(line, {**NEW, "Weight Unit": ""}), Settings(timezone=BERLIN)) == "weightUnit"


def test_a_session_is_the_same_in_every_zone_and_unit() -> None:
    one = only_session(below(LINE, SET), Settings("kg", "km", BERLIN))
    other = only_session(below(LINE, SET), Settings("lb", "mi", ZoneInfo("UTC")))
    assert isinstance(one, ParsedSession)
    assert (one.identity, one.local) == (other.identity, other.local)
    assert one.started_at != other.started_at
