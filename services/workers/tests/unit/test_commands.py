"""Commands: what is wrong is an outcome, races are settled. Profiles; imports asked for and undone."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, get_args

import pytest
from botocore.exceptions import ClientError
from tests.unit.cloud import TABLE
from tests.unit.desk import SQUAT, START, Athlete

from wotr_common.limits import Limits, LimitsError
from wotr_common.messages import CommandName
from wotr_workers.commands.dispatch import DECISIONS, TRIES, answer
from wotr_workers.store import Table


@pytest.fixture
def ada(dynamodb: Any) -> Athlete:
    return Athlete(dynamodb)


class Meddling(Table):
    """The table, at which somebody else is quicker: `meddle` runs before each write."""

    def __init__(self, dynamodb: Any, meddle: Callable[[], object]) -> None:
        super().__init__(dynamodb, TABLE)
        self._meddle = meddle
        self.writes = 0

    def write(self, writes: Any) -> None:
        self.writes += 1
        self._meddle()
        super().write(writes)


def meddled(ada: Athlete, meddle: Callable[[], object]) -> Meddling:
    table = Meddling(ada.dynamodb, meddle)
    ada.desk = type(ada.desk)(
        table, ada.desk.sessions, ada.desk.imports, ada.desk.queue, ada.desk.limits, ada.desk.clock
    )
    return table


def once(work: Callable[[], object]) -> Callable[[], None]:
    """Does `work` at the first call, nothing afterwards."""
    left = [work]

    def first() -> None:
        if left:
            left.pop()()

    return first


def test_every_command_has_a_decision() -> None:
    assert set(DECISIONS) == set(get_args(CommandName))


@pytest.mark.parametrize("payload", [{}, [], None, "x", {"name": "session.burn", "userId": "ada"}])
def test_what_is_no_command_is_said_to_be_none(ada: Athlete, payload: object) -> None:
    assert answer(ada.desk, payload).status == 422


@pytest.mark.parametrize("name", sorted(DECISIONS))
@pytest.mark.parametrize(
    "junk", [None, [], "x", {"sets": 5, "version": "1"}, {"startedAt": {}, "version": 10**30}]
)
def test_arguments_that_make_no_sense_are_refused_and_nothing_is_written(
    ada: Athlete, name: str, junk: Any
) -> None:
    said = ("session", "sets", "completion", "change", "profile", "request", "version", "importId")
    arguments = {"sessionId": junk, "workoutId": junk, **dict.fromkeys(said, junk)}

    outcome = ada.ask(name, **arguments)

    if name == "profile.change" and outcome.status == 200:
        return
    assert outcome.status in {404, 422}
    assert ada.items() == []


def test_a_completion_decided_while_a_set_came_in_counts_that_set(ada: Athlete) -> None:
    session = ada.began(SQUAT)
    payload = ada.payload("session.add_sets", sessionId=session["sessionId"], sets=[SQUAT])
    plain_desk = ada.desk
    meddled(ada, once(lambda: answer(plain_desk, payload)))

    body = ada.done("session.complete", sessionId=session["sessionId"], completion={})

    assert len(body["sets"]) == 2
    assert ada.workouts()[0]["volumeKg"] == 1000


def test_two_sessions_completed_at_once_take_different_starts(ada: Athlete) -> None:
    one, other = ada.began(SQUAT), ada.began(SQUAT)
    plain_desk = ada.desk
    payload = ada.payload("session.complete", sessionId=other["sessionId"], completion={})
    meddled(ada, once(lambda: answer(plain_desk, payload)))

    ada.done("session.complete", sessionId=one["sessionId"], completion={})

    assert [item["sessionId"] for item in ada.workouts()] == [other["sessionId"], one["sessionId"]]


def test_a_change_that_came_second_conflicts(ada: Athlete) -> None:
    session = ada.began(SQUAT)
    plain_desk = ada.desk
    first = {"version": session["version"], "title": "first"}
    payload = ada.payload("session.change", sessionId=session["sessionId"], change=first)
    meddled(ada, once(lambda: answer(plain_desk, payload)))

    change = {"version": session["version"], "title": "second"}
    outcome = ada.ask("session.change", sessionId=session["sessionId"], change=change)

    assert (outcome.status, outcome.body["current"]["title"]) == (409, "first")


def test_what_never_stands_still_is_given_up_with_nothing_done(ada: Athlete) -> None:
    session = ada.began(SQUAT)
    (item,) = ada.sessions()
    versions = iter(range(1, 100))
    table = meddled(ada, lambda: ada.put({**item, "version": next(versions)}))

    outcome = ada.ask("session.complete", sessionId=session["sessionId"], completion={})

    assert (outcome.status, table.writes) == (503, TRIES)
    assert ada.workouts() == []


def test_failing_aws_and_unreadable_limits_are_exceptions_for_the_caller_to_try_again(ada: Athlete) -> None:
    def unreadable() -> Limits:
        raise LimitsError("no limits")

    ada.desk = type(ada.desk)(
        ada.desk.table, ada.desk.sessions, ada.desk.imports, ada.desk.queue, unreadable, ada.desk.clock
    )
    with pytest.raises(LimitsError):
        ada.ask("session.create", session={"startedAt": START})
    ada.dynamodb.delete_table(TableName=TABLE)
    with pytest.raises(ClientError, match="ResourceNotFound"):
        ada.ask("session.add_sets", sessionId="20260301T173000-0123456789", sets=[SQUAT])


def test_a_profile_is_merged_and_null_removes(ada: Athlete) -> None:
    first = ada.done("profile.change", profile={"timezone": "Europe/Berlin", "maxHeartRate": 190})
    ada.later()
    second = ada.done("profile.change", profile={"timezone": None, "sex": "female"})

    assert second == {"maxHeartRate": 190, "sex": "female", "version": second["version"]}
    assert second["version"] > first["version"]
    (item,) = ada.items()
    assert (item["maxHeartRate"], item["sex"], "timezone" in item) == (190, "female", False)


def test_a_profile_that_says_nothing_new_is_not_written(ada: Athlete) -> None:
    first = ada.done("profile.change", profile={"weightUnit": "lb"})
    ada.later()
    assert ada.done("profile.change", profile={"weightUnit": "lb"}) == first


@pytest.mark.parametrize(
    ("said", "pointer"),
    [
        ({"timezone": "Mars/Olympus"}, "/timezone"),
        ({"maxHeartRate": 60}, "/maxHeartRate"),
        ({"restingHeartRate": 120, "maxHeartRate": 110}, "/maxHeartRate"),
        ({"weightUnit": "stone"}, "/weightUnit"),
    ],
)
def test_a_profile_that_cannot_be_is_refused(ada: Athlete, said: dict[str, Any], pointer: str) -> None:
    outcome = ada.ask("profile.change", profile=said)
    assert (outcome.status, outcome.body["errors"][0]["pointer"]) == (422, pointer)
    assert ada.items() == []


def test_an_import_that_was_asked_for_waits_with_its_settings(ada: Athlete) -> None:
    asked = {"weightUnit": "lb", "timezone": "Europe/Berlin"}
    outcome = ada.ask("import.request", request=asked, importId="i1")

    assert outcome.status == 201
    assert outcome.body == {
        "importId": "i1",
        "state": "waiting",
        "requestedAt": "2026-03-01T18:30:00.000Z",
        **asked,
    }
    (item,) = ada.items()
    assert (item["sk"], item["state"], item["weightUnit"], item["told"]) == (
        "IMPORT#i1",
        "waiting",
        "lb",
        False,
    )


def test_an_import_is_asked_for_once(ada: Athlete) -> None:
    first = ada.ask("import.request", command_id="c", request={}, importId="i1")
    ada.later()
    assert ada.ask("import.request", command_id="c", request={}, importId="i1") == first
    assert ada.ask("import.request", request={}, importId="i1").status == 409


@pytest.mark.parametrize("state", ["waiting", "running", "done", "refused", "undoing"])
def test_an_import_is_marked_and_queued_to_be_taken_back(ada: Athlete, state: str) -> None:
    ada.done("import.request", request={}, importId="i1")
    (item,) = ada.items()
    ada.put({**item, "state": state, "counts": {"rows": 3}})

    outcome = ada.ask("import.undo", importId="i1")

    assert (outcome.status, outcome.body["state"], outcome.body["counts"]) == (202, "undoing", {"rows": 3})
    assert ada.items()[0]["state"] == "undoing"
    assert [json.loads(body)["undo"] for body in ada.queued()] == [{"userId": "ada", "importId": "i1"}]


def test_an_import_that_was_taken_back_stays_so(ada: Athlete) -> None:
    ada.done("import.request", request={}, importId="i1")
    ada.put({**ada.items()[0], "state": "undone"})
    outcome = ada.ask("import.undo", importId="i1")
    assert (outcome.status, outcome.body["state"]) == (200, "undone")
    assert ada.queued() == []


@pytest.mark.parametrize("import_id", ["i2", "no/id", None])
def test_an_import_that_is_not_there_is_not_found(ada: Athlete, import_id: Any) -> None:
    assert ada.ask("import.undo", importId=import_id).status == 404
    assert ada.items() == []
