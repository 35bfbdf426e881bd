"""Hevy's exports, in either system of units and any language, say the same sets."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from tests.unit.headers import below, header_lines
from tests.unit.strength import BERLIN, only_session, only_set, question, read, sessions, set_aside, sets

from wotr_workers.formats.detect import opened
from wotr_workers.formats.parsed import Settings
from wotr_workers.texts.rows import SetAside

METRIC, IMPERIAL = header_lines("hevy")
SET = {
    "title": "Legs",
    "start_time": "7 Apr 2026, 10:14",
    "end_time": "7 Apr 2026, 11:20",
    "description": "",
    "exercise_title": "Squat (Barbell)",
    "superset_id": "",
    "exercise_notes": "",
    "set_index": "0",
    "set_type": "normal",
    "weight_kg": "100",
    "reps": "5",
    "rpe": "9.5",
}
ZONE = Settings(timezone=BERLIN)


def test_a_set_and_its_session() -> None:
    session = only_session(below(METRIC, {**SET, "description": "easy", "exercise_notes": "belt\non"}), ZONE)
    assert (session.identity, session.title, session.notes) == ("2026-04-07T10:14:00|Legs", "Legs", "easy")
    assert session.started_at == datetime(2026, 4, 7, 8, 14, tzinfo=UTC)
    assert (session.duration_min, session.warnings) == (Decimal(66), ())
    found = session.sets[0].training_set
    assert (found.exercise, found.set_type, found.notes) == ("Squat (Barbell)", "normal", "belt\non")
    assert (found.weight_kg, found.weight_unit, found.reps, found.rpe) == (
        Decimal(100),
        "kg",
        5,
        Decimal("9.5"),
    )


def test_pounds_and_kilograms_miles_and_kilometres_are_the_same_set() -> None:
    metric = {**SET, "weight_kg": "102.05828325", "distance_km": "1.609344"}
    imperial = {name: text for name, text in SET.items() if name != "weight_kg"}
    imperial |= {"weight_lbs": "225", "distance_miles": "1"}
    one, other = only_set(METRIC, metric, ZONE), only_set(IMPERIAL, imperial, ZONE)
    assert one == other
    assert (one.weight_kg, one.distance_m) == (Decimal("102.058"), Decimal("1609.344"))


def test_units_in_the_header_are_never_asked_for() -> None:
    layout = opened([METRIC.encode()]).layout
    assert layout.may_ask == {"timezone"}
    assert layout.survey is None
    assert question(below(METRIC, SET), Settings()) == "timezone"


@pytest.mark.parametrize(
    ("text", "month"),
    [
        ("5 May 2026, 10:14", 5),
        ("5 Mai 2026, 10:14", 5),
        ("5 Fev 2026, 10:14", 2),
        ("5 Abr 2026, 10:14", 4),
        ("5 Set 2026, 10:14", 9),
        ("5 Out 2026, 10:14", 10),
        ("5 Dez 2026, 10:14", 12),
        ("5 ene 2026, 10:14", 1),
        ("5 sept 2026, 10:14", 9),
        ("5 dic 2026, 10:14", 12),
        ("5 gen 2026, 10:14", 1),
        ("5 mag 2026, 10:14", 5),
        ("5 lug 2026, 10:14", 7),
        ("5 ott 2026, 10:14", 10),
        ("5 janv. 2026, 10:14", 1),
        ("5 févr. 2026 à 10:14", 2),
        ("5 juil. 2026, 10:14", 7),
        ("5 août 2026, 10:14", 8),
        ("5 déc. 2026, 10:14", 12),
        ("5 März 2026, 10:14", 3),
        ("5 Okt. 2026, 10:14", 10),
        ("5 mrt 2026, 10:14", 3),
        ("5 mei 2026, 10:14", 5),
        ("5 Ağu 2026, 10:14", 8),
        ("5 Eki 2026, 10:14", 10),
        ("5 Agu 2026, 10:14", 8),
        ("5 мая 2026, 10:14", 5),
        ("2026年5月5日 10:14", 5),
        ("2026. 5. 5. 10:14", 5),
        ("5 Apr 2026, 10:14 AM", 4),
        ("Apr 5, 2026, 10:14 am", 4),
        ("2026-04-05T10:14:00", 4),
        ("2026-04-05 10:14", 4),
    ],
)
def test_the_start_in_the_language_of_the_app(text: str, month: int) -> None:
    session = only_session(below(METRIC, {**SET, "start_time": text, "end_time": ""}), ZONE)
    assert (session.identity, session.duration_min) == (f"2026-{month:02}-05T10:14:00|Legs", None)


def test_afternoon() -> None:
    session = only_session(
        below(METRIC, {**SET, "start_time": "7 Apr 2026, 1:14 p.m.", "end_time": ""}), ZONE
    )
    assert session.local.hour == 13


def test_a_start_with_an_offset_is_brought_to_the_clock_of_the_athlete() -> None:
    session = only_session(below(METRIC, {**SET, "start_time": "2026-04-07T10:14:00Z", "end_time": ""}), ZONE)
    assert (session.local.hour, session.started_at.hour) == (12, 10)


@pytest.mark.parametrize(
    ("kind", "set_type"),
    [
        ("warmup", "warmup"),
        ("dropset", "drop"),
        ("failure", "failure"),
        ("regular", "normal"),
        ("", "normal"),
    ],
)
def test_kinds_of_sets(kind: str, set_type: str) -> None:
    found = only_set(METRIC, {**SET, "set_type": kind}, ZONE)
    assert (found.set_type, found.warnings) == (set_type, ())


def test_a_set_index_that_starts_again_is_another_set() -> None:
    assert len(sets(below(METRIC, SET, SET, SET), ZONE)) == 3


def test_supersets_and_sets_without_weight() -> None:
    found = only_set(METRIC, {**SET, "superset_id": "0", "weight_kg": ""}, ZONE)
    assert (found.superset, found.weight_kg, found.weight_unit) == ("0", None, None)


def test_the_newest_session_comes_first() -> None:
    older = {**SET, "start_time": "6 Apr 2026, 10:14", "end_time": "6 Apr 2026, 10:44"}
    found = sessions(read(below(METRIC, SET, SET, older), ZONE))
    assert [(each.local.day, len(each.sets)) for each in found] == [(7, 2), (6, 1)]


@pytest.mark.parametrize(
    ("end", "warning"),
    [
        ("9 Apr 2026, 10:14", "durationMin: left out, longer than a day"),
        ("7 Apr 2026, 09:14", "durationMin: left out, for the end is before the start"),
        ("later", "durationMin: left out, for the end 'later' is no time"),
    ],
)
def test_an_end_that_cannot_be_costs_no_session(end: str, warning: str) -> None:
    session = only_session(below(METRIC, {**SET, "end_time": end}), ZONE)
    assert (session.duration_min, session.warnings) == (None, (warning,))


def test_a_session_over_the_change_of_clocks_took_as_long_as_it_took() -> None:
    night = {**SET, "start_time": "29 Mar 2026, 01:30", "end_time": "29 Mar 2026, 03:30"}
    assert only_session(below(METRIC, night), ZONE).duration_min == 60


def test_rows_that_are_set_aside_name_their_column() -> None:
    found = set_aside(METRIC, {**SET, "weight_kg": "1400"}, ZONE)
    assert found == SetAside(2, "weight_kg", "must be less than or equal to 1360 kg")
    assert set_aside(METRIC, {**SET, "start_time": "soon"}, ZONE).field == "start_time"
