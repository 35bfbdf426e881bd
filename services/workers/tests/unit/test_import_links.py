"""The same workout from two sources is one, and what links it survives the other's undo."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.staging import Stage
from tests.unit.toys import toy

from wotr_common.items import workout_item
from wotr_common.workout import WorkoutFields
from wotr_workers.workouts import first_version

KG = {"weight_unit": "kg", "timezone": "Europe/Berlin"}
STRAVA = toy("strava", "W,1,2026-01-05T17:00:00Z,30,from strava")
GARMIN = toy("garmin", "W,g,2026-01-05T17:00:50Z,31,from garmin")
STRONG = toy("strong", "S,Push,2026-01-05T18:00:20,Bench,100,5,", "S,Push,2026-01-05T18:00:20,Bench,100,5,")
HEVY = toy(
    "hevy", "S,push day,2026-01-05T18:00:40,Bench,100,5,", "S,push day,2026-01-05T18:00:40,Bench,95,5,"
)
FILES = {"strava": STRAVA, "garmin": GARMIN, "strong": STRONG, "hevy": HEVY}


@pytest.fixture
def stage(dynamodb: Any) -> Stage:
    return Stage(dynamodb)


def live(stage: Stage) -> None:
    fields = WorkoutFields.model_validate(
        {"type": "run", "startedAt": "2026-01-05T17:00:00Z", "durationMin": 30}
    )
    workout = first_version(fields, user_id="ada", created_at=stage.now, source="api")
    stage.table.put_all([workout_item(workout, 1)])


def test_the_second_source_of_a_workout_is_linked_to_the_first(stage: Stage) -> None:
    stage.run(STRAVA)
    (before,) = stage.history()

    assert stage.run(GARMIN, "i2") == {"rows": 1, "new": 0, "known": 1, "linked": 1}
    (workout,) = stage.history()
    assert (workout["source"], workout["version"]) == ("strava", before["version"])
    assert stage.run(GARMIN, "i3") == {"rows": 1, "new": 0, "known": 1, "linked": 1}
    assert stage.state("i2")["message"] == "0 new, 1 known (1 linked), 0 set aside"


def test_an_imported_workout_is_linked_to_the_one_that_was_logged_live(stage: Stage) -> None:
    live(stage)

    assert stage.run(GARMIN)["linked"] == 1
    assert len(stage.history()) == 1


def test_a_minute_and_a_moment_apart_are_two_workouts(stage: Stage) -> None:
    stage.run(STRAVA)

    assert stage.run(toy("garmin", "W,g,2026-01-05T17:01:00.001Z,31,"), "i2")["new"] == 1


def test_two_workouts_of_one_source_are_never_linked_to_the_same(stage: Stage) -> None:
    stage.run(STRAVA)

    rows = toy("garmin", "W,g,2026-01-05T17:00:10Z,31,", "W,h,2026-01-05T17:00:20Z,31,")
    assert stage.run(rows, "i2") == {"rows": 2, "new": 1, "known": 1, "linked": 1}
    assert len(stage.history()) == 2


def test_a_session_of_which_only_the_date_is_known_is_never_linked(stage: Stage) -> None:
    stage.run(toy("strava", "W,1,2026-01-05T11:00:00Z,30,"))

    day = toy("fitnotes", "S,Day,2026-01-05,Bench,100,5,")
    assert stage.run(day, "i2", **KG) == {"rows": 1, "new": 1}
    assert len(stage.history()) == 2
    assert stage.run(toy("garmin", "W,g,2026-01-05T11:00:00.001Z,30,"), "i3")["linked"] == 1
    assert len(stage.history()) == 2


def test_nothing_is_linked_to_a_session_of_which_only_the_date_is_known(stage: Stage) -> None:
    stage.run(toy("fitnotes", "S,Day,2026-01-05,Bench,100,5,"), **KG)

    noon = toy("strava", "W,1,2026-01-05T11:00:10Z,30,")
    assert stage.run(noon, "i2") == {"rows": 1, "new": 1}
    assert len(stage.history()) == 2


def test_a_session_has_the_workout_that_another_source_made(stage: Stage) -> None:
    stage.run(STRAVA)

    assert stage.run(STRONG, "i2", **KG) == {"rows": 2, "new": 2}
    (session,), (workout,) = stage.history("session"), stage.history()
    assert session["workoutId"] == workout["workoutId"]
    assert workout["source"] == "strava"


def test_a_session_of_two_apps_is_stored_once(stage: Stage) -> None:
    stage.run(STRONG, **KG)

    assert stage.run(HEVY, "i2", **KG) == {"rows": 2, "new": 0, "known": 2, "linked": 2}
    assert stage.run(HEVY, "i3", **KG) == {"rows": 2, "new": 0, "known": 2, "linked": 2}
    assert len(stage.history("session")) == len(stage.history()) == 1


@pytest.mark.parametrize("first", FILES)
@pytest.mark.parametrize("second", FILES)
def test_an_undo_leaves_what_the_other_import_alone_would_have_made(
    stage: Stage, first: str, second: str
) -> None:
    if first == second:
        return
    stage.run(FILES[second], "second", **KG)
    alone = stage.account()
    stage.undo("second")
    assert stage.account() == {}

    stage.run(FILES[first], "first", **KG)
    before = stage.account()
    upload = stage.upload(FILES[second], "second", said={"weight-unit": "kg", "timezone": "Europe/Berlin"})
    stage.importer().run(upload, stage.until)
    both = stage.items()

    stage.undo("second")
    assert stage.account() == before

    stage.table.put_all(both)
    stage.undo("first")
    assert without_rows(stage.account()) == without_rows(alone)
    stage.undo("second")
    assert stage.account() == {}


def test_two_sources_in_one_file_of_our_own_are_linked_as_well(stage: Stage) -> None:
    rows = [
        "workout,strava,1,run,2026-01-05T17:00:00Z,30",
        "workout,garmin,g,run,2026-01-05T17:00:30Z,31",
        "workout,api,,run,2026-01-06T17:00:00Z,32",
    ]
    content = "\n".join(["record,source,sourceId,type,startedAt,durationMin", *rows]).encode()

    assert stage.run(content) == {"rows": 3, "new": 2, "known": 1, "linked": 1}
    first, second = stage.history()
    assert (first["source"], first["sourceId"], second["source"]) == ("strava", "1", "api")
    assert stage.run(STRAVA, "i2") == {"rows": 1, "new": 0, "known": 1, "changed": 1}
    assert stage.run(content, "i3")["known"] == 3


def without_rows(account: dict[str, Any]) -> Any:
    """An account without the names of the rows that made it: each upload has another version."""
    names = ("importRow", "changedRow", "lastUpload")

    def lasting(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: lasting(each) for name, each in value.items() if name not in names}
        return [lasting(each) for each in value] if isinstance(value, list) else value

    return lasting(account)


def test_what_is_linked_to_a_live_workout_goes_without_a_trace(stage: Stage) -> None:
    live(stage)
    before = stage.account()
    for name, content in FILES.items():
        stage.run(content, name, **KG)

    for name in ("strong", "strava", "hevy", "garmin"):
        stage.undo(name)
    assert stage.account() == {**before, **{k: v for k, v in stage.account().items() if "PR#" in k}}
