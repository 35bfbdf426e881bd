"""Rebuilt views equal what the events would have made of them, whatever was lost and whoever else writes."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.athlete import Athlete, Place, raw
from tests.given import RECORD, TABLE, answer_transactions, canceled, messages, no_pause
from tests.sessions import view_of

from wotr_analytics.projector import project
from wotr_analytics.rebuild import VIEWS, Asked, Rebuilder, Rebuilt
from wotr_analytics.rebuild import Place as Walked
from wotr_analytics.store import Record, Views
from wotr_common.events import Event

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from wotr_common.dead_letters import DeadLetters

pytestmark = pytest.mark.usefixtures("record")
Project = Callable[[list[Event]], None]
generation = itertools.count()
WORKOUT, SESSION = ("workout", 7), ("session", 3)
PLACES: list[Place] = [("workout", minute) for minute in (0, 1, 20_000)] + [
    ("session", day) for day in range(12)
]


@pytest.fixture
def live(views: Views, dead_letters: DeadLetters) -> Project:
    """The projector, fed with events."""

    def project_all(events: list[Event]) -> None:
        assert project(messages(events), views, dead_letters, no_pause).failed_ids == []

    return project_all


@pytest.fixture
def ana(dynamodb: DynamoDBClient) -> Athlete:
    return Athlete(dynamodb, "ana")


def rebuilt(dynamodb: DynamoDBClient, user_id: str | None = None, **asked: Any) -> Rebuilt:
    rebuilder = Rebuilder(Record(dynamodb, RECORD), Views(dynamodb, TABLE), no_pause)
    return rebuilder.run(Asked(user=user_id, **asked), lambda: True)


def a_change(chance: random.Random, athlete: Athlete) -> Event:
    """Something that the athlete may do next."""
    place = chance.choice(PLACES)
    if place in athlete.stored and chance.random() < 0.4:
        return athlete.delete(place)
    title = f"version {athlete.version + 10}"
    minutes = Decimal(chance.choice([30, 45]))
    if place[0] == "session":
        return athlete.put(place, title=title, duration_min=minutes)
    return athlete.put(place, type=chance.choice(["run", "ride"]), duration_min=minutes)


def damage(chance: random.Random, athlete: Athlete) -> None:
    """Items of the views are lost or say something else."""
    for sk, item in athlete.items().items():
        if chance.random() < 0.7:
            continue
        spoiled: dict[str, Any] | None = None
        if sk.startswith("TOTAL#") and chance.random() < 0.7:
            spoiled = {"minutes": Decimal(chance.choice([0, 30, 45])), "workouts": chance.choice([0, 1, 2])}
        elif sk == "RECENT_SESSIONS" and chance.random() < 0.7:
            spoiled = {"sessions": []} if chance.random() < 0.5 else {"fingerprint": "00000000000000ff"}
        elif "type" in item and chance.random() < 0.5:  # the marker of a workout that is there
            spoiled = {"minutes": Decimal(1000)}
        athlete.spoil(sk, spoiled)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.randoms(use_true_random=False))
def test_views_come_back_from_any_damage_while_events_go_on(
    dynamodb: DynamoDBClient, live: Project, chance: random.Random
) -> None:
    athlete = Athlete(dynamodb, f"ana-{next(generation)}")
    told = [athlete.put(place) for place in PLACES if chance.random() < 0.9]
    told += [a_change(chance, athlete) for _ in range(chance.randint(0, 6))]
    live([each for each in told if chance.random() < 0.8])  # others are lost on their way
    damage(chance, athlete)
    on_the_way: list[Event] = []
    more = iter(range(chance.randint(0, 8)))

    def meanwhile(**_: object) -> None:
        """Before a call of the rebuild, the athlete does something, or events arrive, in any order."""
        if chance.random() < 0.4 and next(more, None) is not None:
            on_the_way.append(a_change(chance, athlete))
        if on_the_way and chance.random() < 0.4:
            live([on_the_way.pop(chance.randrange(len(on_the_way)))])

    watched = boto3.client("dynamodb")
    watched.meta.events.register("before-call.dynamodb", meanwhile)
    done = rebuilt(watched, athlete.user_id)
    chance.shuffle(on_the_way)
    live(on_the_way)

    assert (done.failed, done.set_aside) == ({}, {})
    assert athlete.found() == athlete.expected()
    assert rebuilt(dynamodb, athlete.user_id).changed == {}


def test_what_was_wiped_comes_back_as_the_very_same_items(
    dynamodb: DynamoDBClient, live: Project, ana: Athlete
) -> None:
    live([ana.put(("workout", minute)) for minute in range(5)])
    live([ana.put(("session", day)) for day in range(12)])
    live([ana.put(("session", 11), title="Legs"), ana.put(("workout", 0), duration_min=Decimal(45))])
    before = ana.items()
    for sk in before:
        ana.spoil(sk, None)

    assert rebuilt(dynamodb).changed == {"workouts": 5, "sessions": 12}
    assert ana.items() == before


def test_a_rebuild_of_right_views_changes_nothing(
    dynamodb: DynamoDBClient, live: Project, ana: Athlete
) -> None:
    live([ana.put(WORKOUT), ana.put(SESSION), ana.put(("workout", 8)), ana.delete(("workout", 8))])
    before = ana.items()

    assert rebuilt(dynamodb).changed == {}
    assert ana.items() == before


def test_a_view_that_was_asked_for_alone_is_rebuilt_alone(
    dynamodb: DynamoDBClient, live: Project, ana: Athlete
) -> None:
    live([ana.put(WORKOUT), ana.put(SESSION)])
    for sk in ana.items():
        ana.spoil(sk, None)
    rebuilt(dynamodb, views=["recent-sessions"])

    assert {sk.partition("#")[0] for sk in ana.items()} == {"RECENT_SESSIONS", "SEEN_SESSION"}


def test_totals_and_a_view_that_are_wrong_alone_are_corrected(
    dynamodb: DynamoDBClient, live: Project, ana: Athlete
) -> None:
    live([ana.put(WORKOUT), ana.put(SESSION)])
    ana.spoil("TOTAL#ALL", {"minutes": Decimal(9000)})
    ana.spoil("TOTAL#TYPE#run", None)
    ana.spoil("TOTAL#TYPE#swim", {"workouts": 2, "minutes": Decimal(1)})
    ana.spoil("RECENT_SESSIONS", {"sessions": []})

    assert rebuilt(dynamodb).changed == {"totals": 3, "views": 1}
    assert ana.found() == ana.expected()


def test_lost_deletions_are_made_up_for_and_their_events_may_still_come(
    dynamodb: DynamoDBClient, live: Project, ana: Athlete
) -> None:
    live([ana.put(WORKOUT), ana.put(SESSION), ana.put(("workout", 8))])
    lost = [ana.delete(WORKOUT), ana.delete(SESSION)]

    assert rebuilt(dynamodb).changed == {"workouts": 1, "sessions": 1}
    after = ana.items()
    live(lost)
    assert ana.items() == after
    assert ana.found() == ana.expected()


def test_a_workout_that_returns_after_a_made_up_deletion_counts_again(
    dynamodb: DynamoDBClient, live: Project, ana: Athlete
) -> None:
    live([ana.put(WORKOUT)])
    ana.delete(WORKOUT)
    rebuilt(dynamodb)
    live([ana.put(WORKOUT)])

    assert ana.found() == ana.expected()


def test_a_record_that_was_put_back_to_an_earlier_time_is_what_counts(
    dynamodb: DynamoDBClient, live: Project, ana: Athlete
) -> None:
    earlier = ana.put(WORKOUT, duration_min=Decimal(30))
    live([earlier, ana.put(WORKOUT, duration_min=Decimal(90))])
    ana.version = 0
    ana.put(WORKOUT, duration_min=Decimal(30))
    rebuilt(dynamodb)

    assert ana.found() == ana.expected()


def test_whoever_has_nothing_stored_any_more_is_found_too(dynamodb: DynamoDBClient, live: Project) -> None:
    gone, here = Athlete(dynamodb, "gone"), Athlete(dynamodb, "here")
    live([gone.put(WORKOUT), gone.put(SESSION), here.put(WORKOUT)])
    gone.delete(WORKOUT), gone.delete(SESSION)  # and nobody tells

    assert rebuilt(dynamodb).users == 2
    assert gone.found() == ({}, [])
    assert here.found() == here.expected()


def test_open_sessions_and_other_partitions_are_nobodys_view(
    dynamodb: DynamoDBClient, live: Project, ana: Athlete
) -> None:
    ana.put(SESSION, state="open")
    dynamodb.put_item(TableName=RECORD, Item=raw({"pk": "IMPORT#ana#i-1", "sk": "ASIDE#000000001"}))

    assert rebuilt(dynamodb).users == 1
    assert ana.items() == {}


def test_it_can_be_stopped_anywhere_and_goes_on_from_there(dynamodb: DynamoDBClient, live: Project) -> None:
    athletes = [Athlete(dynamodb, f"athlete-{number}") for number in range(7)]
    for each in athletes:
        each.put(WORKOUT)
        each.put(SESSION)
    place: Walked | None = Walked()
    users = []
    while place is not None:
        rebuilder = Rebuilder(Record(dynamodb, RECORD), Views(dynamodb, TABLE), no_pause)
        done = rebuilder.run(Asked(place=place), lambda: False)  # no time left: a step at a time
        users.append(done.users)
        place = done.place

    assert sum(users) == 7
    assert max(users) == 1
    assert all(each.found() == each.expected() for each in athletes)


def test_what_is_stored_and_cannot_be_read_is_told_and_costs_nobody_else(
    dynamodb: DynamoDBClient, live: Project, ana: Athlete
) -> None:
    live([ana.put(WORKOUT), ana.put(("workout", 8))])
    (sk, *_) = ana.items(RECORD)
    item = ana.items(RECORD)[sk]
    dynamodb.put_item(TableName=RECORD, Item=raw(item | {"durationMin": "half an hour"}))
    ana.spoil("TOTAL#ALL", None)
    done = rebuilt(dynamodb)

    assert done.set_aside == {
        f"ana/{item['workoutId']}": "what is stored is no workout; its marker stays as it is"
    }
    assert ana.found() == ana.expected()


def test_athletes_whom_the_table_is_too_busy_for_are_named(dynamodb: DynamoDBClient) -> None:
    ana, ben = Athlete(dynamodb, "ana"), Athlete(dynamodb, "ben")
    ana.put(WORKOUT), ben.put(WORKOUT)
    answer_transactions(
        dynamodb, lambda body: canceled("TransactionConflict") if "USER#ben" in body else None
    )
    done = rebuilt(dynamodb)

    assert list(done.failed) == ["ben"]
    assert ana.found() == ana.expected()


def test_the_function_says_where_to_go_on_and_refuses_what_it_does_not_know(dynamodb: DynamoDBClient) -> None:
    from tests.unit.test_handler import CONTEXT

    from wotr_analytics.handlers import rebuild

    handler: Any = rebuild.handler
    Athlete(dynamodb, "ana").put(SESSION)
    answer = handler({"views": list(VIEWS)}, CONTEXT)

    assert "place" not in answer
    assert (answer["users"], answer["changed"]["sessions"]) == (1, 1)
    assert view_of(dynamodb, "ana") is not None
    with pytest.raises(ValueError, match="views"):
        handler({"views": ["records"]}, CONTEXT)
