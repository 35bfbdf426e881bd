"""Our own export is read back as it was written, in both of its forms; what is wrong in it costs its row."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.exports import text
from tests.unit.reading import entries, workout

from wotr_common import exports
from wotr_common.session import MOST_SETS, Session, TrainingSet
from wotr_common.workout import Workout
from wotr_workers.formats.detect import opened
from wotr_workers.formats.parsed import Entry, ParsedSession, ParsedWorkout, Remark, Unrecognised
from wotr_workers.texts.rows import SetAside

START = datetime(2026, 2, 1, 7, tzinfo=UTC)
SQUAT = TrainingSet(
    exercise="Squat, low bar",
    weight_kg=Decimal("102.058"),
    weight_unit="lb",
    reps=5,
    rpe=Decimal("8.5"),
    rest_s=Decimal(90),
    superset="1",
    notes="deep\nand slow",
)
ROW = TrainingSet(exercise="Row", set_type="warmup", distance_m=Decimal(500), duration_s=Decimal("120.5"))
HEAVY = TrainingSet(
    exercise="Leg Press", weight_kg=Decimal(400), reps=3, warnings=("weightKg: more than 350 kg", "a doubt")
)
SESSION = Session(
    user_id="ada",
    session_id="20260201T080000-0123456789",
    date=START.date(),
    started_at=START,
    title="Leg day",
    notes="= 3 hard sets",
    state="completed",
    version=7,
    source="strong",
    source_id="2026-02-01 08:00:00|Leg day",
    created_at=START,
    duration_min=Decimal(61),
    rpe=Decimal(8),
    calories_burned=Decimal(300),
    avg_heart_rate=Decimal("121.5"),
    sets=(SQUAT, ROW, HEAVY),
    warnings=("rpe: a doubt",),
)
ITS_WORKOUT = Workout(
    type="strength",
    started_at=START,
    user_id="ada",
    workout_id="20260201T070000000Z",
    created_at=START,
    intensity="high",
    distance_m=Decimal(500),
    photo_key="photos/ada/1.jpg",
)
RUN = Workout(
    type="run",
    started_at=START,
    duration_min=Decimal("45.123"),
    distance_m=Decimal(9000),
    notes="'quoted', too",
    user_id="ada",
    workout_id="20260201T070000000Z",
    source="garmin",
    source_id="abc",
    created_at=START,
    warnings=("avgHeartRate: unusual", "and more"),
)


def as_csv(*items: exports.Exported) -> bytes:
    return text([exports.COLUMNS, *(row for each in items for row in exports.to_rows(each))])


def as_json(*items: exports.Exported) -> bytes:
    lines = ",\n".join(map(exports.to_json, items))
    return f"{exports.JSON_FIRST_LINE}\n{lines}\n{exports.JSON_LAST_LINE}\n".encode()


FORMS = pytest.mark.parametrize("written", [as_csv, as_json], ids=["csv", "json"])


def read(content: bytes) -> list[Entry]:
    name, found = entries(content)
    assert name == "wotr"
    return found


def session(content: bytes) -> ParsedSession:
    (found,) = (each for each in read(content) if isinstance(each, ParsedSession))
    return found


@FORMS
def test_a_workout_comes_back_with_where_it_came_from(written: Any) -> None:
    content = written(exports.exported_workout(RUN))
    (found,) = read(content)
    assert isinstance(found, ParsedWorkout)
    assert (found.source, found.source_id) == ("garmin", "abc")
    again = workout(content)
    assert exports.exported_workout(again) == exports.exported_workout(RUN)


@FORMS
def test_an_activity_whose_length_nobody_knows_comes_back_without_one(written: Any) -> None:
    unknown = RUN.model_copy(update={"duration_min": None})
    assert workout(written(exports.exported_workout(unknown))).duration_min is None


@FORMS
def test_a_session_comes_back_with_its_sets(written: Any) -> None:
    found = session(written(exports.exported_session(SESSION, ITS_WORKOUT)))
    assert tuple(each.training_set for each in found.sets) == SESSION.sets
    names = ["title", "notes", "duration_min", "rpe", "calories_burned", "avg_heart_rate", "type", "warnings"]
    names += ["source", "source_id", "session_id", "state", "started_at"]
    assert {name: getattr(found, name) for name in names} == {name: getattr(SESSION, name) for name in names}
    assert (found.distance_m, found.intensity, found.photo_key) == (Decimal(500), "high", "photos/ada/1.jpg")
    assert found.local.isoformat() == "2026-02-01T08:00:00"
    assert not found.date_only


@FORMS
def test_a_session_of_a_date_is_of_a_date_again(written: Any) -> None:
    assert session(written(exports.exported_session(SESSION, date_only=True))).date_only


@FORMS
def test_an_open_session_without_a_source_id_stays_one(written: Any) -> None:
    live = SESSION.model_copy(update={"state": "open", "source": "api", "source_id": None})
    found = session(written(exports.exported_session(live)))
    assert (found.state, found.source_id, found.identity) == ("open", None, live.session_id)


@FORMS
def test_an_export_of_nothing_holds_nothing(written: Any) -> None:
    assert read(written()) == []


def test_a_session_s_row_carries_something_only_where_it_has_no_sets() -> None:
    none = SESSION.model_copy(update={"session_id": "20260202T080000-0123456789", "sets": ()})
    found = read(as_csv(exports.exported_session(SESSION), exports.exported_session(none)))
    assert [type(each) for each in found] == [Remark, ParsedSession, ParsedSession]
    assert isinstance(found[1], ParsedSession)
    assert isinstance(found[2], ParsedSession)
    assert [each.line for each in found[1].sets] == [3, 5, 6]  # notes and warnings take two lines
    assert (found[2].line, found[2].sets) == (8, ())


def test_a_session_with_very_many_sets_comes_in_pieces() -> None:
    many = exports.exported_session(SESSION.model_copy(update={"sets": (ROW,) * (MOST_SETS + 2)}))
    found = read(as_csv(many))
    assert [len(each.sets) for each in found if isinstance(each, ParsedSession)] == [MOST_SETS, 2]
    assert sum(isinstance(each, Remark) for each in found) == 1


HEADER = (
    b"Record,sessionId,startedAt,localStart,state,exercise,reps,weightKg,durationMin,type,title,warnings\n"
)
GOOD = b"session,20260201T080000-0a,2026-02-01T07:00:00Z,,,,,,,,,\n"


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("rest,,,,,,,,,,,", "record"),
        ("session,2026,2026-02-01T07:00:00Z,,,,,,,,,", "sessionId"),
        ("session,20260201T080000-0a,2026-02-01,,,,,,,,,", "startedAt"),
        ("session,20260201T080000-0a,2026-02-01T07:00:00Z,,begun,,,,,,,", "state"),
        ("set,20260201T080000-0a,,,,Squat,5.5,,,,,", "reps"),
        ("set,20260201T080000-0a,,,,Squat,5,2000,,,,", "weightKg"),
        ("set,20260201T080000-0a,,,,,5,,,,,", "exercise"),
        ("set,20260201T080000-0b,,,,Squat,5,,,,,", "sessionId"),
        ("set,20260201T080000-0a,,,,Squat,5,,45,,,", "durationMin"),
        ("set,20260201T080000-0a,,,,Squat,5,,,,," + "w" * 201, "warnings"),
        ("set,20260201T080000-0a,,,,Squat,5,,,,,,surplus", ""),
    ],
)
def test_a_bad_row_costs_no_neighbour(row: str, field: str) -> None:
    good = b"set,20260201T080000-0a,,,,Squat,5,100,,,,\n"
    found = read(HEADER + GOOD + good + row.encode() + b"\n" + good)
    (bad,) = (each for each in found if isinstance(each, SetAside))
    assert (bad.line, bad.field) == (4, field)
    (whole,) = (each for each in found if isinstance(each, ParsedSession))
    assert [each.line for each in whole.sets] == [3, 5]


@pytest.mark.parametrize(
    ("item", "field"),
    [
        ({"record": "workout", "source": 5}, "source"),
        ({"record": "workout", "sourceId": "\ud800"}, "sourceId"),
        ({"record": "workout", "warnings": "odd"}, "warnings"),
        ({"record": "workout", "warnings": ["x"] * 21}, "warnings"),
        ({"record": "session", "sessionId": "x"}, "sessionId"),
        ({"record": "session", "sessionId": "20260201T080000-0a", "startedAt": "now"}, "startedAt"),
        ({**exports.exported_session(SESSION), "sets": [{"exercise": "Squat", "reps": "5"}]}, "sets/0/reps"),
        ({**exports.exported_session(SESSION), "sets": {}}, "sets"),
        ([], "record"),
    ],
)
def test_a_bad_item_of_json_is_set_aside(item: object, field: str) -> None:
    lines = [exports.JSON_FIRST_LINE, json.dumps(item, default=float) + ",", exports.JSON_LAST_LINE]
    found = read("\n".join(lines).encode())
    assert [(each.line, each.field) for each in found if isinstance(each, SetAside)] == [(2, field)]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"record,type,colour\n", "'colour' is not known"),
        (b"record,type,TYPE\n", "type is there more than once"),
        (b'{"format": "wotr", "version": 2, "items": [\n', "an item a line below its first"),
        (b'{"format": "wotr", "version": 1, "items": [{"record": "workout"}]}\n', "an item a line"),
        (b'{"workouts": []}\n', "not a header that we know"),
        (b"{\n", "not a header that we know"),
        (b"{[[[[[[\n", "not a header that we know"),
    ],
)
def test_what_is_nearly_our_export_is_refused_with_what_is_wrong(content: bytes, said: str) -> None:
    with pytest.raises(Unrecognised) as error:
        opened([content])
    assert said in str(error.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(exports.COLUMNS), inner),
    max_leaves=8,
)
ITEMS = st.fixed_dictionaries(
    {"record": st.sampled_from(["workout", "session"])},
    optional={
        **dict.fromkeys([*exports.COLUMNS[1:], "sets"], JSON),
        "sessionId": st.just("20260201T080000-0a"),
        "startedAt": st.just("2026-02-01T07:00:00Z"),
    },
)


@given(st.lists(ITEMS | JSON, max_size=4), st.binary(max_size=20).filter(lambda end: b"\n" not in end))
def test_any_items_become_entries(items: list[object], end: bytes) -> None:
    content = "\n".join([exports.JSON_FIRST_LINE, *map(json.dumps, items)]).encode() + b"\n" + end
    found = read(content)
    assert all(isinstance(each, ParsedWorkout | ParsedSession | SetAside) for each in found)


CELLS = st.sampled_from(
    ["workout", "session", "set", "20260201T080000-0a", "2026-02-01T07:00:00Z", "5", "x", ""]
)


@given(st.lists(st.lists(CELLS, min_size=3, max_size=12), max_size=8))
def test_any_cells_become_entries(rows: list[list[str]]) -> None:
    assert isinstance(read(HEADER + text(rows)), list)
