"""Lists: complete, in order, page by page; and what they refuse."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.calls import ATHLETE, MACHINE, event, send
from tests.unit.cloud import Cloud, aws, rows

from wotr_common import keys
from wotr_common.workout import Workout, time_text

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


def workout(user_id: str, at: datetime, workout_type: str = "run") -> Workout:
    return Workout.model_validate(
        {
            "type": workout_type,
            "startedAt": at,
            "durationMin": 30,
            "userId": user_id,
            "workoutId": keys.workout_id(at),
            "createdAt": at,
        }
    )


def pages(path: str, *, athlete: str | None = None) -> Iterator[list[dict[str, Any]]]:
    """Every page of a list, followed by its tokens."""
    token = ""
    while True:
        more = ("&" if "?" in path else "?") + f"nextToken={quote(token)}" if token else ""
        answer = send("query", event("GET", path + more, athlete=athlete))
        assert answer.status == 200, answer.body
        yield answer.body["workouts"]
        token = answer.body.get("nextToken", "")
        if not token:
            return


def items(path: str, *, athlete: str | None = None) -> list[dict[str, Any]]:
    return [item for page in pages(path, athlete=athlete) for item in page]


def identities(found: Sequence[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(item["startedAt"], item["userId"]) for item in found]


USERS = st.sampled_from([f"user-{number}" for number in range(8)])
# few instants, around the turns of months: ties and boundaries are what paging gets wrong
INSTANTS = st.sampled_from(
    [
        NEW_YEAR + timedelta(days=days, milliseconds=milliseconds)
        for days in (-32, -1, 0, 30, 31, 59)
        for milliseconds in (-1, 0, 1)
    ]
)
STORED = st.lists(st.tuples(USERS, INSTANTS, st.sampled_from(["run", "ride"])), max_size=25)
SOME = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def stored(cloud: Cloud, made: Sequence[tuple[str, datetime, str]], shards: int) -> list[Workout]:
    """Empty the table, put `made` (a user and start given twice is one workout), return what is there."""
    table = rows("Workouts")
    for item in table.scan()["Items"]:
        table.delete_item(Key={"pk": item["pk"], "sk": item["sk"]})
    there = list({(user, at): workout(user, at, kind) for user, at, kind in made}.values())
    cloud.store(*there, shards=shards)
    return there


@SOME
@given(
    made=STORED,
    shards=st.integers(1, 4),
    limit=st.integers(1, 7),
    bounds=st.lists(INSTANTS, min_size=2, max_size=2, unique=True).map(sorted),
    kind=st.sampled_from([None, "run"]),
)
def test_a_window_over_everybody_is_complete_and_in_order(
    cloud: Cloud, *, made: Any, shards: int, limit: int, bounds: list[datetime], kind: str | None
) -> None:
    cloud.limit("shards", str(shards))
    there = stored(cloud, made, shards)
    forget_limits()
    start, end = bounds
    path = f"/workouts?from={time_text(start)}&to={time_text(end)}&limit={limit}"

    got = list(pages(path + (f"&type={kind}" if kind else "")))

    wanted = [each for each in there if start <= each.started_at < end and kind in {None, each.type}]
    found = identities([item for page in got for item in page])
    assert sorted(found) == sorted((time_text(each.started_at), each.user_id) for each in wanted)
    assert [at for at, _ in found] == sorted(at for at, _ in found)
    assert all(len(page) == limit for page in got[:-1])
    assert got[-1] or not wanted, "a token promises more"


@SOME
@given(
    made=STORED,
    limit=st.integers(1, 7),
    bounds=st.tuples(st.none() | st.just(NEW_YEAR), st.none() | INSTANTS.filter(lambda end: end > NEW_YEAR)),
    kind=st.sampled_from([None, "run"]),
)
def test_a_users_history_is_complete_newest_first_and_only_theirs(
    cloud: Cloud, made: Any, limit: int, bounds: tuple[datetime | None, datetime | None], kind: str | None
) -> None:
    there = stored(cloud, made, 1)
    start, end = bounds
    filters = [f"limit={limit}"]
    filters += [f"from={time_text(start)}"] if start else []
    filters += [f"to={time_text(end)}"] if end else []
    filters += [f"type={kind}"] if kind else []
    query = "&".join(filters)

    mine = items(f"/me/workouts?{query}", athlete="user-3")

    wanted = [
        each
        for each in there
        if each.user_id == "user-3"
        and (start is None or start <= each.started_at)
        and (end is None or each.started_at < end)
        and kind in {None, each.type}
    ]
    assert identities(mine) == sorted(
        ((time_text(each.started_at), each.user_id) for each in wanted), reverse=True
    )
    assert mine == items(f"/workouts?userId=user-3&{query}")


def forget_limits() -> None:
    from wotr_api.reading import sources

    sources.limits.cache_clear()


def test_more_shards_between_two_pages_lose_nothing(cloud: Cloud) -> None:
    there = [workout(f"user-{number}", NEW_YEAR) for number in range(9)]
    cloud.store(*there[:6], shards=1)
    reading = pages(f"/workouts?from={time_text(NEW_YEAR)}&to=2026-02-01T00:00:00Z&limit=4")
    first = next(reading)

    cloud.limit("shards", "3")
    forget_limits()
    cloud.store(*there[6:], shards=3)
    rest = [item for page in reading for item in page]

    found = {user for _, user in identities(first + rest)}
    assert {each.user_id for each in there[:6]} <= found
    assert len(first + rest) == len(found)


def test_many_shards_answer_short_pages_that_go_on(cloud: Cloud) -> None:
    cloud.limit("shards", "60")
    last = workout("sam", NEW_YEAR + timedelta(days=300))
    cloud.store(last, shards=60)

    got = list(pages("/workouts?from=2026-01-01T00:00:00Z&to=2027-01-01T00:00:00Z"))

    assert len(got) > 1
    assert identities([item for page in got for item in page]) == [(time_text(last.started_at), "sam")]


def test_without_bounds_a_list_over_everybody_is_the_last_month(cloud: Cloud) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    cloud.store(
        workout("old", now - timedelta(days=40)),
        workout("new", now),
        workout("ahead", now + timedelta(hours=3)),
    )

    assert [user for _, user in identities(items("/workouts"))] == ["new", "ahead"]


def test_one_workout_is_answered_whole(cloud: Cloud) -> None:
    mine = workout(ATHLETE, NEW_YEAR)
    cloud.store(mine)

    found = send("query", event("GET", "/me/workouts/20260101T000000000Z", athlete=ATHLETE))

    assert (found.status, found.body) == (200, mine.answer())
    assert send("query", event("GET", f"/workouts/{ATHLETE}/20260101T000000000Z")).body == found.body


@pytest.mark.parametrize("user_id", ["sam@example.com", "sam%40example.com"])
def test_a_user_id_may_come_encoded(cloud: Cloud, user_id: str) -> None:
    cloud.store(workout("sam@example.com", NEW_YEAR))

    assert send("query", event("GET", f"/workouts/{user_id}/20260101T000000000Z")).status == 200


@pytest.mark.parametrize(
    "path",
    [
        "/workouts/sam/20260101T000000001Z",
        "/workouts/kim/20260101T000000000Z",
        "/workouts/sam/20261301T000000000Z",
        "/workouts/sam/nonsense",
        "/workouts/s%20am/20260101T000000000Z",
        "/workouts/sam",
        "/nothing",
    ],
)
def test_what_is_not_there_is_404(cloud: Cloud, path: str) -> None:
    cloud.store(workout("sam", NEW_YEAR))

    assert send("query", event("GET", path)).status == 404


def test_an_athlete_cannot_read_anothers_workout(cloud: Cloud) -> None:
    cloud.store(workout("sam", NEW_YEAR))

    assert send("query", event("GET", "/me/workouts/20260101T000000000Z", athlete=ATHLETE)).status == 404
    assert items("/me/workouts", athlete=ATHLETE) == []
    assert send("query", event("GET", "/me/workouts?userId=sam", athlete=ATHLETE)).pointers() == ["userId"]


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=ten", "limit"),
        ("limit=", "limit"),
        ("limit=5&limit=6", "limit"),
        ("from=2026-03-01T00:00:00", "from"),
        ("from=2026-03-01", "from"),
        ("from=1767225600", "from"),
        ("from=2026-03-01T00:00:00+01:00", "from"),  # a + that was not encoded is a space
        ("to=0001-01-01T00:00:00%2B14:00", "to"),
        ("from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z", "to"),
        ("from=2026-03-01T00:00:00Z&to=2026-03-01T00:00:00Z", "to"),
        ("from=2024-03-01T00:00:00Z&to=2026-03-01T00:00:00Z", "from"),
        ("type=Run!", "type"),
        ("userId=a%20b", "userId"),
        ("nextToken=", "nextToken"),
        ("nextToken=abc", "nextToken"),
        ("page=2", "page"),
    ],
)
def test_a_wrong_parameter_is_named(cloud: Cloud, query: str, pointer: str) -> None:
    answer = send("query", event("GET", f"/workouts?{query}"))

    assert (answer.status, answer.pointers()) == (422, [pointer])


@pytest.mark.parametrize("query", ["from=9999-12-31T23:59:00Z", "to=0001-01-05T00:00:00Z", "limit=1"])
def test_the_ends_of_the_calendar_are_no_error(cloud: Cloud, query: str) -> None:
    assert items(f"/workouts?{query}") == []


@pytest.fixture
def token(cloud: Cloud) -> str:
    """The token of /workouts?limit=1 and, because it has the same filters, of any other page size."""
    now = datetime.now(UTC)
    cloud.store(*(workout(f"user-{number}", now) for number in range(3)))
    return str(send("query", event("GET", "/workouts?limit=1")).body["nextToken"])


def test_a_token_outlives_its_callers_session_and_page_size(token: str) -> None:
    call = event("GET", f"/workouts?limit=2&nextToken={token}", machine=MACHINE + "-renewed")

    assert len(send("query", call).body["workouts"]) == 2


@pytest.mark.parametrize(
    ("path", "caller"),
    [
        ("/workouts?type=run", {}),
        ("/workouts?userId=sam", {}),
        ("/workouts", {"machine": "arn:aws:sts::123456789012:assumed-role/others/loader"}),
        ("/workouts", {"machine": "arn:aws:iam::123456789012:user/machines"}),
        ("/me/workouts", {"athlete": ATHLETE}),
    ],
)
def test_a_token_is_good_for_its_list_and_caller_only(token: str, path: str, caller: dict[str, str]) -> None:
    call = event("GET", f"{path}{'&' if '?' in path else '?'}nextToken={token}", **caller)  # type: ignore[arg-type]

    assert (send("query", call).status, send("query", call).pointers()) == (422, ["nextToken"])


def test_an_hour_later_a_token_has_expired(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from itsdangerous import TimestampSigner

    then = int(datetime.now(UTC).timestamp()) + 3601
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda self: then)
    answer = send("query", event("GET", f"/workouts?limit=1&nextToken={token}"))

    assert answer.status == 422
    assert "expired" in answer.body["errors"][0]["message"]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_token_changed_anywhere_is_refused(token: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(token)))
    cut = data.draw(st.integers(0, 2))
    put = data.draw(st.text(st.characters(codec="utf-8"), max_size=2) | st.sampled_from("AB_-.=! \n"))
    changed = token[:place] + put + token[place + cut :]
    if changed == token:
        return
    answer = send("query", event("GET", f"/workouts?limit=1&nextToken={quote(changed)}"))

    assert (answer.status, answer.pointers()) == (422, ["nextToken"])


def test_a_table_that_does_not_answer_is_503(cloud: Cloud) -> None:
    aws("dynamodb").delete_table(TableName="Workouts")

    answer = send("query", event("GET", "/workouts/sam/20260101T000000000Z"))

    assert answer.status == 503
    assert answer.headers["retry-after"]
