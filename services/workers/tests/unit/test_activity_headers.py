"""Every header line of real exports of activities is known as one format's, and its rows are read right."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from tests.unit.headers import below, header_lines
from tests.unit.reading import admitted

from wotr_common.workout import Workout
from wotr_workers.formats import apple_health, garmin, strava
from wotr_workers.formats.detect import FORMATS
from wotr_workers.formats.parsed import Settings

BERLIN = Settings(distance_unit="km", timezone=ZoneInfo("Europe/Berlin"))
ACTIVITIES = [(app, line) for app in ("strava", "garmin", "apple_health") for line in header_lines(app)]


def columns(line: str) -> list[str]:
    (header,) = csv.reader([line])
    return header


def only(content: bytes) -> Workout:
    (found,) = admitted(content, BERLIN)
    assert isinstance(found, Workout), found
    return found


@pytest.mark.parametrize(("app", "line"), ACTIVITIES)
def test_one_format_alone_knows_a_header(app: str, line: str) -> None:
    assert [known.name for known in FORMATS if known.recognise(columns(line))] == [app]


STRAVA = {
    "id": ("Activity ID", "Activiteits-ID"),
    "date": ("Activity Date", "Datum van activiteit", "date"),
    "name": ("Activity Name", "Naam activiteit", "name"),
    "type": ("Activity Type", "Activiteitstype", "type"),
    "elapsed": ("Elapsed Time#2", "Elapsed Time.1", "Verstreken tijd#2", "elapsed_time", "Elapsed Time"),
    "shown": ("Distance", "Afstand"),
    "distance": ("Distance#2", "Distance.1", "Afstand#2", "distance", "Distance"),
    "moving": ("Moving Time", "Beweegtijd"),
    "heart_rate": ("Average Heart Rate", "Gemiddelde hartslag"),
    "calories": ("Calories", "Calorieën"),
    "rpe": ("Perceived Exertion", "Ervaren inspanning"),
}
SAID = {
    "id": "101",
    "date": "Oct 6, 2022, 11:19:20 PM",
    "name": "Night Run",
    "type": "Run",
    "elapsed": "3700.0",
    "shown": "10,01",
    "distance": "10019.7",
    "moving": "3600.0",
    "heart_rate": "151.3",
    "calories": "640.0",
    "rpe": "7.0",
}


def numbered(header: list[str]) -> Iterator[str]:
    for place, name in enumerate(header):
        count = header[: place + 1].count(name)
        yield f"{name}#{count}" if count > 1 else name


@pytest.mark.parametrize("line", header_lines("strava"))
def test_a_row_below_each_header_of_strava(line: str) -> None:
    names = list(numbered(columns(line)))
    row = {
        next(name for name in spellings if name in names): SAID[thing]
        for thing, spellings in STRAVA.items()
        if any(name in names for name in spellings)
    }
    found = only(below(line, row))
    assert found.started_at == datetime(2022, 10, 6, 23, 19, 20, tzinfo=UTC)
    assert found.distance_m == Decimal("10019.7")
    has = {thing: any(name in names for name in spellings) for thing, spellings in STRAVA.items()}
    assert found.type == ("run" if has["type"] else "other")
    assert found.source_id == ("101" if has["id"] else None)
    assert found.duration_min == (60 if has["moving"] else Decimal("61.667"))
    assert found.avg_heart_rate == (Decimal("151.3") if has["heart_rate"] else None)
    assert found.calories_burned == (640 if has["calories"] else None)
    assert found.rpe == (7 if has["rpe"] else None)
    assert found.notes == ("Night Run" if has["name"] else None)
    assert found.warnings == ()


# By the name of the first column of type: date, title, distance, calories, time, heart rate; a run.
GARMIN = {
    "Activity Type": ("Date", "Title", "Distance", "Calories", "Time", "Avg HR", "Running"),
    "Aktivitetstyp": ("Datum", "Namn", "Distans", "Kalorier", "Tid", "Medelpuls", "Löpning"),
    "Aktivitetstype": ("Dato", "Titel", "Distance", "Kalorier", "Tid", "Gennemsnitlig puls", "Løb"),
    "Aktivitätstyp": ("Datum", "Titel", "Distanz", "Kalorien", "Zeit", "Ø Herzfrequenz", "Laufen"),
    "Tipo de atividade": ("Data", "Título", "Distância", "Calorias", "Tempo", "FC Média", "Corrida"),
    "Tipo de actividad": (
        "Fecha",
        "Título",
        "Distancia",
        "Calorías",
        "Tiempo",
        "Frecuencia cardiaca media",
        "Carrera",
    ),
    "Typ aktywności": ("Data", "Tytuł", "Dystans", "Kalorie", "Czas", "Średnie tętno", "Bieganie"),
    "Tevékenység típusa": (
        "Dátum",
        "Cím",
        "Távolság",
        "Kalóriaszám",
        "Idő",
        "Átlagos pulzusszám",
        "Futás",
    ),
}


@pytest.mark.parametrize("line", header_lines("garmin"))
def test_a_row_below_each_header_of_garmin(line: str) -> None:
    kind = next(name for name in GARMIN if name in columns(line))
    *names, run = GARMIN[kind]
    said = ["2022-10-06 23:19:20", "Evening", "10.05", "1,640", "01:00:30.5", "151"]
    found = only(below(line, {kind: run, **dict(zip(names, said, strict=True))}, rest="--"))
    assert (found.type, found.notes) == ("run", "Evening")
    assert found.started_at == datetime(2022, 10, 6, 21, 19, 20, tzinfo=UTC)
    assert (found.distance_m, found.calories_burned, found.avg_heart_rate) == (
        Decimal(10_050),
        Decimal(1640),
        Decimal(151),
    )
    assert found.duration_min == Decimal("60.508")


APPLE_HEALTH = [
    {
        "Date": "2022-10-06 23:19:20 - 2022-10-07 00:20:20",
        "Active energy burned(kcal)": "640.4",
        "Activity": "Running",
        "Distance(km)": "10.05",
        "Duration(Seconds)": "3630.5",
        "Heart rate: Average(count/min)": "151.3",
    },
    {
        "sourceName": "Watch",
        "startDate": "2022-10-06 17:19:20 -0400",
        "endDate": "2022-10-06 18:20:20 -0400",
        "workoutActivityType": "HKWorkoutActivityTypeRunning",
        "duration": "60.50833",
        "durationUnit": "min",
        "totalDistance": "10.05",
        "totalDistanceUnit": "km",
        "totalEnergyBurned": "640.4",
        "totalEnergyBurnedUnit": "kcal",
    },
]


@pytest.mark.parametrize(("line", "row"), list(zip(header_lines("apple_health"), APPLE_HEALTH, strict=True)))
def test_a_row_below_each_header_of_apple_health(line: str, row: dict[str, str]) -> None:
    found = only(below(line, row))
    assert found.type == "run"
    assert found.started_at == datetime(2022, 10, 6, 21, 19, 20, tzinfo=UTC)
    assert (found.distance_m, found.calories_burned) == (Decimal(10_050), Decimal("640.4"))
    assert found.duration_min == Decimal("60.508")
    assert found.avg_heart_rate == (Decimal("151.3") if "Activity" in row else None)


@pytest.mark.parametrize(
    "line",
    [
        "Date,Workout Name,Duration,Exercise Name,Set Order,Weight,Reps,Distance,Seconds,Notes,Workout Notes",
        "title,start_time,end_time,description,exercise_title,superset_id,exercise_notes,set_index,set_type",
        "Date,Exercise,Category,Weight,Weight Unit,Reps,Distance,Distance Unit,Time,Comment",
        "record,sessionId,source,sourceId,type,startedAt,localStart,durationMin,caloriesBurned,distanceM",
        "type,startedAt,durationMin",
        "Date/Time,Active Energy (kJ),Step Count (count)",
        "type,date,distance",
    ],
)
def test_a_header_of_something_else_is_no_activity_s(line: str) -> None:
    formats = (strava.FORMAT, garmin.FORMAT, apple_health.FORMAT)
    assert [known.name for known in formats if known.recognise(columns(line))] == []
