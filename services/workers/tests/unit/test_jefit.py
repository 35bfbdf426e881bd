"""Jefit's export: many tables in one file, and each set once."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from tests.unit.strength import BERLIN, only_session, question, read, remarks, sessions, sets

from wotr_workers.formats.detect import opened
from wotr_workers.formats.jefit_logs import packed
from wotr_workers.formats.parsed import Entry, Settings
from wotr_workers.texts.rows import SetAside

ZONE = Settings(timezone=BERLIN)
START = 1_705_340_000  # 2024-01-15 17:33:20 UTC
SETTING = "### SETTING ##########\n\nrow_id,USERID,mass,length\n1,7, {unit}, cm\n\n\n##########\n\n"
SESSIONS = (
    "### WORKOUT SESSIONS ##########\n\n"
    "rowid,_id,USERID,total_time,starttime,endtime,calories,avg_heart_rate\n"
    f"1,{START},7,3600,{START},{START + 3600},300,120\n\n##########\n\n"
)
LOGS = (
    "### EXERCISE LOGS ##########\n\n"
    "USERID,TIMESTAMP,belongSys,logs,_id,record,mydate,eid,ename,belongsession,logTime\n"
)
BENCH = f'7,"2024-01-15 18:00:00",1,"50.0x15,52.5x12,0x0",1,80,2024-01-15,21,"Bench, Press",{START},1\n'
SET_LOGS = (
    "### EXERCISE SET LOGS ##########\n\n"
    "_id,userid,exercise_log_id,set_index,weight_lbs,reps,calories,distance_mi,speed_mph,laps,duration\n"
)
CARDIO = (
    "### CARDIO LOGS ##########\n\n"
    "row_id,TIMESTAMP,USERID,_id,eid,lap,duration,speed,distance,calorie,mydate\n"
)


def export(*tables: str, unit: str = "kg") -> bytes:
    return (SETTING.format(unit=unit) + "\n##########\n\n".join(tables)).encode()


def aside(entries: list[Entry]) -> list[SetAside]:
    return [each for each in entries if isinstance(each, SetAside)]


def test_a_session_with_its_packed_sets() -> None:
    entries = read(export(SESSIONS + LOGS + BENCH), ZONE)
    (session,) = sessions(entries)
    assert (session.identity, session.date_only) == (str(START), False)
    assert session.started_at == datetime(2024, 1, 15, 17, 33, 20, tzinfo=UTC)
    assert session.local == datetime(2024, 1, 15, 18, 33, 20)  # noqa: DTZ001 - local
    assert [session.duration_min, session.calories_burned, session.avg_heart_rate] == [60, 300, 120]
    found = [each.training_set for each in session.sets]
    assert [(each.exercise, each.weight_kg, each.reps) for each in found] == [
        ("Bench, Press", Decimal(50), 15),
        ("Bench, Press", Decimal("52.5"), 12),
    ]
    assert len(remarks(entries)) + 1 == sum(1 for _ in opened([export(SESSIONS + LOGS + BENCH)]).rows)


def test_what_cannot_be_of_a_session_costs_none_of_its_sets() -> None:
    wild = SESSIONS.replace(",300,120\n", ",90000,999\n")
    session = only_session(export(wild + LOGS + BENCH), ZONE)
    assert (session.calories_burned, session.avg_heart_rate, len(session.sets)) == (None, None, 2)


def test_packed_sets_are_in_the_unit_of_the_settings() -> None:
    assert sets(export(SESSIONS + LOGS + BENCH, unit="lbs"), ZONE)[0].weight_kg == Decimal("22.68")


def test_the_unit_is_asked_for_where_the_settings_do_not_say_it() -> None:
    assert question(export(LOGS + BENCH, unit=""), ZONE) == "weightUnit"
    assert question(export(LOGS + BENCH), Settings()) == "timezone"


def test_rows_of_sets_that_are_packed_too_count_once() -> None:
    rows = "1,7,1,0,110.23,15,0,0,0,0,0\n2,7,1,1,115.74,12,0,0,0,0,0\n"
    assert len(sets(export(SESSIONS + LOGS + BENCH, SET_LOGS + rows), ZONE)) == 2


def test_rows_of_sets_count_where_none_are_packed() -> None:
    log = f'7,"",1,"",1,80,2024-01-15,21,Bench,{START},1\n'
    rows = "1,7,1,0,110.2311310924388,15,0,0,0,0,0\n2,7,1,1,0,0,0,1.5,0,0,600\n"
    session = only_session(export(SESSIONS + LOGS + log, SET_LOGS + rows), ZONE)
    found = [each.training_set for each in session.sets]
    assert [(each.weight_kg, each.reps, each.distance_m, each.duration_s) for each in found] == [
        (Decimal(50), 15, None, None),
        (None, None, Decimal("2414.016"), Decimal(600)),
    ]
    assert session.identity == str(START)


def test_a_row_of_a_set_without_its_exercise_is_set_aside() -> None:
    rows = "1,7,99,0,110.23,15,0,0,0,0,0\n"
    (found,) = aside(read(export(LOGS + BENCH, SET_LOGS + rows), ZONE))
    assert found.field == "exercise_log_id"


def test_cardio_that_is_packed_counts_once_and_by_its_row_where_there_is_one() -> None:
    log = f'7,"",1,"0x120,0x2.5,0x0,0x0,0x900",1,0,2024-01-15,90,Treadmill,{START},1\n'
    said = Settings("kg", "km", BERLIN)
    (by_text,) = sets(export(SESSIONS + LOGS + log), said)
    assert (by_text.distance_m, by_text.duration_s) == (Decimal(2500), Decimal(900))
    rows = "1,7,1,0,0,0,120,1.5,0,0,901\n"
    (by_row,) = sets(export(SESSIONS + LOGS + log, SET_LOGS + rows), said)
    assert (by_row.distance_m, by_row.duration_s) == (Decimal("2414.016"), Decimal(901))


def test_cardio_logs_are_sessions_of_their_own_on_a_date() -> None:
    rows = '23,"2024-01-16 11:34:02",7,2,21,0,3600,0,1.5,220,2024-01-16\n'
    content = export(LOGS + BENCH, CARDIO + rows)
    assert question(content, ZONE) == "distanceUnit"
    (_bench, session) = sessions(read(content, Settings("kg", "mi", BERLIN)))
    assert (session.identity, session.date_only) == ("cardio 2", True)
    assert [session.duration_min, session.calories_burned] == [60, 220]
    assert session.sets[0].training_set.distance_m == Decimal("2414.016")


def test_cardio_that_two_tables_tell_counts_once() -> None:
    log = f'7,"",1,"0x120,0x0,0x0,0x0,0x900",1,0,2024-01-15,90,Treadmill,{START},1\n'
    rows = '23,"",7,2,90,0,900,0,0,120,2024-01-15\n'
    assert len(sets(export(SESSIONS + LOGS + log, CARDIO + rows), ZONE)) == 1


def test_a_session_that_no_table_describes_starts_when_its_number_says() -> None:
    assert only_session(export(LOGS + BENCH), ZONE).started_at.year == 2024


def test_exercises_without_a_session_are_those_of_their_date() -> None:
    loose = BENCH.replace(str(START), "0")
    session = only_session(export(LOGS + loose), ZONE)
    assert (session.identity, session.date_only, session.local.hour) == ("day 2024-01-15", True, 12)


def test_other_tables_are_read_over() -> None:
    notes = '### NOTES ####\n\n_id,mynote\n1,"a, b"\n'
    routines = "### ROUTINES ####\n\nrow_id,name\n1,A\n\nrow_id,package,day\n2,1,3,4,5\n"
    assert len(sets(export(notes, routines, SESSIONS + LOGS + BENCH), ZONE)) == 2


def test_sets_that_cannot_be_read_cost_no_other() -> None:
    log = BENCH.replace("52.5x12", "many").replace("50.0x15", "50.0x15,60x877777")
    entries = read(export(SESSIONS + LOGS + log), ZONE)
    assert [(each.field, each.reason) for each in aside(entries)] == [
        ("logs", "must be sets such as 50.0x12, not 'many'"),
        ("reps", "must be less than or equal to 1000"),
    ]


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("50.0x15,50.0x15", 2),
        ("0x5,0x4,0x3,0x3,0x2", 5),
        ("0x0,0x0", 0),
        ("", 0),
    ],
)
def test_what_is_packed(text: str, pairs: int) -> None:
    assert (len(packed(text).sets), packed(text).cardio) == (pairs, None)
