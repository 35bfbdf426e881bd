"""Whoever was confirmed gets a profile, once, and keeps what they said in it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.unit.cloud import TABLE, Queue
from tests.unit.test_handlers import Context, Load, load

from wotr_common import keys
from wotr_common.changes import Profile
from wotr_common.dead_letters import DeadLetters
from wotr_common.versions import first_version
from wotr_workers.enrolment import enrol
from wotr_workers.store import Table, plain, raw

__all__ = ["load"]  # the fixture

NOW = datetime(2026, 3, 1, 18, 1, tzinfo=UTC)
ASKED: dict[str, Any] = {
    "version": 1,
    "name": "profile.change",
    "userId": "ada",
    "commandId": "enrol-ada",
    "correlationId": "confirmation-1",
    "arguments": {"profile": {}},
}


def record(body: object, message_id: str = "m1") -> dict[str, Any]:
    return {
        "messageId": message_id,
        "body": body if isinstance(body, str) else json.dumps(body),
        "messageAttributes": {"correlationId": {"stringValue": "confirmation-1"}},
    }


@pytest.fixture
def table(dynamodb: Any) -> Table:
    return Table(dynamodb, TABLE)


def stored(dynamodb: Any) -> list[dict[str, Any]]:
    return [plain(item) for item in dynamodb.scan(TableName=TABLE)["Items"]]


def test_a_confirmed_athlete_has_a_profile_in_which_nothing_is_said(
    dynamodb: Any, table: Table, dead_letters: DeadLetters
) -> None:
    batch = enrol([record(ASKED)], table, dead_letters, lambda: NOW)

    assert (batch.enrolled, batch.duplicates, batch.failed_ids) == (1, 0, [])
    (item,) = stored(dynamodb)
    assert item == {
        **keys.profile_key("ada"),
        "userId": "ada",
        "correlationId": "confirmation-1",
        "version": first_version(NOW),
    }
    assert Profile.model_validate(item).timezone is None


def test_whoever_is_enrolled_again_keeps_what_they_said(
    dynamodb: Any, table: Table, dead_letters: DeadLetters
) -> None:
    said = {**keys.profile_key("ada"), "userId": "ada", "version": 7, "timezone": "Europe/Berlin"}
    dynamodb.put_item(TableName=TABLE, Item=raw(said))

    batch = enrol([record(ASKED), record(ASKED, "m2")], table, dead_letters, lambda: NOW)

    assert (batch.enrolled, batch.duplicates, batch.set_aside, batch.failed_ids) == (0, 2, 0, [])
    assert stored(dynamodb) == [said]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("who?", "not an enrolment: Invalid JSON"),
        (ASKED | {"userId": "a/b"}, "not an enrolment: userId"),
        (ASKED | {"name": "workout.delete"}, "that is profile.change with an empty profile"),
        (ASKED | {"arguments": {"profile": {"sex": "female"}}}, "with an empty profile"),
    ],
)
def test_a_message_that_is_no_enrolment_is_set_aside_and_its_neighbours_go_on(
    table: Table, queue: Queue, dead_letters: DeadLetters, body: object, reason: str
) -> None:
    batch = enrol([record(body), record(ASKED, "m2")], table, dead_letters, lambda: NOW)

    assert (batch.enrolled, batch.set_aside, batch.failed_ids) == (1, 1, [])
    (letter,) = queue.messages()
    assert reason in letter["reason"]


def test_what_could_not_be_written_comes_again(
    dynamodb: Any, load: Load, capsys: pytest.CaptureFixture[str]
) -> None:
    handler = load("enrol").handler
    assert handler({"Records": [record(ASKED)]}, Context()) == {"batchItemFailures": []}
    assert '"AthletesEnrolled":[1' in capsys.readouterr().out.replace(" ", "")
    dynamodb.delete_table(TableName=TABLE)

    answer = handler({"Records": [record(ASKED, "m9")]}, Context())

    assert answer == {"batchItemFailures": [{"itemIdentifier": "m9"}]}
