"""Workouts of Apple Health, by every tool that we know, with the units and offsets that the file says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from tests.unit.headers import below, header_lines
from tests.unit.reading import admitted, entries

from wotr_common.workout import Workout
from wotr_workers.formats.detect import opened
from wotr_workers.formats.parsed import Asked, ParsedWorkout, Settings
from wotr_workers.texts.rows import SetAside

HEALTH_EXPORT, XML = header_lines("apple_health")
AUTO_EXPORT = "Workout Type,Start,End,Duration,Active Energy (kJ),Avg. Heart Rate (count/min),Distance (km)"
RUN = {
    "sourceName": "Watch",
    "startDate": "2022-10-06 17:19:20 -0400",
    "endDate": "2022-10-06 18:19:20 -0400",
    "workoutActivityType": "HKWorkoutActivityTypeRunning",
    "duration": "60",
    "durationUnit": "min",
    "totalDistance": "10",
    "totalDistanceUnit": "km",
    "totalEnergyBurned": "640",
    "totalEnergyBurnedUnit": "kcal",
}
AUTO = {
    "Workout Type": "Outdoor Run",
    "Start": "2022-10-06 23:19",
    "End": "2022-10-07 00:19",
    "Duration": "00:59:30",
    "Active Energy (kJ)": "2092",
    "Avg. Heart Rate (count/min)": "151.3",
    "Distance (km)": "10.5",
}
BERLIN = Settings(timezone=ZoneInfo("Europe/Berlin"))
UNSAID = Settings()


def only(row: Mapping[str, str], line: str = XML, settings: Settings = UNSAID) -> Workout:
    (found,) = admitted(below(line, row), settings)
    assert isinstance(found, Workout), found
    return found


def source_id(row: Mapping[str, str], line: str = XML, settings: Settings = UNSAID) -> str | None:
    _, (found,) = entries(below(line, row), settings)
    assert isinstance(found, ParsedWorkout)
    return found.source_id


def test_a_workout_of_the_xml_export() -> None:
    found = only(RUN)
    assert (found.source, found.type, found.notes, found.warnings) == ("apple_health", "run", None, ())
    assert found.started_at == datetime(2022, 10, 6, 21, 19, 20, tzinfo=UTC)
    assert (found.duration_min, found.distance_m, found.calories_burned) == (
        Decimal(60),
        Decimal(10_000),
        Decimal(640),
    )


@pytest.mark.parametrize(
    ("duration", "unit"), [("60", "min"), ("3600", "s"), ("1", "h"), ("1", "hr"), ("3600", ""), ("60", "")]
)
def test_units_of_a_duration(duration: str, unit: str) -> None:
    assert only({**RUN, "duration": duration, "durationUnit": unit}).duration_min == 60


def test_without_a_duration_it_took_from_start_to_end() -> None:
    assert only({**RUN, "duration": "", "durationUnit": ""}).duration_min == 60


@pytest.mark.parametrize(
    ("distance", "unit", "metres"),
    [
        ("2", "km", 2000),
        ("2", "mi", Decimal("3218.688")),
        ("2", "m", 2),
        ("1000", "yd", Decimal("914.4")),
        ("1000", "ft", Decimal("304.8")),
        ("0", "km", None),
    ],
)
def test_units_of_a_distance(distance: str, unit: str, metres: Decimal | None) -> None:
    assert only({**RUN, "totalDistance": distance, "totalDistanceUnit": unit}).distance_m == metres


@pytest.mark.parametrize(
    ("energy", "unit", "kcal"),
    [("418.4", "kJ", 100), ("100", "Cal", 100), ("100", "kcal", 100), ("100", "", 100), ("0", "kJ", None)],
)
def test_units_of_energy(energy: str, unit: str, kcal: int | None) -> None:
    assert only({**RUN, "totalEnergyBurned": energy, "totalEnergyBurnedUnit": unit}).calories_burned == kcal


def test_a_unit_that_nobody_knows_is_not_guessed() -> None:
    (found,) = admitted(below(XML, {**RUN, "totalDistanceUnit": "parsec"}))
    assert isinstance(found, SetAside)
    assert (found.field, found.reason) == (
        "totalDistance",
        "is in 'parsec'; known are m, km, mi, yd, ft, cm",
    )


def test_a_distance_without_a_unit_is_asked_for() -> None:
    without = {**RUN, "totalDistanceUnit": ""}
    with pytest.raises(Asked) as asked:
        entries(below(XML, without))
    assert (asked.value.question, asked.value.line) == ("distanceUnit", 2)
    assert only(without, settings=Settings(distance_unit="mi")).distance_m == Decimal("16093.44")
    assert only({**without, "totalDistance": "0"}).distance_m is None


def test_kilojoules_and_local_times_of_health_auto_export() -> None:
    found = only(AUTO, AUTO_EXPORT, BERLIN)
    assert found.type == "run"
    assert found.started_at == datetime(2022, 10, 6, 21, 19, tzinfo=UTC)
    assert (found.duration_min, found.calories_burned) == (Decimal("59.5"), Decimal(500))
    assert (found.distance_m, found.avg_heart_rate) == (Decimal(10_500), Decimal("151.3"))


@pytest.mark.parametrize(
    "line",
    [
        "Type,Start,End,Duration,Energía Activa (kJ),Frecuencia Cardíaca Promedio (bpm),Distancia (km)",
        "Workout Type,Start,End,Duration,Energia Ativa (kJ),Freq. Cardíaca Média (bpm),Distância (km)",
        "Type,Start,End,Duration,Active Energy (kJ),Avg Heart Rate (bpm),Distance (km),",
        "Workout Type,Start,End,Duration,Active Energy (kJ),Avg. Heart Rate (count/min),Distance (km),,",
    ],
)
def test_health_auto_export_names_amounts_in_the_athlete_s_language(line: str) -> None:
    row = dict(zip(line.split(","), AUTO.values(), strict=False))
    found = only(row, line, BERLIN)
    assert (found.calories_burned, found.distance_m) == (Decimal(500), Decimal(10_500))
    assert found.avg_heart_rate == Decimal("151.3")


def test_active_energy_is_meant_where_the_total_stands_before_it() -> None:
    line = "Type,Start,End,Duration,Total Energy (kJ),Active Energy (kcal)"
    row = dict(zip(line.split(","), [*list(AUTO.values())[:4], "2500", "430"], strict=True))
    assert only(row, line, BERLIN).calories_burned == 430


def test_a_duration_in_minutes_and_seconds() -> None:
    assert only({**AUTO, "Duration": "59:30"}, AUTO_EXPORT, BERLIN).duration_min == Decimal("59.5")


def test_start_and_end_in_one_text_of_health_export() -> None:
    row = {
        "Date": "2022-10-06 23:19:20 - 2022-10-07 00:19:20",
        "Activity": "Cycling",
        "Distance(km)": "20",
        "Active energy burned(kcal)": "400",
        "Duration(Seconds)": "",
    }
    found = only(row, HEALTH_EXPORT, BERLIN)
    assert (found.type, found.duration_min, found.distance_m) == ("ride", Decimal(60), Decimal(20_000))
    assert found.started_at == datetime(2022, 10, 6, 21, 19, 20, tzinfo=UTC)


def test_the_zone_is_asked_for_where_the_file_does_not_say_it() -> None:
    assert opened([below(XML, RUN)]).layout.may_ask == {"timezone", "distanceUnit"}
    assert opened([below(AUTO_EXPORT, AUTO)]).layout.may_ask == {"timezone"}
    with pytest.raises(Asked) as asked:
        entries(below(AUTO_EXPORT, AUTO))
    assert (asked.value.question, asked.value.line) == ("timezone", 2)
    only({**AUTO, "Start": "2022-10-06 23:19:00 +0200", "End": "2022-10-07 00:19:00 +0200"}, AUTO_EXPORT)


def test_a_sport_that_we_have_no_type_for_keeps_its_name() -> None:
    golf = only({**RUN, "workoutActivityType": "HKWorkoutActivityTypeMindAndBody"})
    assert (golf.type, golf.notes) == ("other", "Mind And Body")
    hiit = only({**RUN, "workoutActivityType": "HKWorkoutActivityTypeHighIntensityIntervalTraining"})
    assert (hiit.type, hiit.notes) == ("workout", "High Intensity Interval Training")


def test_identity_is_start_sport_and_source_whatever_the_offset_and_units() -> None:
    identity = source_id(RUN)
    elsewhere = {"startDate": "2022-10-06 23:19:20 +0200", "endDate": "2022-10-07 00:19:20 +0200"}
    assert identity == source_id({**RUN, **elsewhere})
    assert identity == source_id({**RUN, "totalDistance": "6.2", "totalDistanceUnit": "mi"})
    assert identity != source_id({**RUN, "sourceName": "Phone"})
    assert identity != source_id({**RUN, "workoutActivityType": "HKWorkoutActivityTypeWalking"})
    assert identity != source_id({**RUN, "startDate": "2022-10-06 17:19:21 -0400"})


def test_times_without_seconds_do_not_make_two_short_workouts_one() -> None:
    identity = source_id(AUTO, AUTO_EXPORT, BERLIN)
    assert identity == source_id(AUTO, AUTO_EXPORT, Settings(timezone=ZoneInfo("Asia/Tokyo")))
    assert identity != source_id({**AUTO, "End": "2022-10-06 23:25"}, AUTO_EXPORT, BERLIN)


def test_an_end_before_the_start_says_nothing() -> None:
    assert only({**RUN, "endDate": "2022-10-06 16:19:20 -0400"}).duration_min == 60


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"startDate": "some day"}, "startDate"),
        ({"endDate": "some day"}, "endDate"),
        ({"startDate": "0001-01-01 00:00:00 +0200"}, "startDate"),
        ({"duration": "long"}, "duration"),
        ({"duration": "1:x"}, "duration"),
        ({"duration": "43201"}, "duration"),
        ({"durationUnit": "fortnight"}, "duration"),
        ({"totalDistance": "far"}, "totalDistance"),
        ({"totalDistance": "-1"}, "totalDistance"),
        ({"totalEnergyBurned": "1801"}, "caloriesBurned"),
    ],
)
def test_what_cannot_be_read_or_be_is_set_aside(change: dict[str, str], field: str) -> None:
    (found,) = admitted(below(XML, {**RUN, **change}))
    assert isinstance(found, SetAside), found
    assert (found.line, found.field) == (2, field)
