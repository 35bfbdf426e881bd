"""Sessions of an import: sets by position, one item each, and the workout that they amount to."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.staging import Stage
from tests.unit.toys import toy

from wotr_common.session import MOST_SETS
from wotr_workers.store import Item

KG = {"weight_unit": "kg", "timezone": "Europe/Berlin"}
PUSH = "S,Push,2026-01-05T18:00:00,Bench,{weight},{reps},"


@pytest.fixture
def stage(dynamodb: Any) -> Stage:
    return Stage(dynamodb)


def push(weight: int = 100, reps: int = 5, notes: str = "") -> str:
    return PUSH.format(weight=weight, reps=reps) + notes


def session(stage: Stage) -> Item:
    (found,) = stage.history("session")
    return found


def test_a_session_is_stored_with_its_sets_and_its_workout(stage: Stage) -> None:
    rows = (push(), push(), push(110, 3))

    assert stage.run(toy("strong", *rows), **KG) == {"rows": 3, "new": 3}

    found = session(stage)
    assert found["sessionId"].startswith("20260105T180000-")
    assert (found["startedAt"], found["state"], found["source"], found["sourceId"], found["importId"]) == (
        "2026-01-05T17:00:00.000Z",
        "completed",
        "strong",
        "Push",
        "i1",
    )
    assert [each["weightKg"] for each in found["sets"]] == [100, 100, 110]
    (workout,) = stage.history()
    assert workout["workoutId"] == found["workoutId"] == "20260105T170000000Z"
    assert (workout["sessionId"], workout["volumeKg"]) == (found["sessionId"], 1330)
    assert (workout["type"], workout["notes"]) == ("strength", "Push")
    assert "durationMin" not in workout


def test_identical_sets_are_real_and_all_of_them_are_kept(stage: Stage) -> None:
    rows = [push()] * 6

    assert stage.run(toy("fitnotes", *rows), **KG)["new"] == 6
    assert len(session(stage)["sets"]) == 6
    before = stage.items()
    assert stage.run(toy("fitnotes", *rows), "i2", **KG) == {"rows": 6, "new": 0, "known": 6}
    assert [item for item in stage.items() if item in before] == before


def test_rows_of_a_session_that_are_not_neighbours_continue_it(stage: Stage) -> None:
    other = "S,Legs,2026-01-06T18:00:00,Squat,120,5,"
    rows = (push(), other, push(100, 6), other, push(100, 7))

    assert stage.run(toy("fitnotes", *rows), **KG) == {"rows": 5, "new": 5}
    assert [each["reps"] for each in stage.history("session")[0]["sets"]] == [5, 6, 7]
    assert stage.run(toy("fitnotes", *rows), "i2", **KG) == {"rows": 5, "new": 0, "known": 5}


def test_a_later_export_adds_sets_and_updates_what_changed_by_position(stage: Stage) -> None:
    stage.run(toy("strong", push(), push(), push()), **KG)
    before, workout = session(stage), stage.history()[0]

    later = toy("strong", push(), push(105), push(), push(90, 10))
    assert stage.run(later, "i2", **KG) == {"rows": 4, "new": 1, "known": 3, "changed": 1}

    found = session(stage)
    assert [each["weightKg"] for each in found["sets"]] == [100, 105, 100, 90]
    assert found["version"] > before["version"]
    assert (found["importId"], found["changedBy"]) == ("i1", "i2")
    assert stage.history()[0]["volumeKg"] == workout["volumeKg"] + 25 + 900


def test_sets_that_an_export_has_not_stay(stage: Stage) -> None:
    stage.run(toy("strong", push(), push(), push()), **KG)
    before = session(stage)

    assert stage.run(toy("strong", push()), "i2", **KG) == {"rows": 1, "new": 0, "known": 1}
    assert session(stage) == before


@pytest.mark.parametrize(
    "said", [{**KG, "weight_unit": "lb"}, {**KG, "timezone": "UTC"}], ids=["unit", "zone"]
)
def test_the_same_file_in_another_unit_or_zone_finds_its_sessions_again(
    stage: Stage, said: dict[str, str]
) -> None:
    rows = toy("strong", push(), push(), "S,Legs,2026-01-06T18:00:00,Squat,120,5,")
    stage.run(rows, **KG)

    assert stage.run(rows, "i2", **said) == {"rows": 3, "new": 0, "known": 3, "changed": 3}
    assert len(stage.history("session")) == len(stage.history()) == 2
    assert stage.undo("i2")
    assert session_starts(stage) == ["2026-01-05T17:00:00.000Z", "2026-01-06T17:00:00.000Z"]
    assert stage.history("session")[0]["sets"][0]["weightKg"] == 100


def session_starts(stage: Stage) -> list[str]:
    starts = [item["startedAt"] for item in stage.history("session")]
    assert starts == [item["startedAt"] for item in stage.history()]
    return starts


def test_what_is_said_of_a_session_changes_without_its_sets(stage: Stage) -> None:
    stage.run(toy("strong", push(), push()), **KG)

    again = toy("strong", push(notes="felt good"), push())
    assert stage.run(again, "i2", **KG) == {"rows": 2, "new": 0, "known": 2, "changed": 2}
    assert session(stage)["notes"] == "felt good"
    assert stage.history()[0]["notes"] == "Push\nfelt good"


def test_a_session_that_an_athlete_changed_is_left_alone(stage: Stage) -> None:
    stage.run(toy("strong", push(), push()), **KG)
    stage.table.put_all([{**session(stage), "editedAt": "2026-03-01T00:00:00.000Z"}])

    assert stage.run(toy("strong", push(1), push(), push()), "i2", **KG) == {"rows": 3, "new": 0, "known": 3}
    assert [each["weightKg"] for each in session(stage)["sets"]] == [100, 100]


def test_a_session_has_at_most_a_thousand_sets_and_the_others_are_set_aside(stage: Stage) -> None:
    rows = [push(10 + n % 7) for n in range(MOST_SETS + 2)]

    assert stage.run(toy("fitnotes", *rows), **KG) == {"rows": 1002, "new": 1000, "setAside": 2}
    assert [line for line, _, _ in stage.set_aside()] == [1002, 1003]
    assert stage.run(toy("fitnotes", *rows), "i2", **KG) == {
        "rows": 1002,
        "new": 0,
        "known": 1000,
        "setAside": 2,
    }


def test_sessions_of_the_same_moment_have_a_workout_each(stage: Stage) -> None:
    day = [f"S,{name},2026-01-05,Squat,100,5," for name in ("Morning", "Evening")]

    assert stage.run(toy("fitnotes", *day), **KG)["new"] == 2
    assert [item["startedAt"] for item in stage.history()] == [
        "2026-01-05T11:00:00.000Z",
        "2026-01-05T11:00:00.001Z",
    ]
    assert stage.run(toy("fitnotes", *day), "i2", **KG) == {"rows": 2, "new": 0, "known": 2}


def test_our_own_export_brings_open_sessions_back_as_open_ones_without_a_workout(stage: Stage) -> None:
    header = "record,sessionId,source,sourceId,type,startedAt,localStart,state,exercise,setType,weightKg,reps"
    rows = [
        "session,20260105T180000-abc,api,,strength,2026-01-05T17:00:00Z,2026-01-05T18:00:00,open,,,,",
        "set,20260105T180000-abc,,,,,,,Bench,normal,100,5",
    ]
    content = "\n".join([header, *rows]).encode()

    assert stage.run(content)["new"] == 1
    found = session(stage)
    assert (found["sessionId"], found["source"], found["state"]) == ("20260105T180000-abc", "api", "open")
    assert "workoutId" not in found
    assert stage.history() == []
    assert stage.run(content, "i2")["known"] == 1


@pytest.mark.parametrize(
    ("session_id", "source", "field"),
    [
        ("tomorrow", "api", "sessionId"),
        ("20261340T180000-abc", "api", "sessionId"),
        ("20260105T180000-abc", "No App!", "source"),
    ],
)
def test_rows_that_cannot_say_whose_they_are_are_set_aside(
    stage: Stage, session_id: str, source: str, field: str
) -> None:
    header = "record,sessionId,source,sourceId,type,startedAt,localStart,state,exercise,setType,weightKg,reps"
    start = "2026-01-05T17:00:00Z,2026-01-05T18:00:00"
    rows = [
        f"session,{session_id},{source},,strength,{start},open,,,,",
        f"set,{session_id},,,,,,,Bench,,100,5",
    ]

    assert stage.run("\n".join([header, *rows]).encode())["new"] == 0
    assert stage.state()["counts"]["setAside"] >= 1
    assert field in {name for _, name, _ in stage.set_aside()}
    assert stage.history("session") == []


Sets = st.lists(st.tuples(st.integers(0, 2), st.integers(1, 3)), max_size=9)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(Sets, Sets, st.randoms(use_true_random=False))
def test_of_two_exports_of_a_history_the_later_adds_the_difference(
    stage: Stage, earlier: list[tuple[int, int]], more: list[tuple[int, int]], order: Any
) -> None:
    stage.table.delete_all({"pk": item["pk"], "sk": item["sk"]} for item in stage.items())
    rows = [f"S,Day {day},2026-01-{day + 1:02}T18:00:00,Bench,100,{reps}," for day, reps in [*earlier, *more]]

    first = stage.run(toy("strong", *rows[: len(earlier)]), "i1", **KG)
    second = stage.run(toy("strong", *rows), "i2", **KG)

    assert first["new"] == len(earlier)
    assert (second["new"], second.get("known", 0)) == (len(more), len(earlier))
    stored = sum(len(item["sets"]) for item in stage.history("session"))
    assert stored == len(rows)
    volume = sum((item["volumeKg"] for item in stage.history()), Decimal(0))
    assert volume == sum(100 * reps for _, reps in [*earlier, *more])
