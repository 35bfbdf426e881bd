"""Garmin's Activities.csv says the right workouts, in any language and unit, or asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from tests.unit.headers import below
from tests.unit.reading import admitted, entries

from wotr_common.workout import Workout
from wotr_workers.formats.detect import opened
from wotr_workers.formats.parsed import Asked, ParsedWorkout, Settings
from wotr_workers.texts.rows import SetAside

LINE = (
    "Activity Type,Date,Favorite,Title,Distance,Calories,Time,Avg HR,Max HR,Avg Run Cadence,Max Run Cadence,"
    "Avg Pace,Avg Stride Length,Max Temp,Moving Time,Elapsed Time"
)
RUN = {
    "Activity Type": "Running",
    "Date": "2022-10-06 23:19:20",
    "Favorite": "false",
    "Title": "Evening Run",
    "Distance": "10.00",
    "Calories": "640",
    "Time": "01:00:00",
    "Avg HR": "151",
    "Max HR": "170",
    "Avg Run Cadence": "160",
    "Max Run Cadence": "250",
    "Avg Pace": "6:00",
    "Avg Stride Length": "1.04",  # x 160 a minute x 60 minutes is 9,984 m
    "Max Temp": "24.0",
    "Moving Time": "00:59:00",
    "Elapsed Time": "01:02:00",
}
RIDE = {
    **RUN,
    "Activity Type": "Cycling",
    "Avg Stride Length": "--",
    "Avg Run Cadence": "--",
    "Max Temp": "--",
}
SWIM = {**RIDE, "Activity Type": "Pool Swim", "Distance": "1,500"}
BERLIN = ZoneInfo("Europe/Berlin")
KM = Settings(distance_unit="km", timezone=BERLIN)
UNSAID = Settings(timezone=BERLIN)


def surveyed(*rows: Mapping[str, str], settings: Settings = UNSAID) -> Settings:
    file = opened([below(LINE, *rows)])
    assert file.layout.survey is not None
    return file.layout.survey(file.rows, settings)


def only(row: Mapping[str, str], settings: Settings = KM, line: str = LINE) -> Workout:
    (found,) = admitted(below(line, row), settings)
    assert isinstance(found, Workout), found
    return found


def source_id(row: Mapping[str, str], settings: Settings = KM, line: str = LINE) -> str | None:
    _, (found,) = entries(below(line, row), settings)
    assert isinstance(found, ParsedWorkout)
    return found.source_id


def test_a_garmin_activity() -> None:
    found = only(RUN).answer()
    identity = found.pop("sourceId")
    assert len(identity) == 16
    assert found == {
        "type": "run",
        "startedAt": "2022-10-06T21:19:20.000Z",
        "durationMin": 60,
        "caloriesBurned": 640,
        "distanceM": 10_000,
        "avgHeartRate": 151,
        "intensity": "moderate",
        "notes": "Evening Run",
        "userId": "ada",
        "workoutId": "20221006T211920000Z",
        "version": 1,
        "source": "garmin",
        "importId": "i1",
        "createdAt": "2026-03-01T00:00:00.000Z",
        "warnings": [],
    }


def test_lines_end_as_windows_ends_them() -> None:
    content = below(LINE, RUN, RIDE)
    assert b"\r\n" in content
    assert len(admitted(content, KM)) == len(admitted(content.replace(b"\r\n", b"\n"), KM)) == 2


@pytest.mark.parametrize("nothing", ["--", "", "0", "0.0", "NaN"])
def test_what_garmin_does_not_know_is_missing(nothing: str) -> None:
    found = only({**RUN, "Distance": nothing, "Calories": nothing, "Avg HR": nothing})
    assert (found.distance_m, found.calories_burned, found.avg_heart_rate) == (None, None, None)


@pytest.mark.parametrize(
    ("time", "minutes"),
    [
        ("01:00:00", 60),
        ("00:33:02.5", Decimal("33.042")),
        ("26:10:00", 1570),
        ("62:00", 62),
        ("1:02", 62),  # cut by a spreadsheet, as the elapsed time gives away
        ("--", 59),
        ("00:NaN:NaN", 59),
    ],
)
def test_spellings_of_a_length(time: str, minutes: Decimal) -> None:
    assert only({**RUN, "Time": time, "Distance": "--"}).duration_min == minutes


def test_an_activity_of_which_nobody_knows_the_length_is_kept() -> None:
    assert only({**RUN, "Time": "--", "Moving Time": "--", "Elapsed Time": "--"}).duration_min is None


def test_a_timer_left_running_is_seen_in_the_elapsed_time() -> None:
    assert only({**RUN, "Elapsed Time": "24:00:01"}).warnings == (
        "durationMin: more than a day from start to end",
    )
    (found,) = admitted(below(LINE, {**RUN, "Elapsed Time": "720:00:01"}), KM)
    assert found == SetAside(2, "Elapsed Time", "must not be longer than 30 days")


@pytest.mark.parametrize(
    ("sport", "distance", "metres"),
    [
        ("Pool Swim", "1,500", 1500),
        ("Pool Swim", "850", 850),
        ("Pool Swim", "1500.0", 1500),  # saved again by pandas
        ("Open Water Swimming", "1,214", 1214),
        ("Track Running", "3,600", 3600),
        ("Cycling", "1,000.50", 1_000_500),
        ("Running", "10", 10_000),
        ("Running", "5.00", 5_000),
        ("Running", "2,81", 2_810),
        ("Cycling", "100.00", 100_000),
    ],
)
def test_whole_metres_are_told_from_kilometres(sport: str, distance: str, metres: int) -> None:
    assert only({**RUN, "Activity Type": sport, "Distance": distance}).distance_m == metres


def test_miles_are_said_by_the_settings() -> None:
    assert only(RUN, replace(KM, distance_unit="mi")).distance_m == Decimal("16093.44")


def test_strides_tell_kilometres_from_miles() -> None:
    assert surveyed(RUN, SWIM, RIDE).distance_unit == "km"
    assert surveyed({**RUN, "Distance": "6.21"}, RIDE).distance_unit == "mi"


def test_strides_tell_by_a_clear_margin_only() -> None:
    in_miles = {**RUN, "Distance": "6.21"}
    assert surveyed(in_miles, in_miles, in_miles, in_miles, RUN).distance_unit == "mi"
    with pytest.raises(Asked) as asked:
        surveyed(in_miles, RUN)
    assert (asked.value.question, asked.value.line) == ("distanceUnit", 2)


def test_degrees_that_no_air_has_in_celsius_tell_miles() -> None:
    assert surveyed({**RIDE, "Max Temp": "82.4"}, RIDE).distance_unit == "mi"
    with pytest.raises(Asked):
        surveyed({**RIDE, "Max Temp": "28.0"}, RIDE)


def test_the_unit_is_asked_for_only_where_a_distance_needs_it() -> None:
    assert surveyed(SWIM, {**RIDE, "Distance": "0.00"}, {**RIDE, "Distance": "--"}).distance_unit is None
    with pytest.raises(Asked) as asked:
        surveyed(SWIM, RIDE)
    assert (asked.value.question, asked.value.line) == ("distanceUnit", 3)


def test_what_was_said_is_not_asked_for_nor_found_out() -> None:
    said = Settings(distance_unit="mi", timezone=BERLIN)
    assert surveyed(RUN, settings=said) == said


def test_a_survey_passes_over_what_cannot_be_read() -> None:
    assert surveyed({**RUN, "Date": "some day"}, {**RUN, "Time": "long"}, RUN).distance_unit == "km"


@pytest.mark.parametrize(
    ("settings", "question"),
    [(Settings(distance_unit="km"), "timezone"), (Settings(), "timezone"), (UNSAID, "distanceUnit")],
)
def test_reading_asks_what_nobody_said(settings: Settings, question: str) -> None:
    with pytest.raises(Asked) as asked:
        entries(below(LINE, RUN), settings)
    assert (asked.value.question, asked.value.line) == (question, 2)
    if question == "timezone":
        with pytest.raises(Asked, match="timezone"):
            surveyed(RUN, settings=settings)


def test_a_layout_says_what_it_may_ask() -> None:
    assert opened([below(LINE, RUN)]).layout.may_ask == {"timezone", "distanceUnit"}
    assert opened([b"Activity Type,Date,Title,Time\n"]).layout.may_ask == {"timezone"}


def test_identity_is_start_and_sport_whatever_the_language_unit_and_zone() -> None:
    danish = {"Aktivitetstype": "Løb", "Dato": RUN["Date"], "Distance": "6.21", "Tid": "01:00:00"}
    identity = source_id(RUN)
    assert identity == source_id(danish, line=",".join(danish))
    assert identity == source_id(RUN, Settings("kg", "mi", ZoneInfo("Asia/Tokyo")))
    assert identity == source_id({**RUN, "Title": "Renamed", "Calories": "700"})
    assert identity != source_id({**RUN, "Activity Type": "Cycling"})
    assert identity != source_id({**RUN, "Date": "2022-10-06 23:19:21"})


def test_quotes_in_a_title_are_not_doubled_by_garmin() -> None:
    good = below(LINE, {**RUN, "Title": "TITLE"})
    content = good.replace(b"TITLE", b'"8 x 20"/40" easy"') + good.splitlines(keepends=True)[1]
    first, second = admitted(content, KM)
    assert isinstance(first, Workout)
    assert isinstance(second, Workout)
    assert (first.notes, second.notes) == ('8 x 20"/40" easy', "TITLE")


def test_a_title_may_be_missing_and_the_sport_unknown() -> None:
    found = only(
        {"Activity Type": "", "Date": "2022-10-06 23:19:20", "Time": "00:10:00"},
        line="Activity Type,Date,Time",
    )
    assert (found.type, found.notes, found.distance_m) == ("other", None, None)


def test_local_times_that_clocks_skip_or_show_twice() -> None:
    starts = {"2022-03-27 02:30:00": (1, 30), "2022-10-30 02:30:00": (0, 30)}
    for local, (hour, minute) in starts.items():
        found = only({**RUN, "Date": local}).started_at
        assert (found.hour, found.minute) == (hour, minute)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"Date": "some day"}, "Date"),
        ({"Date": "2022-02-30 10:00:00"}, "Date"),
        ({"Date": "0001-01-01 00:00:00"}, "Date"),
        ({"Date": "1999-12-30 10:00:00"}, "startedAt"),
        ({"Distance": "far"}, "Distance"),
        ({"Distance": "-5.00"}, "Distance"),
        ({"Distance": "2,000.01"}, "distanceM"),
        ({"Distance": "46.00"}, "distanceM"),
        ({"Time": "an hour", "Calories": "1"}, "Time"),
        ({"Avg HR": "241"}, "avgHeartRate"),
        ({"Avg HR": "24"}, "avgHeartRate"),
        ({"Calories": "1,801"}, "caloriesBurned"),
    ],
)
def test_what_cannot_be_read_or_be_is_set_aside(change: dict[str, str], field: str) -> None:
    (found,) = admitted(below(LINE, {**RUN, **change}), KM)
    assert isinstance(found, SetAside), found
    assert (found.line, found.field) == (2, field)


# Headers of other languages than those whose exports have been seen whole; of each a swim in metres.
OTHERS = {
    "fr": "Type d'activité,Date,Favori,Titre,Distance,Calories,Durée,FC moyenne|Natation en piscine",
    "it": "Tipo di attività,Data,Preferita,Titolo,Distanza,Calorie,Tempo,FC Media|Nuoto in piscina",
    "nl": "Activiteittype,Datum,Favoriet,Titel,Afstand,Calorieën,Tijd,Gem. HS|lap_swimming",
    "nb": "Aktivitetstype,Dato,Favoritt,Tittel,Distanse,Kalorier,Tid,Gjennomsnittlig puls|Bassengsvømming",
    "ja": "アクティビティタイプ,日付,お気に入り,タイトル,距離,カロリー,タイム,平均心拍数|プールスイム",
    "zh": "活动类型,日期,我的最爱,标题,距离,热量消耗,时间,平均心率|泳池游泳",
}


@pytest.mark.parametrize("said", OTHERS.values(), ids=OTHERS)
def test_languages_of_which_less_is_known(said: str) -> None:
    line, _, sport = said.partition("|")
    row = [sport, "2022-10-06 23:19:20", "false", "Laps", "1,500", "640", "00:40:00", "131"]
    found = only(dict(zip(line.split(","), row, strict=True)), line=line)
    assert found.started_at == datetime(2022, 10, 6, 21, 19, 20, tzinfo=UTC)
    assert (found.type, found.notes, found.distance_m) == ("swim", "Laps", Decimal(1500))
    assert (found.calories_burned, found.duration_min, found.avg_heart_rate) == (
        Decimal(640),
        Decimal(40),
        Decimal(131),
    )
