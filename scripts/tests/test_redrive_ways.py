"""Where a message of a dead-letter queue goes back to, and which messages somebody means."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redriving.letters import FAILED_OFTEN, GIVEN_UP, Letter, Wanted, duration
from redriving.ways import (
    Fillers,
    FromObject,
    Nowhere,
    Reader,
    ToFunction,
    ToQueue,
    ToReader,
    ToStateMachine,
    Way,
    way,
)

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
SOURCE = "arn:aws:sqs:eu-central-1:123456789012:wotr-workers-dev-WorkoutQueue"
READER = Reader("arn:aws:lambda:eu-central-1:123456789012:function:publish:live")
MACHINE = "arn:aws:states:eu-central-1:123456789012:stateMachine:SessionWorkflow"
RECORD = {"eventSource": "aws:dynamodb", "eventID": "1", "dynamodb": {"SequenceNumber": "7"}}


def letter(body: Any, minutes_ago: int = 0, **attributes: str) -> Letter:
    text = body if isinstance(body, str) else json.dumps(body)
    return Letter("m-1", text, attributes, NOW - timedelta(minutes=minutes_ago))


def test_what_a_queue_moved_goes_to_that_queue_without_the_reason_but_with_its_correlation_id() -> None:
    found = way(letter("{}", reason="not JSON", correlationId="trip-7"), Fillers(queues=[SOURCE]))
    assert found == ToQueue(SOURCE, "{}", {"correlationId": "trip-7"})


def test_an_event_that_a_rule_could_not_deliver_goes_to_the_rules_target() -> None:
    other = SOURCE.replace("WorkoutQueue", "EventQueue")
    undelivered = letter({"detail": {}}, TARGET_ARN=other, RULE_ARN="r", ERROR_CODE="NO_PERMISSIONS")
    assert way(undelivered, Fillers(queues=[SOURCE, other])) == ToQueue(other, undelivered.body, {})


def test_a_record_of_a_stream_goes_to_the_function_that_could_not_do_it() -> None:
    found = way(letter(RECORD, reason="refused"), Fillers(readers=[READER]))
    assert found == ToReader(READER.function_arn, [RECORD])


def object_created(key: str) -> Letter:
    detail = {"bucket": {"name": "failures"}, "object": {"key": key}}
    return letter({"source": "aws.s3", "detail-type": "Object Created", "detail": detail})


def test_what_an_event_source_gave_up_goes_to_its_function_with_the_records_that_were_kept() -> None:
    told = object_created("aws/lambda/mapping/shard/2026/11/25/12")
    assert way(told, Fillers(readers=[READER])) == FromObject(
        READER, "failures", "aws/lambda/mapping/shard/2026/11/25/12"
    )
    assert told.reason == f"{GIVEN_UP} s3://failures/aws/lambda/mapping/shard/2026/11/25/12"


def test_an_upload_that_could_not_be_imported_goes_to_the_queue_of_uploads() -> None:
    told = object_created("uploads/ada/i1.csv")
    assert way(told, Fillers(queues=[SOURCE])) == ToQueue(SOURCE, told.body, {})
    assert told.reason == FAILED_OFTEN


@pytest.mark.parametrize("given", [{"sessionId": "s"}, '{"sessionId": "s"}'])
def test_a_failed_execution_starts_again_with_its_input_once_for_each_message(given: Any) -> None:
    failed = letter(
        {"stateMachineArn": MACHINE, "executionArn": "e", "input": given, "error": "X", "cause": ""}
    )
    assert way(failed, Fillers(queues=[SOURCE])) == ToStateMachine(
        MACHINE, "redrive-m-1", '{"sessionId": "s"}'
    )


def test_a_failed_asynchronous_invocation_goes_to_its_function() -> None:
    function = "arn:aws:lambda:eu-central-1:123456789012:function:collect"
    by_destination = letter(
        {"requestContext": {"functionArn": f"{function}:live"}, "requestPayload": {"a": 1}}
    )
    by_queue = letter({"a": 1}, RequestID="r", ErrorCode="200", ErrorMessage="boom")
    assert way(by_destination, Fillers()) == ToFunction(f"{function}:live", '{"a": 1}')
    assert way(by_queue, Fillers(functions=[function])) == ToFunction(function, '{"a": 1}')


@pytest.mark.parametrize(
    ("what", "fillers"),
    [
        (letter("{}"), Fillers()),
        (letter("{}"), Fillers(queues=[SOURCE, f"{SOURCE}2"])),
        (letter(RECORD), Fillers(queues=[SOURCE])),
        (letter("{}", TARGET_ARN="arn:aws:firehose:eu-central-1:123456789012:deliverystream/x"), Fillers()),
    ],
)
def test_what_nobody_can_place_goes_nowhere(what: Letter, fillers: Fillers) -> None:
    assert isinstance(way(what, fillers), Nowhere)


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        (letter("{}", reason="type: unknown"), "type: unknown"),
        (letter("{}", ERROR_MESSAGE="no permission", ERROR_CODE="X"), "no permission"),
        (letter({"stateMachineArn": MACHINE, "error": "TryAgain", "cause": "slow"}), "TryAgain: slow"),
        (
            letter({"requestContext": {"condition": "RetryAttemptsExhausted"}, "responseContext": {}}),
            "RetryAttemptsExhausted",
        ),
        (letter("not JSON"), FAILED_OFTEN),
        (letter([1]), FAILED_OFTEN),
    ],
)
def test_the_reason_is_what_somebody_said(what: Letter, reason: str) -> None:
    assert what.reason == reason


def test_a_correlation_id_is_found_beside_the_body_in_an_event_and_in_a_message() -> None:
    inside = {"correlationId": "trip-7"}
    found = {
        each.correlation_id
        for each in (letter("{}", correlationId="trip-7"), letter({"detail": inside}), letter(inside))
    }
    assert found == {"trip-7"}
    assert letter("-").correlation_id == "-"


@pytest.mark.parametrize(
    ("wanted", "taken"),
    [
        (Wanted(), True),
        (Wanted(reason="THROTTL", contains="Ada"), True),
        (Wanted(reason="throttl", contains="ben"), False),
        (Wanted(ids=["m-1"]), True),
        (Wanted(ids=["m-2"]), False),
        (Wanted(correlation_id="trip-7"), True),
        (Wanted(correlation_id="trip"), False),
        (Wanted(older_than=timedelta(minutes=10)), True),
        (Wanted(older_than=timedelta(minutes=11)), False),
        (Wanted(newer_than=timedelta(minutes=9)), False),
    ],
)
def test_filters_are_joined_by_and(wanted: Wanted, *, taken: bool) -> None:
    found = letter({"userId": "ada"}, minutes_ago=10, reason="it was throttled", correlationId="trip-7")
    assert wanted.takes(found, NOW) is taken


def test_durations_have_a_unit() -> None:
    assert [duration(text) for text in ("90s", "15m", "2h", "3d")] == [
        timedelta(seconds=90),
        timedelta(minutes=15),
        timedelta(hours=2),
        timedelta(days=3),
    ]
    for text in ("", "90", "h", "1.5h", "-1h"):
        with pytest.raises(ValueError, match="write a duration"):
            duration(text)


def test_a_way_says_in_words_where_it_leads() -> None:
    ways: list[Way] = [
        ToQueue(SOURCE, "", {}),
        ToReader(READER.function_arn, []),
        ToStateMachine(MACHINE, "n", "{}"),
    ]
    assert [str(each) for each in ways] == [
        "queue wotr-workers-dev-WorkoutQueue",
        "function publish",
        "workflow SessionWorkflow",
    ]
