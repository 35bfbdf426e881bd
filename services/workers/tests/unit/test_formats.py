"""Formats are recognised from their content, and their rows say the right workouts."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.exports import LIMITS, STRAVA, strava_row, text

from wotr_common.workout import Workout
from wotr_workers.imports import own
from wotr_workers.imports.admit import Admission, Candidate
from wotr_workers.imports.detect import recognised
from wotr_workers.imports.parsed import Entry, ParsedWorkout, SetAside, Unrecognised

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def entries(content: bytes) -> tuple[str, list[Entry]]:
    known, found = recognised([content])
    return known.name, list(found)


def admitted(content: bytes) -> list[Workout | SetAside]:
    known, found = recognised([content])
    admission = Admission("ada", "i1", known.source, NOW, LIMITS)
    said = [entry if isinstance(entry, SetAside) else admission.admit(entry) for entry in found]
    return [each.workout if isinstance(each, Candidate) else each for each in said]


def workout(content: bytes) -> Workout:
    (found,) = admitted(content)
    assert isinstance(found, Workout), found
    return found


def set_aside(content: bytes) -> SetAside:
    (found,) = admitted(content)
    assert isinstance(found, SetAside), found
    return found


OWN = b"type,startedAt,durationMin,caloriesBurned,distanceM,avgHeartRate,rpe,intensity,notes\n"


def test_our_own_row_says_all_its_fields() -> None:
    found = workout(OWN + b'run,2026-02-01T07:00:00+01:00,45.5,520,9000,148,7.5,high,"first,\nsecond"\n')
    answer = found.answer()
    assert (
        answer
        | {
            "type": "run",
            "startedAt": "2026-02-01T06:00:00.000Z",
            "durationMin": 45.5,
            "caloriesBurned": 520,
            "distanceM": 9000,
            "avgHeartRate": 148,
            "rpe": 7.5,
            "intensity": "high",
            "notes": "first,\nsecond",
            "source": "csv",
            "importId": "i1",
        }
        == answer
    )


@pytest.mark.parametrize(
    "content",
    [
        b"STARTEDAT, durationmin ,Type\n2026-02-01T07:00:00Z,45,Run\n",
        b"\xef\xbb\xbftype;startedAt;durationMin\nrun;2026-02-01T07:00:00Z;45\n",
        b"\n\ntype\tstartedAt\tdurationMin\trpe\nrun\t2026-02-01T07:00:00Z\t45",
        "type,startedAt,durationMin\nrun,2026-02-01T07:00:00Z,45".encode("utf-16"),
        b"type,startedAt,durationMin,avgHeartRate,distanceM\nrun,2026-02-01T07:00:00Z,45,0,0\n",
    ],
    ids=["any order and case", "semicolons and mark", "tabs, blank lines, short row", "utf-16", "zeros"],
)
def test_our_own_csv_in_other_clothes(content: bytes) -> None:
    found = workout(content)
    assert (found.type, found.duration_min) == ("run", Decimal(45))
    assert (found.avg_heart_rate, found.distance_m) == (None, None)


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("run,yesterday,45,,,,,,", "startedAt"),
        ("run,2026-02-01T07:00:00,45,,,,,,", "startedAt"),
        ("run,2026-02-01T07:00:00Z,,,,,,,", "durationMin"),
        ("run,2026-02-01T07:00:00Z,0,,,,,,", "durationMin"),
        ('run,2026-02-01T07:00:00Z,"45,5",,,,,,', "durationMin"),
        ("run,2026-02-01T07:00:00Z,1e9,,,,,,", "durationMin"),
        ("run,2026-02-01T07:00:00Z,NaN,,,,,,", "durationMin"),
        (f"run,2026-02-01T07:00:00Z,{'9' * 500},,,,,,", "durationMin"),
        ("quidditch,2026-02-01T07:00:00Z,45,,,,,,", "type"),
        ("run,1999-12-31T23:00:00Z,45,,,,,,", "startedAt"),
        ("run,2026-02-01T07:00:00Z,45,9999,,,,,", "caloriesBurned"),
        ("run,2026-02-01T07:00:00Z,45,,-1,,,,", "distanceM"),
        ("run,2026-02-01T07:00:00Z,45,,100000,,,,", "distanceM"),
        ("run,2026-02-01T07:00:00Z,45,,,500,,,", "avgHeartRate"),
        ("run,2026-02-01T07:00:00Z,45,,,,11,,", "rpe"),
        ("run,2026-02-01T07:00:00Z,45,,,,,furious,", "intensity"),
        ("run,2026-02-01T07:00:00Z,45,,,,,," + "x" * 2001, "notes"),
        ("run,2026-02-01T07:00:00Z,45,,,,,,,,surplus", ""),
    ],
)
def test_a_bad_row_is_set_aside_with_line_field_and_reason(row: str, field: str) -> None:
    found = set_aside(OWN + row.encode() + b"\n")
    assert (found.line, found.field) == (2, field)
    assert 0 < len(found.reason) <= 300


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"\n \n\r\n", "empty"),
        (b"type,startedAt\nrun,2026-01-01T00:00:00Z\n", "Found: type,startedAt Expected: our own CSV (type"),
        (b"type,startedAt,durationMin,colour\n", "'colour' is not known"),
        (b"type,startedAt,durationMin,TYPE\n", "type is there more than once"),
        (b"x" * 3_000_000, "longer than 1 MiB"),
        (b"PK\x03\x04\xff\xfe", "UTF-8"),
        (b"t\0y\0p\0e\0", "NUL"),
    ],
)
def test_what_is_no_export_is_refused_by_name(content: bytes, said: str) -> None:
    with pytest.raises(Unrecognised) as error:
        recognised([content])
    assert said in str(error.value)


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


UNTRANSLATED = "translation missing: en-US.lib.export.x.horton_values.type"
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
        [*STRAVA[:-1], f'<span class="translation_missing" title="{UNTRANSLATED}">Type</span>'],
        [*STRAVA[:-1], UNTRANSLATED],
        [DUTCH.get(name, name) for name in STRAVA],
    ],
    ids=["repeated names", "saved by pandas", "markup", "untranslated", "Dutch"],
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


def test_a_distance_only_as_the_app_showed_it_is_left_out_and_said_so() -> None:
    header = ["Activity ID", "Activity Date", "Activity Type", "Elapsed Time", "Distance"]
    found = workout(text([header, ["1", "Oct 6, 2022, 11:19:20 PM", "Ride", "3600", "4,73"]]))
    assert found.distance_m is None
    assert "distanceM" in found.warnings[0]


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
        ({"Moving_Time": "", "Elapsed_Time": "", "Elapsed_Time.1": ""}, "Elapsed Time"),
        ({"Calories": "64000"}, "caloriesBurned"),
        ({"Moving_Time": "500", "Calories": ""}, "distanceM"),
    ],
)
def test_a_bad_strava_row_is_set_aside(change: dict[str, str], field: str) -> None:
    found = set_aside(text([STRAVA, strava_row(**change)]))
    assert (found.line, found.field) == (2, field)


def test_a_row_with_a_field_too_many_or_too_few_is_set_aside() -> None:
    assert "has 14 fields, the header 15" in set_aside(text([STRAVA, strava_row()[:-1]])).reason


YEARS = (datetime(2000, 1, 1), datetime(2026, 1, 1))  # noqa: DTZ001 - what the strategy asks for
NUMBERS = st.decimals(1, 2000, places=2)


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "type": st.sampled_from(sorted(LIMITS.supported_types - {"run"})),
                "startedAt": st.datetimes(*YEARS),
                "durationMin": NUMBERS,
                "distanceM": st.none() | NUMBERS,
                "notes": st.none() | st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=50),
            }
        ),
        max_size=10,
    )
)
def test_what_our_own_csv_says_is_read_back(said: list[dict[str, object]]) -> None:
    header = ["type", "startedAt", "durationMin", "distanceM", "notes"]
    rows = [
        [f"{row['startedAt']}Z" if n == "startedAt" else str(row[n] or "") for n in header] for row in said
    ]
    found = admitted(text([header, *rows]))
    assert len(found) == len(said)
    for workout, row in zip(found, said, strict=True):
        assert isinstance(workout, Workout), workout
        assert (workout.type, workout.duration_min) == (row["type"], row["durationMin"])
        assert workout.distance_m == row["distanceM"]
        assert (workout.notes or "") == str(row["notes"] or "").strip()
        assert isinstance(row["startedAt"], datetime)
        assert abs((workout.started_at.replace(tzinfo=None) - row["startedAt"]).total_seconds()) < 0.001


@given(st.lists(st.binary(max_size=60).map(lambda row: row.replace(b"\n", b"")), max_size=8))
def test_any_bytes_below_a_header_become_entries(rows: list[bytes]) -> None:
    _, found = entries(OWN + b"\n".join(rows))
    assert all(isinstance(each, ParsedWorkout | SetAside) for each in found)
    assert len(admitted(OWN + b"\n".join(rows))) == len(found)


def test_the_columns_are_those_of_the_api() -> None:
    assert set(own.COLUMNS) < {"photoKey", *Workout.model_json_schema(by_alias=True)["properties"]}
