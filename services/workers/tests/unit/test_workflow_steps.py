"""The workflow's steps on a table in memory: what is current, what is stored, what is worth another try."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from botocore.stub import Stubber
from tests.unit.cloud import TABLE
from tests.unit.desk import BENCH, SQUAT, Athlete
from tests.unit.training import a_set, session

from wotr_common import keys
from wotr_workers.store import NotRead, Table, raw
from wotr_workers.store.session_loads import SessionLoads
from wotr_workers.workflow.inputs import BadInput, OneSet, read, said
from wotr_workers.workflow.retrying import TryAgain, worth_retrying
from wotr_workers.workflow.session_load import set_load
from wotr_workers.workflow.steps import stored, validated

MOST_BYTES = 262_144  # of a state's input and output


@pytest.fixture
def ada(dynamodb: Any) -> Athlete:
    return Athlete(dynamodb)


def asked(body: dict[str, Any], **other: Any) -> dict[str, Any]:
    given = {"userId": "ada", "sessionId": body["sessionId"], "version": body["version"]}
    return {**given, "correlationId": "c", **other}


def first(ada: Athlete, given: Any) -> dict[str, Any]:
    return validated(given, Table(ada.dynamodb, TABLE))


def each(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """What the state machine makes of the sets of a first step's `answer`."""
    return [said(set_load(read(OneSet, {"set": one, "correlationId": "c"}).set)) for one in answer["sets"]]


def last(ada: Athlete, answer: dict[str, Any]) -> dict[str, Any]:
    given = {"session": answer["session"], "sets": each(answer)}
    return stored(json.loads(json.dumps(given)), SessionLoads(ada.dynamodb, TABLE))


def kept(ada: Athlete) -> list[dict[str, Any]]:
    return ada.items(lambda sk: sk.startswith(keys.session_load_key("ada", "")["sk"]))


def test_a_session_is_read_weighed_and_its_load_stored(ada: Athlete) -> None:
    body = ada.completed(SQUAT, {**BENCH, "setType": "warmup"}, SQUAT, durationMin=45, rpe=8)

    answer = first(ada, asked(body))
    assert answer["current"] is True
    outcome = last(ada, answer)

    (item,) = kept(ada)
    assert (item["version"], item["setCount"], item["volumeKg"]) == (body["version"], 2, 1000)
    assert (item["sessionRpe"], item["intensityPct"]) == (360, Decimal("85.714"))
    assert [one["counted"] for one in item["sets"]] == [True, False, True]
    message = json.loads(outcome["notice"].pop("message"))
    assert outcome == {"current": True, "notice": {"userId": "ada", "type": "strength"}}
    assert message["message"] == "strength on 2026-03-01: 2 sets, 1000 kg, load 360"
    assert message["load"] == {
        "setCount": 2,
        "volumeKg": 1000,
        "reps": 10,
        "intensityPct": 85.714,
        "sessionRpe": 360,
    }


def test_done_twice_it_is_stored_once_and_told_the_same(ada: Athlete) -> None:
    answer = first(ada, asked(ada.completed(SQUAT)))
    outcome, item = last(ada, answer), kept(ada)
    assert last(ada, answer) == outcome
    assert kept(ada) == item


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"version": 1}, "the session is at version"),
        ({"sessionId": "20260301T173000-nosuch"}, "the session is gone"),
    ],
)
def test_what_is_not_stored_any_more_leaves_nothing_to_do(
    ada: Athlete, change: dict[str, Any], reason: str
) -> None:
    answer = first(ada, asked(ada.completed(SQUAT), **change))
    assert answer["current"] is False
    assert answer["reason"].startswith(reason)


def test_an_open_session_is_not_weighed(ada: Athlete) -> None:
    assert first(ada, asked(ada.began(SQUAT)))["reason"] == "the session has not ended"


def test_a_session_that_changes_while_it_is_weighed_keeps_no_load_of_what_it_was(ada: Athlete) -> None:
    body = ada.completed(SQUAT)
    answer = first(ada, asked(body))
    change = {"version": body["version"], "sets": [SQUAT, SQUAT]}
    changed = ada.done("session.change", sessionId=body["sessionId"], change=change)

    assert last(ada, answer)["current"] is False
    assert kept(ada) == []

    last(ada, first(ada, asked(changed)))
    assert [item["version"] for item in kept(ada)] == [changed["version"]]


def test_a_newer_load_takes_the_place_of_an_older_one(ada: Athlete) -> None:
    body = ada.completed(SQUAT)
    last(ada, first(ada, asked(body)))
    change = {"version": body["version"], "sets": [SQUAT, SQUAT]}
    changed = ada.done("session.change", sessionId=body["sessionId"], change=change)
    last(ada, first(ada, asked(changed)))
    assert [(item["version"], item["volumeKg"]) for item in kept(ada)] == [(changed["version"], 1000)]


def test_a_deleted_session_leaves_no_load_and_gets_none_afterwards(ada: Athlete) -> None:
    body = ada.completed(SQUAT)
    answer = first(ada, asked(body))
    last(ada, answer)
    deletion = {"sessionId": body["sessionId"], "version": body["version"]}
    assert ada.ask("session.delete", **deletion).status == 204
    assert ada.items() == []
    assert last(ada, answer)["current"] is False
    assert ada.items() == []


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "userId"),
        (None, "must be"),
        ({"userId": "ada", "sessionId": "x", "version": 1, "correlationId": "c"}, "sessionId"),
        ({"userId": "ada", "sessionId": "20260301T173000-a", "version": 0, "correlationId": "c"}, "version"),
    ],
)
def test_bad_input_is_named_by_its_fields_and_never_tried_again(ada: Athlete, given: Any, field: str) -> None:
    with pytest.raises(BadInput, match=field) as error:
        first(ada, given)
    assert "20260301" not in str(error.value)


def test_the_longest_session_travels_as_a_states_input_and_output(ada: Athlete) -> None:
    sets = [
        a_set(
            f"{number:04d}" + "ü" * 60,
            "1359.123",
            1000,
            setType="failure",
            durationS=2591999.123,
            distanceM=1999999.123,
            rpe=9.5,
        )
        for number in range(1000)
    ]
    long = session(0, *sets)
    ada.put(long)
    answer = first(ada, asked({"sessionId": long["sessionId"], "version": 1}))
    assert len(json.dumps(answer).encode()) < MOST_BYTES
    weighed = {"session": answer["session"], "sets": each(answer)}
    assert len(json.dumps(weighed).encode()) < MOST_BYTES
    stored(weighed, SessionLoads(ada.dynamodb, TABLE))
    assert len(kept(ada)[0]["sets"]) == 1000


def cancelled(*codes: str) -> dict[str, Any]:
    return {
        "service_error_code": "TransactionCanceledException",
        "modeled_fields": {"CancellationReasons": [{"Code": code} for code in codes]},
    }


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (cancelled("TransactionConflict", "None"), TryAgain),
        (cancelled("None", "ThrottlingError"), TryAgain),
        ({"service_error_code": "ProvisionedThroughputExceededException"}, TryAgain),
        ({"service_error_code": "InternalServerError", "http_status_code": 500}, TryAgain),
        ({"service_error_code": "AccessDeniedException"}, ClientError),
        ({"service_error_code": "ValidationException"}, ClientError),
    ],
)
def test_only_what_passes_is_worth_another_try(
    ada: Athlete, answer: dict[str, Any], outcome: type[Exception]
) -> None:
    first_answer = first(ada, asked(ada.completed(SQUAT)))
    with Stubber(ada.dynamodb) as stub:
        stub.add_client_error("transact_write_items", **answer)
        with pytest.raises(outcome):
            last(ada, first_answer)


@pytest.mark.parametrize("error", [NotRead("busy"), ReadTimeoutError(endpoint_url="https://x")])
def test_a_busy_or_silent_table_is_worth_another_try(error: Exception) -> None:
    with pytest.raises(TryAgain), worth_retrying():
        raise error


def test_a_mistake_is_not_worth_another_try() -> None:
    with pytest.raises(KeyError), worth_retrying():
        raise KeyError("forgotten")


def test_a_stored_session_that_cannot_be_read_fails_as_what_it_is(ada: Athlete) -> None:
    body = ada.completed(SQUAT)
    (item,) = ada.sessions()
    ada.dynamodb.put_item(TableName=TABLE, Item=raw({**item, "state": "unheard of"}))
    with pytest.raises(ValueError, match="state"):
        first(ada, asked(body))
