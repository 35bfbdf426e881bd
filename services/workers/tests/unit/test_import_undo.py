"""An import taken back leaves what there would be without it, whatever came before and after."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.staging import Stage
from tests.unit.test_import_links import without_rows
from tests.unit.toys import toy

from wotr_common import keys

KG = {"weight_unit": "kg", "timezone": "Europe/Berlin"}
# Three exports of one history, each telling something anew; one of them at another time.
STRAVA = {
    "first": toy("strava", "W,1,2026-01-05T17:00:00Z,30,a", "W,2,2026-01-06T17:00:00Z,30,"),
    "second": toy("strava", "W,1,2026-01-05T17:30:00Z,31,b", "W,3,2026-01-07T17:00:00Z,30,"),
    "third": toy("strava", "W,1,2026-01-05T17:00:00Z,32,c", "W,2,2026-01-06T17:00:00Z,40,"),
}
PUSH = "S,Push,2026-01-05T18:00:00,Bench,"
STRONG = {
    "first": toy("strong", f"{PUSH}100,5,", f"{PUSH}100,5,"),
    "second": toy("strong", f"{PUSH}100,5,", f"{PUSH}105,5,", f"{PUSH}90,8,"),
    "third": toy("strong", f"{PUSH}95,5,told anew", f"{PUSH}105,5,told anew"),
}


@pytest.fixture
def stage(dynamodb: Any) -> Stage:
    return Stage(dynamodb)


@pytest.mark.parametrize("order", list(permutations(STRAVA)), ids="-".join)
@pytest.mark.parametrize("files", [STRAVA, STRONG], ids=["workouts", "sessions"])
def test_imports_that_changed_the_same_are_taken_back_in_any_order(
    stage: Stage, files: dict[str, bytes], order: tuple[str, ...]
) -> None:
    for name, content in files.items():
        stage.run(content, name, **KG)

    for name in order:
        stage.undo(name)
    assert stage.account() == {}


@pytest.mark.parametrize(
    ("files", "undone"),
    [(STRAVA, "first"), (STRAVA, "second"), (STRAVA, "third"), (STRONG, "first"), (STRONG, "third")],
)
def test_without_one_of_them_the_others_are_as_if_it_had_never_been(
    stage: Stage, files: dict[str, bytes], undone: str
) -> None:
    for name, content in files.items():
        stage.run(content, name, **KG)
    stage.undo(undone)
    stored = without_rows(stage.account())

    others = {name: content for name, content in files.items() if name != undone}
    for name in others:
        stage.undo(name)
    for name, content in others.items():
        stage.run(content, name, **KG)
    assert without_rows(stage.account()) == stored


def test_a_change_is_taken_back_and_told(stage: Stage) -> None:
    stage.run(STRAVA["first"], "first")
    before, versions = stage.account(), [item["version"] for item in stage.history()]
    stage.run(STRAVA["second"] + b"\nA,notes,is odd", "second")

    stage.heard()
    assert stage.undo("second")

    assert stage.account() == before
    assert stage.history()[0]["version"] > versions[0]
    assert stage.history()[1]["version"] == versions[1]
    (told,) = stage.heard()
    assert (told["state"], told["importId"], told["message"]) == ("undone", "second", "taken back")
    assert stage.set_aside("second") == []
    assert stage.state("second")["state"] == "undone"
    assert not stage.undoer().run("ada", "second", stage.until)
    assert stage.heard() == []


def test_an_import_in_the_middle_is_taken_out_of_what_the_next_one_changed(stage: Stage) -> None:
    for name, content in STRAVA.items():
        stage.run(content, name)
    third = stage.history()[0]

    stage.undo("second")

    first = stage.history()[0]
    assert (first["notes"], first["durationMin"], first["version"]) == ("c", 32, third["version"])
    stage.undo("third")
    assert (stage.history()[0]["notes"], stage.history()[0]["durationMin"]) == ("a", 30)


def test_what_another_import_changed_becomes_its_own(stage: Stage) -> None:
    stage.run(STRAVA["first"], "first")
    stage.run(STRAVA["third"], "third")
    both = without_rows(stage.account())

    stage.undo("first")

    stored = without_rows(stage.account())
    assert {key for key in both if keys.is_workout(key.rpartition("/")[2])} <= set(stored)
    assert {item["importId"] for item in stage.history()} == {"third"}
    stage.undo("third")
    assert stage.account() == {}
    stage.run(STRAVA["third"], "third")
    assert without_rows(stage.account()) == stored


def test_what_an_athlete_changed_after_the_import_did_stays(stage: Stage) -> None:
    stage.run(STRAVA["first"], "first")
    stage.run(STRAVA["third"], "third")
    edited = {**stage.history()[0], "notes": "mine", "editedAt": "2026-03-01T00:00:00.000Z"}
    stage.table.put_all([edited])

    stage.undo("third")

    assert stage.history()[0]["notes"] == "mine"
    assert stage.history()[1]["durationMin"] == 30
    stage.undo("first")
    assert stage.account() == {}


def test_records_are_made_again_without_what_is_taken_back(stage: Stage) -> None:
    stage.run(STRAVA["first"], "first")
    stage.run(toy("strava", "W,9,2026-02-05T17:00:00Z,300,"), "long")
    key = keys.record_key("ada", "longest_duration", "run")
    assert stage.table.get(key["pk"], [key["sk"]])[key["sk"]]["value"] == 300

    stage.undo("long")

    assert stage.table.get(key["pk"], [key["sk"]])[key["sk"]]["value"] == 30


def test_an_import_that_was_taken_back_can_be_imported_again(stage: Stage) -> None:
    stage.run(STRAVA["first"])
    before = without_rows(stage.account())
    stage.undo()

    assert stage.run(STRAVA["first"])["new"] == 2
    assert without_rows(stage.account()) == before


def test_a_file_that_comes_after_its_import_was_taken_back_is_not_imported(stage: Stage) -> None:
    stage.imports.add({**keys.import_key("ada", "i1"), "userId": "ada", "importId": "i1", "state": "waiting"})
    stage.undo()

    assert stage.importer().run(stage.upload(STRAVA["first"]), stage.until) is None
    assert stage.account() == {}
    assert stage.state()["state"] == "undone"


def test_what_nobody_imported_or_asked_to_take_back_is_left_alone(stage: Stage) -> None:
    stage.run(STRAVA["first"])
    before = stage.items()

    assert stage.imports.ask_undo("ada", "nothing") is None
    assert not stage.undoer().run("ada", "nothing", stage.until)
    assert not stage.undoer().run("ada", "i1", stage.until)
    assert stage.items() == before


Rows = st.lists(
    st.builds(
        "W,{},2026-01-05T1{}:00:{:02}Z,{},".format,
        st.integers(1, 3),
        st.integers(0, 1),
        st.sampled_from([0, 30, 59]),
        st.integers(30, 32),
    )
    | st.builds(
        "S,Day {},2026-01-05T1{}:00:20,Bench,100,{},".format,
        st.integers(1, 2),
        st.integers(0, 1),
        st.integers(5, 6),
    ),
    min_size=1,
    max_size=5,
)
Exports = st.lists(st.tuples(st.sampled_from(["strava", "garmin", "strong"]), Rows), min_size=1, max_size=4)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(Exports, st.randoms(use_true_random=False))
def test_whatever_was_imported_the_last_goes_without_a_trace_and_all_of_them_leave_nothing(
    bare: Stage, exports: list[tuple[str, list[str]]], order: Any
) -> None:
    stage = bare
    names = [f"i{number}" for number in range(len(exports))]
    for name, (source, rows) in zip(names, exports, strict=True):
        before = stage.account()
        stage.run(toy(source, *rows), name, weight_unit="kg", timezone="UTC")
        counts = stage.state(name)["counts"]
        assert counts["rows"] == len(rows)

    stage.undo(names[-1])
    assert stage.account() == before

    rest = names[:-1]
    order.shuffle(rest)
    for name in rest:
        stage.undo(name)
    assert stage.account() == {}


@pytest.fixture
def bare(dynamodb: Any) -> Stage:
    class NoRecords:
        """Rebuilding records has tests of its own."""

        def rebuild(self, user_id: str, import_id: str) -> Any:
            return {"count": 0, "top": []}

    return Stage(dynamodb, NoRecords())
