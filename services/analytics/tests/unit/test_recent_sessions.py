"""The view of the newest sessions holds what sorting all events gives, whatever happens on the way."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ReadTimeoutError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.given import TABLE, answer_transactions, canceled, message, messages, no_pause
from tests.sessions import changed, completed, newest_by_hand, removed, shown, view_of

from wotr_analytics import recent_sessions
from wotr_analytics.events import seen
from wotr_analytics.projector import project
from wotr_analytics.recent_sessions import Change, Seen, SessionRef
from wotr_analytics.settling import settle
from wotr_analytics.store import Table, Views
from wotr_analytics.store.recent_sessions import RecentSessions
from wotr_common.events import SessionEvent

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef
    from mypy_boto3_sqs import SQSClient

    from wotr_common.dead_letters import DeadLetters

in_one_table = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
generation = itertools.count()


@st.composite
def stories(draw: st.DrawFn) -> tuple[str, list[SessionEvent]]:
    """A user, and events of some twenty sessions: each completed, then edited or deleted or back again."""
    user_id = f"ana-{next(generation)}"
    told: list[SessionEvent] = []
    for day in draw(st.lists(st.integers(0, 20), min_size=8, max_size=18, unique=True)):
        told.append(completed(user_id, day, version=10))
        for version in range(20, 20 + 10 * draw(st.integers(0, 2)), 10):
            kind = draw(st.sampled_from([changed, removed]))
            said = kind(user_id, day, version=version, title=f"Day {day}, version {version}")
            told.append(said)
    return user_id, told


@in_one_table
@given(stories(), st.data())
def test_the_view_is_exact_under_duplicates_any_order_and_lost_acknowledgements(
    dynamodb: DynamoDBClient,
    views: Views,
    dead_letters: DeadLetters,
    story: tuple[str, list[SessionEvent]],
    data: st.DataObject,
) -> None:
    user_id, told = story
    delivered = data.draw(st.permutations(told + data.draw(st.lists(st.sampled_from(told), max_size=6))))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(delivered)), max_size=4)))
    for low, high in itertools.pairwise([0, *cuts, len(delivered)]):
        # the function dies after its writes and before its answer: the queue delivers the batch again
        for _ in range(data.draw(st.integers(1, 2))):
            assert project(messages(delivered[low:high]), views, dead_letters, no_pause).failed_ids == []

    assert shown(dynamodb, user_id) == newest_by_hand(told)


@settings(parent=in_one_table, max_examples=6)
@given(stories(), st.randoms(use_true_random=False))
def test_a_replay_into_a_wiped_view_gives_the_same_bytes(
    dynamodb: DynamoDBClient,
    views: Views,
    dead_letters: DeadLetters,
    story: tuple[str, list[SessionEvent]],
    chance: random.Random,
) -> None:
    user_id, told = story
    for start in range(0, len(told), 10):
        project(messages(told[start : start + 10]), views, dead_letters, no_pause)
    before = view_of(dynamodb, user_id)
    wipe(dynamodb, user_id)
    replayed = [*told, *told]
    chance.shuffle(replayed)
    project(messages(replayed), views, dead_letters, no_pause)

    assert before is not None
    assert view_of(dynamodb, user_id) == before


def wipe(dynamodb: DynamoDBClient, user_id: str) -> None:
    found = dynamodb.query(
        TableName=TABLE,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": f"USER#{user_id}"}},
    )
    for item in found["Items"]:
        dynamodb.delete_item(TableName=TABLE, Key={"pk": item["pk"], "sk": item["sk"]})


def test_of_twelve_sessions_the_newest_ten_are_shown_newest_first(
    dynamodb: DynamoDBClient, views: Views, dead_letters: DeadLetters
) -> None:
    told = [completed(day=day) for day in range(12)]
    random.Random(1).shuffle(told)
    for each in told:
        project(messages([each]), views, dead_letters, no_pause)

    assert shown(dynamodb, "ana") == [(f"Day {day}", 1) for day in range(11, 1, -1)]


def test_a_stale_update_changes_nothing(
    dynamodb: DynamoDBClient, views: Views, dead_letters: DeadLetters
) -> None:
    project(
        messages([completed(version=10), changed(version=30, title="Legs")]), views, dead_letters, no_pause
    )
    before = view_of(dynamodb, "ana")
    project(messages([changed(version=20, title="Arms")]), views, dead_letters, no_pause)

    assert view_of(dynamodb, "ana") == before
    assert shown(dynamodb, "ana") == [("Legs", 30)]


def test_a_deletion_brings_the_eleventh_back(
    dynamodb: DynamoDBClient, views: Views, dead_letters: DeadLetters
) -> None:
    project(messages([completed(day=day) for day in range(12)]), views, dead_letters, no_pause)
    project(messages([removed(day=7), removed(day=11)]), views, dead_letters, no_pause)

    assert [title for title, _ in shown(dynamodb, "ana")] == [
        f"Day {day}" for day in (10, 9, 8, 6, 5, 4, 3, 2, 1, 0)
    ]


def test_a_session_is_shown_as_its_event_says_it(
    dynamodb: DynamoDBClient, views: Views, dead_letters: DeadLetters
) -> None:
    project(messages([completed(rpe=Decimal("7.5"))]), views, dead_letters, no_pause)

    item = view_of(dynamodb, "ana")
    assert item is not None
    assert item["sessions"]["L"] == [
        {
            "M": {
                "sessionId": {"S": "20261101T173000-1a2b3c4d5e"},
                "version": {"N": "1"},
                "type": {"S": "strength"},
                "startedAt": {"S": "2026-11-01T17:30:00.000Z"},
                "title": {"S": "Day 0"},
                "durationMin": {"N": "62.5"},
                "rpe": {"N": "7.5"},
                "sets": {"N": "3"},
                "volumeKg": {"N": "1237.5"},
            }
        }
    ]


def test_a_history_larger_than_a_transaction_is_shown_right(
    dynamodb: DynamoDBClient, views: Views, dead_letters: DeadLetters
) -> None:
    told = [completed("old-hand", day) for day in range(230)]
    transactions: list[str] = []
    answer_transactions(dynamodb, transactions.append)

    assert project(messages(told), views, dead_letters, no_pause).failed_ids == []
    assert shown(dynamodb, "old-hand") == newest_by_hand(told)
    assert len(transactions) == 3


def test_a_lost_view_comes_back_with_the_next_event(
    dynamodb: DynamoDBClient, views: Views, dead_letters: DeadLetters
) -> None:
    told = [completed(day=day) for day in range(4)]
    project(messages(told[:3]), views, dead_letters, no_pause)
    dynamodb.delete_item(TableName=TABLE, Key={"pk": {"S": "USER#ana"}, "sk": {"S": "RECENT_SESSIONS"}})
    project(messages(told[3:]), views, dead_letters, no_pause)

    assert shown(dynamodb, "ana") == newest_by_hand(told)


class Overtaken(Table):
    """Before its first write, and after all that was read for it, somebody else applies `told`."""

    def __init__(self, dynamodb: DynamoDBClient, told: Sequence[SessionEvent]) -> None:
        super().__init__(dynamodb, TABLE)
        self._other = Views(dynamodb, TABLE)
        self._told = list(told)

    def write(self, writes: Sequence[TransactWriteItemTypeDef]) -> None:
        told, self._told = self._told, []
        if told:
            settle(map(seen, told), self._other.recent, recent_sessions.changes, no_pause)
        super().write(writes)


@pytest.mark.parametrize(
    "rival",
    [
        [completed(day=20)],
        [
            completed(day=-5)
        ],  # older than all that is shown: the view stays the same, its fingerprint does not
        [removed(day=1)],  # takes the eleventh away, which a deletion was about to bring back
        [changed(day=11, version=5), removed(day=10)],
        [removed(day=9)],  # the same as ours
    ],
)
def test_two_projectors_at_once_end_as_one_after_the_other(
    dynamodb: DynamoDBClient, views: Views, rival: list[SessionEvent]
) -> None:
    first = [completed(day=day) for day in range(12)]
    settle(map(seen, first), views.recent, recent_sessions.changes, no_pause)
    ours: list[SessionEvent] = [removed(day=9), removed(day=8), completed(day=12)]
    overtaken = RecentSessions(Overtaken(dynamodb, rival))
    settled = settle(map(seen, ours), overtaken, recent_sessions.changes, no_pause)

    assert settled.failed == {}
    assert shown(dynamodb, "ana") == newest_by_hand([*first, *ours, *rival])


def test_a_write_whose_answer_is_lost_is_applied_once(
    dynamodb: DynamoDBClient, views: Views, dead_letters: DeadLetters
) -> None:
    lost = iter([True])

    def lose(**_: object) -> None:
        if next(lost, False):
            raise ReadTimeoutError(endpoint_url="https://dynamodb.eu-central-1.amazonaws.com/")

    dynamodb.meta.events.register("after-call.dynamodb.TransactWriteItems", lose)

    assert project(messages([completed()]), views, dead_letters, no_pause).failed_ids == []
    assert shown(dynamodb, "ana") == [("Day 0", 1)]


def test_a_busy_view_of_one_user_sends_only_their_events_back(
    dynamodb: DynamoDBClient, views: Views, dead_letters: DeadLetters
) -> None:
    answer_transactions(
        dynamodb, lambda body: canceled("TransactionConflict") if "USER#ben" in body else None
    )
    records = [message(completed("ana"), "m-ana"), message(completed("ben"), "m-ben")]

    assert project(records, views, dead_letters, no_pause).failed_ids == ["m-ben"]
    assert shown(dynamodb, "ana") == [("Day 0", 1)]


def test_what_cannot_be_a_session_is_set_aside_with_its_reason(
    dynamodb: DynamoDBClient, views: Views, dead_letters: DeadLetters, sqs: SQSClient, dead_letter_url: str
) -> None:
    wrong = completed(day=1)
    no_day = wrong.model_copy(
        update={"data": wrong.data.model_copy(update={"session_id": "20261340T000000-1a2b3c4d5e"})}
    )
    batch = project(messages([no_day, completed(day=2)]), views, dead_letters, no_pause)

    assert batch.failed_ids == []
    (aside,) = sqs.receive_message(QueueUrl=dead_letter_url, MessageAttributeNames=["All"])["Messages"]
    assert aside["MessageAttributes"]["reason"]["StringValue"] == "data/sessionId names no date and time"
    assert shown(dynamodb, "ana") == [("Day 2", 1)]


def test_a_change_of_the_most_items_fits_a_transaction() -> None:
    said = {SessionRef("ana", f"s{n:03}"): Seen(1, {"sessionId": f"s{n:03}"}) for n in range(250)}
    made: list[Change] = recent_sessions.changes(dict.fromkeys(said), said)

    assert [len(change.steps) for change in made] == [99, 99, 52]
