"""Strava's exports, in every header and spelling that we know, say the right workouts."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.exports import STRAVA, STRAVA_RUN, strava_row, text
from tests.unit.reading import admitted, set_aside, workout

from wotr_workers.formats import strava


def test_a_strava_activity() -> None:
    found = workout(text([STRAVA, strava_row(Activity_Description="Cold,\nbut dry")]))
    assert found.answer() == {
        "type": "run",
        "startedAt": "2022-10-06T23:19:20.000Z",
        "durationMin": 60,
        "caloriesBurned": 640,
        "distanceM": 10019.7,
        "avgHeartRate": 151.3,
        "rpe": 7,
        "intensity": "moderate",
        "notes": "Night Run\n\nCold,\nbut dry",
        "userId": "ada",
        "workoutId": "20221006T231920000Z",
        "version": 1,
        "source": "strava",
        "sourceId": "101",
        "importId": "i1",
        "createdAt": "2026-03-01T00:00:00.000Z",
        "warnings": [],
    }


UNTRANSLATED = "translation missing: en-US.lib.export.x.horton_values.moving_time"
UNTRANSLATED_HTML = f'<span class="translation_missing" title="{UNTRANSLATED}">Moving Time</span>'
DUTCH = {
    "Activity ID": "Activiteits-ID",
    "Activity Date": "Datum van activiteit",
    "Activity Name": "Naam activiteit",
    "Activity Type": "Activiteitstype",
    "Activity Description": "Beschrijving van activiteit",
    "Elapsed Time": "Verstreken tijd",
    "Distance": "Afstand",
    "Moving Time": "Beweegtijd",
    "Average Heart Rate": "Gemiddelde hartslag",
    "Calories": "Calorieën",
    "Perceived Exertion": "Ervaren inspanning",
}


def renamed_by_pandas(header: list[str]) -> list[str]:
    return [f"{name}.1" if name in header[:place] else name for place, name in enumerate(header)]


@pytest.mark.parametrize(
    "header",
    [
        STRAVA,
        renamed_by_pandas(STRAVA),
        [name.replace(" ", ".") for name in renamed_by_pandas(STRAVA)],
        [UNTRANSLATED_HTML if name == "Moving Time" else name for name in STRAVA],
        [UNTRANSLATED if name == "Moving Time" else name for name in STRAVA],
        [DUTCH.get(name, name) for name in STRAVA],
    ],
    ids=["repeated names", "saved by pandas", "saved by R", "markup", "untranslated", "Dutch"],
)
def test_every_header_of_strava_says_the_same(header: list[str]) -> None:
    found = workout(text([header, strava_row()]))
    assert (found.type, found.source_id, found.distance_m) == ("run", "101", Decimal("10019.7"))
    assert (found.duration_min, found.avg_heart_rate, found.rpe) == (
        Decimal(60),
        Decimal("151.3"),
        Decimal(7),
    )


def test_strava_of_2018() -> None:
    header = "id,date,name,type,description,elapsed_time,distance,commute,gear,filename".split(",")  # noqa: SIM905
    found = workout(
        text([header, ["7", "2016-04-09 13:19:09", "Lunch", "Ride", "", "1800", "9000.5", "", "", ""]])
    )
    assert (found.duration_min, found.distance_m, found.type) == (Decimal(30), Decimal("9000.5"), "ride")


def test_strava_saved_again_with_few_columns_has_neither_id_nor_type() -> None:
    header = "Activity Date,Elapsed Time,Moving Time,Distance,Max Speed".split(",")  # noqa: SIM905
    found = workout(text([header, ["Oct 6, 2022, 11:19:20 PM", "70", "60", "300", "4"]]))
    assert (found.type, found.source_id, found.distance_m) == ("other", None, Decimal(300))


@pytest.mark.parametrize(
    ("sport", "shown", "metres"),
    [
        ("Ride", "4,73", 4730),
        ("Ride", "4.73", 4730),
        ("Ride", "1,250.50", 1_250_500),
        ("Ride", "1.250,50", 1_250_500),
        ("Swim", "1,250", 1250),
        ("Swim", "1.250", 1250),
        ("Rowing", "850", 850),
        ("Sail", "10.00", 18_520),
    ],
)
def test_a_distance_only_as_the_app_showed_it_is_in_its_sport_s_unit(
    sport: str, shown: str, metres: int
) -> None:
    header = ["Activity ID", "Activity Date", "Activity Type", "Elapsed Time", "Distance"]
    found = workout(text([header, ["1", "Oct 6, 2022, 11:19:20 PM", sport, "3600", shown]]))
    assert found.distance_m == metres


def test_a_swim_has_its_metres_once() -> None:
    found = workout(
        text([STRAVA, strava_row(**{"Activity_Type": "Swim", "Distance": "1,250", "Distance.1": "1250.0"})])
    )
    assert (found.type, found.distance_m) == ("swim", Decimal(1250))


@pytest.mark.parametrize(
    ("spelling", "hour"),
    [
        ("Oct 6, 2022, 11:19:20 PM", 23),
        ("Oct 6, 2022, 12:19:20 AM", 0),
        ("Oct 6, 2022, 12:19:20 PM", 12),
        ("Oct 6, 2022, 11:19:20\u202fPM", 23),
        ("6 okt. 2022 15:19:20", 15),
        ("6 Oct 2022, 20:19:20", 20),
        ("6 oct. 2022 à 20:19:20", 20),
        ("6 de out. de 2022, 20:19:20", 20),
        ("06.10.2022, 20:19:20", 20),
        ("2022/10/06 20:19:20", 20),
        ("2022-10-06 20:19:20+00:00", 20),
        ("2022-10-06T22:19:20+02:00", 20),
        ("2022-10-06 20:19:20", 20),
    ],
)
def test_spellings_of_a_time_which_is_utc(spelling: str, hour: int) -> None:
    found = workout(text([STRAVA, strava_row(Activity_Date=spelling)]))
    assert found.started_at == datetime(2022, 10, 6, hour, 19, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("Trail Run", "run"),
        ("Virtual Run", "run"),
        ("E-Bike Ride", "ride"),
        ("Velomobile", "ride"),
        ("Nordic Ski", "ski"),
        ("Backcountry Ski", "ski"),
        ("Rowing", "row"),
        ("Weight Training", "strength"),
        ("Fietsrit", "ride"),
        ("Hardloopsessie", "run"),
        ("Kitesurf", "other"),
        ("", "other"),
    ],
)
def test_types(theirs: str, ours: str) -> None:
    assert workout(text([STRAVA, strava_row(Activity_Type=theirs)])).type == ours


def test_duration_is_moving_time_where_there_is_one() -> None:
    assert workout(text([STRAVA, strava_row(Moving_Time="0.0")])).duration_min == Decimal("61.667")
    assert workout(
        text([STRAVA, strava_row(**{"Moving_Time": "", "Elapsed_Time.1": ""})])
    ).duration_min == Decimal("61.667")


def test_a_timer_left_running_is_seen_in_the_elapsed_time() -> None:
    day = workout(text([STRAVA, strava_row(**{"Elapsed_Time.1": "90000"})]))
    assert day.duration_min == 60
    assert day.warnings == ("durationMin: more than a day from start to end",)
    month = set_aside(text([STRAVA, strava_row(**{"Elapsed_Time.1": "2700000"})]))
    assert (month.field, month.reason) == ("Elapsed Time", "must not be longer than 30 days")


def test_an_activity_of_which_nobody_knows_the_length_is_kept() -> None:
    found = workout(
        text([STRAVA, strava_row(**{"Moving_Time": "", "Elapsed_Time": "", "Elapsed_Time.1": "0"})])
    )
    assert (found.duration_min, found.calories_burned) == (None, Decimal(640))


def test_a_timer_left_running_costs_a_strength_workout_its_length_and_no_more() -> None:
    days = {"Elapsed_Time.1": "5000000", "Moving_Time": "5000000", "Activity_Type": "Weight Training"}
    found = workout(text([STRAVA, strava_row(**days)]))
    assert (found.type, found.duration_min) == ("strength", None)
    assert found.warnings == ("durationMin: left out, more than a day is a timer left running",)


@pytest.mark.parametrize(("said", "kept"), [("7.0", 7), ("7.3", 7.5), ("7.2", 7), ("0", None)])
def test_exertion_is_kept_in_halves(said: str, kept: float | None) -> None:
    assert workout(text([STRAVA, strava_row(Perceived_Exertion=said)])).rpe == kept


@pytest.mark.parametrize(
    ("said", "kept"), [("101", "101"), ("101.0", "101"), ("1.2345E+10", None), ("", None)]
)
def test_an_id_that_a_spreadsheet_has_rounded_is_none(said: str, kept: str | None) -> None:
    assert workout(text([STRAVA, strava_row(Activity_ID=said)])).source_id == kept


def test_numbers_of_a_file_saved_again_in_another_locale() -> None:
    found = workout(text([STRAVA, strava_row(**{"Distance.1": "10019,7", "Calories": "1,640.0"})], ";"))
    assert (found.distance_m, found.calories_burned) == (Decimal("10019.7"), Decimal(1640))


def test_strava_writes_zero_where_it_does_not_know() -> None:
    found = workout(
        text([STRAVA, strava_row(**{"Calories": "0.0", "Average_Heart_Rate": "0", "Distance.1": "0.0"})])
    )
    assert (found.calories_burned, found.avg_heart_rate, found.distance_m) == (None, None, None)


def test_long_and_dirty_notes_do_not_cost_the_workout() -> None:
    found = workout(text([STRAVA, strava_row(Activity_Name="a\x07b", Activity_Description="x" * 5000)]))
    assert found.notes is not None
    assert found.notes.startswith("ab\n\nxxx")
    assert len(found.notes) == 2000
    assert found.warnings == ("notes: cut to 2000 characters",)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"Activity_Date": "some day"}, "Activity Date"),
        ({"Activity_Date": "Oct 32, 2022, 11:19:20 PM"}, "Activity Date"),
        ({"Activity_Date": "Foo 3, 2022, 11:19:20 PM"}, "Activity Date"),
        ({"Activity_ID": "not an id!"}, "Activity ID"),
        ({"Elapsed_Time.1": "-5"}, "Elapsed Time"),
        ({"Moving_Time": "an hour"}, "Moving Time"),
        ({"Distance.1": "far"}, "Distance"),
        ({"Calories": "64000"}, "caloriesBurned"),
        ({"Moving_Time": "500", "Calories": ""}, "distanceM"),
    ],
)
def test_a_bad_strava_row_is_set_aside(change: dict[str, str], field: str) -> None:
    found = set_aside(text([STRAVA, strava_row(**change)]))
    assert (found.line, found.field) == (2, field)


def test_a_row_with_a_field_too_many_or_too_few_is_set_aside() -> None:
    assert "has 14 fields, the header 15" in set_aside(text([STRAVA, strava_row()[:-1]])).reason


CELLS = st.sampled_from(
    ["", "0", "0.0", "12", "7.3", "1,250", "-1", "90000", "3000000", "240.0004", "1e3", "x", " 5 "]
)
CHANGES = st.dictionaries(st.sampled_from([name for name in STRAVA_RUN if name != "Activity Date"]), CELLS)


@given(CHANGES)
def test_a_row_that_is_read_the_short_way_is_read_as_any_other(changes: dict[str, str]) -> None:
    content = text([STRAVA, strava_row(**{name.replace(" ", "_"): value for name, value in changes.items()})])
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(strava._Plainly, "entry", lambda *_: None)
        said = admitted(content)
    found = admitted(content)
    assert found == said
    assert str(found) == str(said)


def test_an_ordinary_row_is_read_the_short_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strava, "_entry", None)
    assert workout(text([STRAVA, strava_row()])).source_id == "101"
