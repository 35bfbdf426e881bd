"""An import counts its rows, stores what is new and tells how it ended."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.exports import STRAVA, strava_row, text
from tests.unit.staging import Stage

from wotr_common import keys
from wotr_workers.imports.tally import OTHER_REASONS

HEADER = "type,startedAt,durationMin,notes\n"


@pytest.fixture
def stage(dynamodb: Any) -> Stage:
    return Stage(dynamodb)


def own(*rows: str) -> bytes:
    return (HEADER + "".join(f"{row}\n" for row in rows)).encode()


def history(size: int) -> bytes:
    """`size` rows, one of each ten bad."""
    return own(
        *(
            f"run,2026-01-{1 + n // 24:02}T{n % 24:02}:00:00Z,{'soon' if n % 10 == 4 else 30 + n},row {n}"
            for n in range(size)
        )
    )


def test_what_is_new_is_stored_and_told(stage: Stage) -> None:
    assert stage.run(history(30)) == {"rows": 30, "new": 27, "setAside": 3}

    (told,) = stage.heard()
    records = told.pop("records")
    assert told == {
        "version": 1,
        "userId": "ada",
        "importId": "i1",
        "state": "done",
        "format": "wotr",
        "message": "27 new, 0 known, 3 set aside",
        "counts": {
            "rows": 30,
            "new": 27,
            "known": 0,
            "changed": 0,
            "linked": 0,
            "setAside": 3,
            "remarks": 0,
        },
        "setAsideReasons": {"durationMin: must be a number such as 45.5, not 'soon'": 3},
    }
    assert records["count"] == len(records["top"]) == 1
    assert records["top"][0]["value"] == 59
    reason = "must be a number such as 45.5, not 'soon'"
    assert stage.set_aside() == [(line, "durationMin", reason) for line in (6, 16, 26)]
    stored = stage.history()
    assert len(stored) == 27
    assert {(item["importId"], item["source"], item["correlationId"]) for item in stored} == {
        ("i1", "csv", "i1")
    }


def test_the_same_file_again_writes_nothing(stage: Stage) -> None:
    stage.run(history(30))
    before = stage.history()

    assert stage.run(history(30), "i2") == {"rows": 30, "new": 0, "known": 27, "setAside": 3}
    assert stage.run(history(30), "i1") == {"rows": 30, "new": 0, "known": 27, "setAside": 3}
    assert stage.history() == before
    assert [told["message"] for told in stage.heard()][1:] == ["0 new, 27 known, 3 set aside"] * 2


def test_a_later_export_adds_the_difference_and_updates_what_changed(stage: Stage) -> None:
    strava = [strava_row(Activity_ID=str(n), Activity_Date=f"Oct {n}, 2022, 11:19:20 PM") for n in (1, 2, 3)]
    stage.run(text([STRAVA, *strava[:2]]))
    before = stage.history()
    strava[1] = strava_row(Activity_ID="2", Activity_Date="Oct 2, 2022, 11:19:20 PM", Activity_Name="Renamed")

    assert stage.run(text([STRAVA, *strava]), "i2") == {"rows": 3, "new": 1, "known": 2, "changed": 1}

    first, second, third = stage.history()
    assert first == before[0]
    assert second["notes"] == "Renamed"
    assert second["version"] > before[1]["version"]
    assert (second["importId"], second["changedBy"], third["importId"]) == ("i1", "i2", "i2")
    assert stage.state("i2")["message"] == "1 new, 2 known (1 changed), 0 set aside"


def test_an_earlier_export_deletes_nothing(stage: Stage) -> None:
    stage.run(own("run,2026-01-01T00:00:00Z,30,a", "run,2026-01-02T00:00:00Z,30,b"))
    before = stage.history()

    assert stage.run(own("run,2026-01-01T00:00:00Z,30,a"), "i2") == {"rows": 1, "new": 0, "known": 1}
    assert stage.history() == before


def test_two_rows_that_say_different_things_of_one_workout_are_never_silently_one(stage: Stage) -> None:
    rows = own(
        "run,2026-01-01T00:00:00Z,30,a", "run,2026-01-01T00:00:00Z,99,b", "run,2026-01-01T00:00:00Z,30,a"
    )

    assert stage.run(rows) == {"rows": 3, "new": 1, "known": 1, "setAside": 1}
    ((line, _, reason),) = stage.set_aside()
    assert (line, reason) == (3, "is the same workout as line 2, which says something else of it")


def test_different_workouts_of_an_app_with_the_same_start_are_both_stored_and_found_again(
    stage: Stage,
) -> None:
    rows = text([STRAVA, strava_row(Activity_ID="1"), strava_row(Activity_ID="2", Calories="1")])

    assert stage.run(rows)["new"] == 2
    assert [item["startedAt"][-5:] for item in stage.history()] == [".000Z", ".001Z"]
    assert stage.run(rows, "i2") == {"rows": 2, "new": 0, "known": 2}


def test_what_an_athlete_changed_is_left_alone(stage: Stage) -> None:
    stage.run(text([STRAVA, strava_row(Activity_ID="1")]))
    (item,) = stage.history()
    stage.table.put_all([{**item, "notes": "mine", "editedAt": "2026-03-01T00:00:00.000Z"}])

    again = text([STRAVA, strava_row(Activity_ID="1", Activity_Name="theirs")])
    assert stage.run(again, "i2") == {"rows": 1, "new": 0, "known": 1}
    assert stage.history()[0]["notes"] == "mine"


@pytest.mark.parametrize("content", [b"", b"name,colour\n1,red\n", b"\x00\x01\xff", b"type,startedAt\n"])
def test_what_is_no_export_is_refused_and_told(stage: Stage, content: bytes) -> None:
    assert stage.run(content) == {"new": 0}
    (told,) = stage.heard()
    assert told["state"] == stage.state()["state"] == "refused"
    assert told["message"] == f"refused: {told['reason']}"


def test_every_row_that_is_set_aside_is_kept_and_the_reasons_are_bounded(stage: Stage) -> None:
    stage.run(own(*(f"run,2026-01-01T00:00:00Z,bad {n}," for n in range(1300))))

    state = stage.state()
    assert state["counts"]["setAside"] == 1300
    assert [line for line, _, _ in stage.set_aside()] == list(range(2, 1302))
    assert sum(state["setAsideReasons"].values()) == 1300
    assert state["setAsideReasons"][OTHER_REASONS] == 1250


def test_another_upload_under_the_same_id_forgets_the_rows_that_the_first_set_aside(stage: Stage) -> None:
    stage.run(history(30))
    stage.run(own("run,2026-01-01T00:00:00Z,30,row 0"))

    assert stage.set_aside() == []
    assert stage.state()["counts"]["known"] == 1


ROWS = st.lists(
    st.sampled_from(
        ["run,2026-01-01T00:00:00Z,30,a", "run,2026-01-01T00:00:00Z,31,b", "walk,2026-01-02T00:00:00Z,9,"]
    )
    | st.text(st.characters(codec="utf-8"), max_size=20),
    max_size=8,
).map(lambda rows: own(*rows))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ROWS | st.binary(max_size=80))
def test_no_row_vanishes(stage: Stage, content: bytes) -> None:
    stage.run(content, "any")
    counts = stage.state("any")["counts"]
    assert counts["rows"] == counts["new"] + counts["known"] + counts["setAside"]
    assert len(stage.set_aside("any")) == counts["setAside"]
    stage.run(content, "again")
    again = stage.state("again")["counts"]
    assert (again["rows"], again["new"]) == (counts["rows"], 0)


def test_an_item_that_dynamodb_never_takes_costs_its_rows_and_no_others(stage: Stage) -> None:
    class Picky:
        """A client that refuses one workout as too large."""

        def __init__(self, client: Any) -> None:
            self.client = client

        def __getattr__(self, name: str) -> Any:
            return getattr(self.client, name)

        def put_item(self, **arguments: Any) -> Any:
            if "2026-01-02" in arguments["Item"][keys.SK]["S"]:
                arguments["Item"] = {**arguments["Item"], keys.PK: {"N": "1"}}
            return self.client.put_item(**arguments)

    stage.dynamodb = Picky(stage.dynamodb)
    rows = own("run,2026-01-01T00:00:00Z,30,a", "run,2026-01-02T00:00:00Z,30,large")

    assert stage.run(rows) == {"rows": 2, "new": 1, "setAside": 1}
    ((line, _, reason),) = stage.set_aside()
    assert line == 3
    assert reason == "cannot be stored as it stands"


def test_a_session_that_is_too_large_is_set_aside_with_what_is_too_much(stage: Stage) -> None:
    header = "title,start_time,end_time,exercise_title,exercise_notes,set_index,set_type,weight_kg,reps"
    times = ("7 Apr 2026, 10:14", "7 Apr 2026, 11:14")
    sets = [("Legs", *times, "Squat", "n" * 1000, str(index), "normal", "100", "5") for index in range(500)]
    rows = text([header.split(","), *sets])

    assert stage.run(rows, timezone="Europe/Berlin") == {"rows": 500, "new": 0, "setAside": 500}
    assert {reason for _, _, reason in stage.set_aside()} == {
        "too large to be stored: all of a session, notes included, may have 400 KB"
    }


class Counting:
    """A client that counts its calls by name."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.calls: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:
        self.calls[name] += 1
        return getattr(self.client, name)


def test_what_is_known_costs_a_few_reads_for_a_hundred_rows_and_no_writes(stage: Stage) -> None:
    rows = text([STRAVA, *(strava_row(Activity_ID=str(n), Activity_Date=day(n)) for n in range(120))])
    stage.run(rows)
    counting = stage.dynamodb = Counting(stage.dynamodb)

    stage.run(rows, "i2")

    written = sum(counting.calls[name] for name in ("update_item", "transact_write_items"))
    assert written == counting.calls["batch_write_item"] == 0
    # The lease, the state's first words, settings, two batches, the end and that it was told.
    assert counting.calls["put_item"] == 7
    assert counting.calls["batch_get_item"] <= 1 + 2 * 2


def day(n: int) -> str:
    return f"Oct {1 + n // 24}, 2022, {1 + n % 12}:00:00 {'AM' if n // 12 % 2 else 'PM'}"
