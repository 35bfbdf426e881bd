"""What is stored becomes the view of the newest sessions, and comes back when the view is lost."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from tests.athlete import Athlete
from tests.integration.waiting import eventually

from wotr_common import keys

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Outputs = Callable[[str], dict[str, str]]
Rebuild = Callable[[dict[str, Any]], dict[str, Any]]
VIEWS = ["totals", "recent-sessions"]


@pytest.fixture(scope="module")
def dynamodb() -> DynamoDBClient:
    return boto3.client("dynamodb")


@pytest.fixture
def athletes(dynamodb: DynamoDBClient, outputs: Outputs, user_id: str) -> Iterator[Callable[[str], Athlete]]:
    """Athletes of the stage whose items are written as workers write them."""
    made: list[Athlete] = []

    def athlete(name: str) -> Athlete:
        record, views = outputs("data")["WorkoutsTableName"], outputs("analytics")["ViewsTableName"]
        made.append(Athlete(dynamodb, f"{user_id}-{name}", record=record, views=views))
        return made[-1]

    yield athlete
    for each in made:
        for place in list(each.stored):
            each.delete(place)


@pytest.fixture(scope="module")
def rebuild(outputs: Outputs) -> Rebuild:
    """The deployed function."""
    client = boto3.client("lambda", config=Config(read_timeout=330))
    function = outputs("analytics")["RebuildFunctionArn"]

    def call(asked: dict[str, Any]) -> dict[str, Any]:
        answer = client.invoke(FunctionName=function, Payload=json.dumps(asked).encode())
        said: dict[str, Any] = json.loads(answer["Payload"].read())
        assert not answer.get("FunctionError"), said
        return said

    return call


def as_stored(athlete: Athlete) -> None:
    """Wait until the views say what is stored."""
    eventually(athlete.found, lambda found: found == athlete.expected())


def wiped(athlete: Athlete) -> dict[str, dict[str, Any]]:
    """Everything that the views knew of the athlete, and know no longer."""
    before = athlete.items()
    for sk in before:
        athlete.spoil(sk, None)
    return before


def test_of_twelve_stored_in_any_order_the_newest_ten_are_shown_and_deletions_bring_others_back(
    athletes: Callable[[str], Athlete],
) -> None:
    ana = athletes("ana")
    days = list(range(12))
    random.Random(1).shuffle(days)
    for day in days:
        ana.put(("session", day))
    as_stored(ana)
    _, shown = ana.found()
    assert [title for title, _ in shown] == [f"Day {day}" for day in range(11, 1, -1)]

    ana.put(("session", 11), title="Legs")
    ana.delete(("session", 7))
    as_stored(ana)
    _, shown = ana.found()
    assert [title for title, _ in shown] == ["Legs", *(f"Day {day}" for day in (10, 9, 8, 6, 5, 4, 3, 2, 1))]


def test_wiped_views_come_back_while_the_athlete_goes_on(
    athletes: Callable[[str], Athlete], rebuild: Rebuild
) -> None:
    ana = athletes("ana")
    for number in range(12):
        ana.put(("session", number))
        ana.put(("workout", number))
    as_stored(ana)
    wiped(ana)
    for number in range(12, 16):
        ana.put(("session", number))
        ana.put(("workout", number))
        ana.delete(("workout", number - 4))
        done = rebuild({"views": VIEWS, "user": ana.user_id})
        assert (done["failed"], done["set_aside"]) == ({}, {})
    as_stored(ana)


def test_a_total_that_nothing_stored_adds_to_goes(
    athletes: Callable[[str], Athlete], rebuild: Rebuild
) -> None:
    ana = athletes("ana")
    ana.put(("workout", 0))
    as_stored(ana)
    before = ana.items()
    stray = keys.total_key(ana.user_id, "TYPE", "juggling")["sk"]
    ana.spoil(stray, {"userId": ana.user_id, "workouts": 3, "minutes": 90, "calories": 0, "distanceM": 0})

    rebuild({"views": VIEWS, "user": ana.user_id})
    assert ana.items() == before


def test_an_interrupted_rebuild_of_everybody_goes_on_and_gives_the_same_items_back(
    athletes: Callable[[str], Athlete], rebuild: Rebuild
) -> None:
    three = [athletes(name) for name in ("ana", "ben", "cho")]
    for each in three:
        each.put(("workout", 0))
        each.put(("session", 0))
    for each in three:
        as_stored(each)
    before = [wiped(each) for each in three]

    behind_ana: dict[str, Any] | None = {"walk": "record", "after": keys.user_pk(three[0].user_id)}
    while behind_ana:
        behind_ana = rebuild({"views": VIEWS, "place": behind_ana, "seconds": 0.05}).get("place")
    assert three[0].items() == {}  # whoever comes before the place has had their turn

    place: dict[str, Any] | None = {}
    while place is not None:
        place = rebuild({"views": VIEWS, "place": place, "seconds": 0.05}).get("place")
    assert [each.items() for each in three] == before
