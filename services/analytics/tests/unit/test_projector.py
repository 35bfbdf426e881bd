"""Totals equal what a plain sum over the events gives, whatever happens on the way to them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ReadTimeoutError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.given import (
    TABLE,
    answer_transactions,
    brute_force,
    canceled,
    deletion,
    edit,
    event,
    message,
    messages,
    no_pause,
    totals_of,
)

from wotr_analytics.events import counted
from wotr_analytics.projector import count, first_counted, project
from wotr_analytics.settling import TRIES, newest
from wotr_analytics.store import Views
from wotr_analytics.totals import Amounts, Change, Contribution, Counted, WorkoutRef
from wotr_common.dead_letters import DeadLetters
from wotr_common.events import WorkoutCreated, WorkoutEvent

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# The table is the same for all examples of a property: each gives its users names of its own.
in_one_table = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
generation = itertools.count()


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[WorkoutCreated], list[list[WorkoutCreated]]]:
    """Events of two users, and the batches they arrive in: repeated, shuffled, cut anywhere."""
    number = next(generation)
    minutes = draw(st.lists(st.integers(0, 60 * 24 * 21), min_size=1, max_size=12, unique=True))
    events = [
        event(
            f"{draw(st.sampled_from(['ana', 'ben']))}-{number}",
            minute,
            type=draw(st.sampled_from(["run", "ride", "swim"])),
            duration_min=draw(st.decimals("0.1", 600, places=3)),
            calories_burned=draw(st.none() | st.decimals(0, 3000, places=1)),
            distance_m=draw(st.none() | st.decimals(1, 100_000, places=3)),
        )
        for minute in minutes
    ]
    delivered = draw(st.permutations(events + draw(st.lists(st.sampled_from(events), max_size=12))))
    cuts = sorted(draw(st.sets(st.integers(1, len(delivered)), max_size=4)))
    batches = [delivered[low:high] for low, high in itertools.pairwise([0, *cuts, len(delivered)])]
    return events, [batch for batch in batches if batch]


@in_one_table
@given(histories(), st.data())
def test_totals_are_exact_under_duplicates_any_order_and_lost_acknowledgements(
    dynamodb: DynamoDBClient,
    views: Views,
    dead_letters: DeadLetters,
    history: tuple[list[WorkoutCreated], list[list[WorkoutCreated]]],
    data: st.DataObject,
) -> None:
    events, batches = history
    for batch in batches:
        # the function dies after its writes and before its answer: the queue delivers the batch again
        for _ in range(data.draw(st.integers(1, 2))):
            assert project(messages(batch), views, dead_letters, no_pause).failed_ids == []

    for user_id in {each.user_id for each in events}:
        assert totals_of(dynamodb, user_id) == brute_force(events, user_id)


@in_one_table
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["w1", "w2", "w3"]),
            st.integers(1, 6),
            st.none() | st.tuples(st.sampled_from(["run", "ride"]), st.decimals(1, 90, places=2)),
        ),
        min_size=1,
        max_size=15,
        unique_by=lambda said: said[:2],  # a version says one thing
    ),
    st.integers(1, 5),
)
def test_edits_and_deletions_in_any_order_end_in_the_newest_version(
    dynamodb: DynamoDBClient,
    views: Views,
    said: list[tuple[str, int, tuple[str, Decimal] | None]],
    batch_size: int,
) -> None:
    user_id = f"versions-{next(generation)}"
    statements = [
        (
            WorkoutRef(user_id, workout_id),
            Counted(version, Contribution(what[0], "2026-W47", Amounts(1, what[1])) if what else None),
        )
        for workout_id, version, what in said
    ]
    for start in range(0, len(statements), batch_size):
        assert count(views, statements[start : start + batch_size], no_pause).failed == {}

    alive = [c.contribution for c in newest(statements).values() if c.contribution]
    expected = {"TOTAL#ALL": alive, "TOTAL#WEEK#2026-W47": alive}
    for type_ in ("run", "ride"):
        expected[f"TOTAL#TYPE#{type_}"] = [c for c in alive if c.type == type_]
    assert totals_of(dynamodb, user_id) == {
        sk: (len(kept), sum(c.amounts.minutes for c in kept), 0, 0) for sk, kept in expected.items() if kept
    }


def test_metrics_speak_of_each_workout_once(views: Views, dead_letters: DeadLetters) -> None:
    first = project(
        messages([event(minute=0), event(minute=1), event(minute=0)]), views, dead_letters, no_pause
    )
    again = project(messages([event(minute=0), event(minute=2)]), views, dead_letters, no_pause)

    assert first.first_counted == Amounts(2, Decimal(60), Decimal(600), Decimal(10_000))
    assert again.first_counted == Amounts(1, Decimal(30), Decimal(300), Decimal(5000))


def test_an_edit_and_a_deletion_change_the_difference_in_any_order(
    dynamodb: DynamoDBClient, views: Views, dead_letters: DeadLetters
) -> None:
    said: list[WorkoutEvent] = [
        event(minute=0, version=10),
        edit(minute=0, version=20, duration_min=Decimal(45), type="ride"),
        event(minute=1, version=10),
        deletion(minute=1, version=10),
        event(minute=2, version=10),
    ]
    for number, order in enumerate(itertools.permutations(said)):
        user_id = f"user-{number}"
        shuffled = [each.model_copy(update={"user_id": user_id}) for each in order]
        assert project(messages(shuffled), views, dead_letters, no_pause).failed_ids == []

        found = totals_of(dynamodb, user_id)
        assert found["TOTAL#ALL"] == (2, 75, 600, 10_000)
        assert found["TOTAL#TYPE#ride"] == (1, 45, 300, 5000)
        assert found["TOTAL#TYPE#run"] == (1, 30, 300, 5000)


def test_a_workout_that_returns_after_its_deletion_counts_again(
    dynamodb: DynamoDBClient, views: Views, dead_letters: DeadLetters
) -> None:
    story: list[WorkoutEvent] = [event(version=10), deletion(version=10), event(version=12)]
    for said in story:
        project(messages([said]), views, dead_letters, no_pause)

    assert totals_of(dynamodb, "ana")["TOTAL#ALL"] == (1, 30, 300, 5000)


def test_a_session_of_unknown_duration_counts_with_no_minutes(
    dynamodb: DynamoDBClient, views: Views, dead_letters: DeadLetters
) -> None:
    project(messages([event(type="strength", duration_min=None)]), views, dead_letters, no_pause)

    assert totals_of(dynamodb, "ana")["TOTAL#ALL"] == (1, 0, 300, 5000)


def test_a_history_larger_than_a_transaction_is_counted_whole(
    dynamodb: DynamoDBClient, views: Views, dead_letters: DeadLetters
) -> None:
    week = 7 * 24 * 60
    events = [event("old-hand", number * week) for number in range(150)]  # every workout in a week of its own

    assert project(messages(events), views, dead_letters, no_pause).failed_ids == []
    assert totals_of(dynamodb, "old-hand") == brute_force(events, "old-hand")


class Rival(Views):
    """Reads like Views; before its first write somebody else counts the same user's `events`."""

    def __init__(self, dynamodb: DynamoDBClient, events: Sequence[WorkoutCreated]) -> None:
        super().__init__(dynamodb, TABLE)
        self._other = Views(dynamodb, TABLE)
        self._events = list(events)

    def apply(self, change: Change) -> None:
        events, self._events = self._events, []
        assert count(self._other, [counted(each) for each in events], no_pause).failed == {}
        super().apply(change)


def test_two_projectors_of_the_same_events_count_them_once(
    dynamodb: DynamoDBClient, dead_letters: DeadLetters
) -> None:
    events = [event(minute=number) for number in range(6)]
    batch = project(messages(events), Rival(dynamodb, events[2:4]), dead_letters, no_pause)

    assert batch.failed_ids == []
    assert batch.first_counted.workouts == 4  # the rival has told of the other two
    assert totals_of(dynamodb, "ana") == brute_force(events, "ana")


@pytest.mark.parametrize("counted_before", [False, True])
def test_a_version_that_is_overtaken_while_it_is_written_changes_nothing(
    dynamodb: DynamoDBClient, counted_before: bool
) -> None:
    ref, created = counted(event())
    edited, edited_again = (
        Counted(version, Contribution("run", "2026-W47", Amounts(1, minutes)))
        for version, minutes in ((2, Decimal(40)), (3, Decimal(45)))
    )
    if counted_before:
        count(Views(dynamodb, TABLE), [(ref, created)], no_pause)

    class Editor(Views):
        def apply(self, change: Change) -> None:
            if change.steps[0].after is edited:
                assert count(Views(dynamodb, TABLE), [(ref, edited_again)], no_pause).failed == {}
            super().apply(change)

    outcome = count(Editor(dynamodb, TABLE), [(ref, edited)], no_pause)

    assert (outcome.failed, first_counted(outcome)) == ({}, Amounts())
    assert totals_of(dynamodb, "ana")["TOTAL#ALL"] == (1, 45, 0, 0)


@pytest.mark.parametrize("code", ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"])
def test_a_busy_table_is_asked_again(
    dynamodb: DynamoDBClient, views: Views, dead_letters: DeadLetters, code: str
) -> None:
    busy = itertools.chain([canceled("None", code)] * 2, itertools.repeat(None))
    answer_transactions(dynamodb, lambda _: next(busy))
    pauses: list[int] = []

    batch = project(messages([event()]), views, dead_letters, pauses.append)

    assert (batch.failed_ids, pauses) == ([], [1, 2])
    assert totals_of(dynamodb, "ana")["TOTAL#ALL"] == (1, 30, 300, 5000)


def test_only_the_events_of_a_user_who_stays_busy_go_back_to_the_queue(
    dynamodb: DynamoDBClient, views: Views, dead_letters: DeadLetters
) -> None:
    answer_transactions(
        dynamodb, lambda body: canceled("TransactionConflict") if "USER#ben" in body else None
    )
    records = [
        message(event("ana"), "m-ana"),
        message(event("ben"), "m-ben"),
        message(event("ben"), "m-ben-again"),
    ]
    pauses: list[int] = []

    batch = project(records, views, dead_letters, pauses.append)

    assert batch.failed_ids == ["m-ben", "m-ben-again"]
    assert len(pauses) == TRIES - 1
    assert batch.first_counted.workouts == 1
    assert totals_of(dynamodb, "ana")["TOTAL#ALL"][0] == 1
    assert totals_of(dynamodb, "ben") == {}


def test_a_write_whose_answer_is_lost_is_counted_once(
    dynamodb: DynamoDBClient, views: Views, dead_letters: DeadLetters
) -> None:
    lost = iter([True])

    def lose(**_: object) -> None:
        if next(lost, False):
            raise ReadTimeoutError(endpoint_url="https://dynamodb.eu-central-1.amazonaws.com/")

    dynamodb.meta.events.register("after-call.dynamodb.TransactWriteItems", lose)

    assert project(messages([event()]), views, dead_letters, no_pause).failed_ids == []
    assert totals_of(dynamodb, "ana")["TOTAL#ALL"] == (1, 30, 300, 5000)


def test_markers_that_were_not_read_are_read_again(
    dynamodb: DynamoDBClient, views: Views, dead_letters: DeadLetters
) -> None:
    unread = iter([1, 1])

    def leave_one(parsed: dict[str, Any], **_: object) -> None:
        if parsed["Responses"][TABLE] and next(unread, 0):
            marker = parsed["Responses"][TABLE].pop()
            key = {name: marker[name] for name in ("pk", "sk")}
            parsed["UnprocessedKeys"] = {TABLE: {"Keys": [key]}}

    events = [event(minute=number) for number in range(3)]
    project(messages(events), views, dead_letters, no_pause)
    dynamodb.meta.events.register("after-call.dynamodb.BatchGetItem", leave_one)

    batch = project(messages(events), views, dead_letters, no_pause)

    assert (batch.failed_ids, batch.first_counted) == ([], Amounts())
    assert next(unread, 0) == 0
    assert totals_of(dynamodb, "ana") == brute_force(events, "ana")
