"""Notes are sealed wherever this service stores them, and nothing above the store notices."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from tests.unit.cloud import TABLE, notes
from tests.unit.desk import SQUAT, Athlete
from tests.unit.staging import Stage
from tests.unit.test_import import own

from wotr_common.notes import KEYS, WARNING
from wotr_workers.records.changes import change_in
from wotr_workers.store import Delete, Put, Table, plain, raw, streamed

NOTE = "knee hurt again"
ITEM: dict[str, Any] = {"pk": "USER#ada", "sk": "WORKOUT#1", "notes": NOTE, "version": 1}


def lying(dynamodb: Any) -> list[dict[str, Any]]:
    """The table's items as they lie there."""
    return [plain(item) for item in dynamodb.scan(TableName=TABLE)["Items"]]


def test_no_command_leaves_a_note_in_the_clear(dynamodb: Any) -> None:
    ada = Athlete(dynamodb)
    session = ada.began(SQUAT | {"notes": f"{NOTE} 1"}, notes=f"{NOTE} 2")
    sets = [SQUAT | {"notes": f"{NOTE} 3"}, SQUAT]
    ada.done("session.add_sets", sessionId=session["sessionId"], sets=sets)
    done = ada.done("session.complete", sessionId=session["sessionId"], completion={"notes": f"{NOTE} 4"})
    assert [each.get("notes") for each in done["sets"]] == [f"{NOTE} 1", f"{NOTE} 3", None]
    assert done["notes"] == f"{NOTE} 4"
    assert len(ada.workouts()) == len(ada.sessions()) == 1
    assert NOTE not in repr(lying(dynamodb))
    assert len(lying(dynamodb)[0][KEYS]) == 1  # one process, one data key, kept once


def test_an_import_that_changes_and_one_that_is_taken_back_work_on_sealed_notes(dynamodb: Any) -> None:
    stage = Stage(dynamodb)
    row = "run,2026-01-01T00:00:00Z,30,{0}"
    assert stage.run(own(row.format(f"{NOTE} 1")), "first")["new"] == 1
    assert stage.run(own(row.format(f"{NOTE} 1")), "again")["new"] == 0  # the same content is known
    assert stage.run(own(row.format(f"{NOTE} 2")), "second")["changed"] == 1
    assert stage.history()[0]["notes"] == f"{NOTE} 2"
    assert NOTE not in repr(lying(dynamodb))  # what lay below, neither
    assert stage.undo("second")
    assert stage.history()[0]["notes"] == f"{NOTE} 1"
    assert NOTE not in repr(lying(dynamodb))


def test_a_workout_that_moves_to_another_start_keeps_its_note(dynamodb: Any) -> None:
    stage, ada = Stage(dynamodb), Athlete(dynamodb)
    stage.run(own(f"run,2026-01-01T00:00:00Z,30,{NOTE}"))
    (workout,) = ada.workouts()
    change = {"version": int(workout["version"]), "startedAt": "2026-01-01T06:00:00Z"}
    assert ada.done("workout.change", workoutId=workout["workoutId"], change=change)["notes"] == NOTE
    assert [each["notes"] for each in ada.workouts()] == [NOTE]


def damaged(dynamodb: Any) -> dict[str, Any]:
    """The only item of the table, its note cut short by somebody."""
    (item,) = dynamodb.scan(TableName=TABLE)["Items"]
    dynamodb.put_item(TableName=TABLE, Item={**item, "notes": {"B": item["notes"]["B"][:-1]}})
    return plain(item)


def test_an_item_with_a_damaged_note_can_be_read_and_deleted_and_not_changed(dynamodb: Any) -> None:
    stage, ada = Stage(dynamodb), Athlete(dynamodb)
    stage.run(own(f"run,2026-01-01T00:00:00Z,30,{NOTE}"))
    for item in dynamodb.scan(TableName=TABLE)["Items"]:
        if "notes" not in item:
            dynamodb.delete_item(TableName=TABLE, Key={"pk": item["pk"], "sk": item["sk"]})
    stored = damaged(dynamodb)
    workout_id, version = stored["workoutId"], int(stored["version"])
    change = {"version": version, "durationMin": 31}
    refused = ada.ask("workout.change", workoutId=workout_id, change=change)
    assert refused.status == 409
    assert "cannot be read" in refused.body["detail"]
    assert stage.run(own("run,2026-01-01T00:00:00Z,31,other"), "later")["setAside"] == 1
    ((_, _, reason),) = stage.set_aside("later")
    assert "notes that cannot be read" in reason
    assert ada.ask("workout.delete", workoutId=workout_id, version=version).status == 204


def test_a_function_without_the_key_sees_no_note_and_stores_none(dynamodb: Any) -> None:
    Table(dynamodb, TABLE, notes()).write([Put(ITEM)])
    without = Table(dynamodb, TABLE)
    rest = {name: value for name, value in ITEM.items() if name != "notes"}
    assert without.get(ITEM["pk"], [ITEM["sk"]]) == {ITEM["sk"]: rest}
    with pytest.raises(ValueError, match="no key for notes"):
        without.write([Put({**ITEM, "sk": "WORKOUT#2"})])
    without.write([Delete(ITEM)])
    assert not lying(dynamodb)


def test_readers_of_the_stream_get_no_note_and_no_data_key(dynamodb: Any) -> None:
    sealed = raw(notes().sealed({**ITEM, "workoutId": "w", "sets": [{"notes": NOTE, "reps": 5}]}))
    image = {**sealed, "notes": {"B": "AAEC"}, KEYS: {"BS": ["AAEC"]}}  # as JSON has it
    image["sets"] = {"L": [{"M": {"notes": {"B": "AAEC"}, "reps": {"N": "5"}}}]}
    said = {"Keys": {"pk": image["pk"], "sk": image["sk"]}, "NewImage": image}
    change = change_in({"dynamodb": said})
    assert change.new == streamed(image)
    assert change.new == {
        "pk": "USER#ada",
        "sk": "WORKOUT#1",
        "version": 1,
        "workoutId": "w",
        "sets": [{"reps": 5}],
    }
    assert image["notes"] == {"B": "AAEC"}  # the record may go to the dead letters as it came


def test_while_kms_does_not_answer_a_command_fails_as_one_to_try_again(dynamodb: Any) -> None:
    ada = Athlete(dynamodb)
    boto3.client("kms").delete_alias(AliasName="alias/wotr-dev-notes")
    with pytest.raises(boto3.client("kms").exceptions.NotFoundException):
        ada.ask("session.create", session={"startedAt": "2026-03-01T17:30:00Z", "notes": NOTE})
    assert not lying(dynamodb)
    assert WARNING not in repr(ada.sessions())
