"""Keys: what belongs together sorts together, ids lead back to what they were made from."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wotr_common import keys
from wotr_common.workout import USER_ID_PATTERN, canonical_time

AT = datetime(2022, 10, 6, 23, 19, 20, tzinfo=UTC)
times = st.datetimes(
    datetime(1, 1, 2),  # noqa: DTZ001 - Hypothesis adds the zone
    datetime(9999, 12, 30),  # noqa: DTZ001 - Hypothesis adds the zone
    timezones=st.just(UTC),
)
user_ids = st.from_regex(USER_ID_PATTERN, fullmatch=True)
words = st.from_regex(r"[a-z][a-z0-9_]{0,31}", fullmatch=True)


def test_the_spelling_of_every_key() -> None:
    assert keys.workout_key("ana", AT) == {"pk": "USER#ana", "sk": "WORKOUT#2022-10-06T23:19:20.000Z"}
    assert keys.import_key("ana", "x-1") == {"pk": "USER#ana", "sk": "IMPORT#x-1"}
    assert keys.total_key("ana") == {"pk": "USER#ana", "sk": "TOTAL#ALL"}
    assert keys.total_key("ana", "WEEK", "2022-W40") == {"pk": "USER#ana", "sk": "TOTAL#WEEK#2022-W40"}
    assert keys.counted_key("ana", keys.workout_id(AT)) == {
        "pk": "USER#ana",
        "sk": "COUNTED#20221006T231920000Z",
    }
    session = "20221007T011920-0a1b2c3d4e"
    assert keys.session_key("ana", session) == {"pk": "USER#ana", "sk": f"SESSION#2022-10-07#{session}"}
    assert keys.lease_key("ana") == {"pk": "USER#ana", "sk": "IMPORT_LEASE"}
    assert keys.profile_key("ana") == {"pk": "USER#ana", "sk": "PROFILE"}
    assert keys.source_key("ana", "strava", "9") == {"pk": "USER#ana", "sk": "SOURCE#strava#9"}
    assert keys.record_key("ana", "longest_duration", "run") == {
        "pk": "USER#ana",
        "sk": "PR#longest_duration#run",
    }
    assert keys.record_log_key("ana", AT, "longest_duration", "run")["sk"] == (
        "PR_LOG#2022-10-06T23:19:20.000Z#longest_duration#run"
    )
    assert keys.import_pk("ana", "x-1") == "IMPORT#ana#x-1"
    assert keys.set_aside_sk(12) == "ASIDE#000000012"
    assert keys.before_sk("WORKOUT#x") == "BEFORE#WORKOUT#x"
    assert keys.time_index_pk(AT, 3) == "WORKOUTS#2022-10#3"
    assert keys.type_index_pk("run", 0) == "run#0"


@given(times)
def test_a_workout_id_leads_back_to_the_start(at: datetime) -> None:
    assert keys.started_at(keys.workout_id(at)) == canonical_time(at)


@given(times, times)
def test_workout_ids_sort_as_the_starts_do(one: datetime, other: datetime) -> None:
    assert (keys.workout_id(one) < keys.workout_id(other)) == (canonical_time(one) < canonical_time(other))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "20221006T231920Z",
        "2022-10-06T23:19:20.000Z",
        "20221306T231920000Z",
        "20221006T231920000Z\n",
        "٢٠٢٢1006T231920000Z",
    ],
)
def test_what_is_no_workout_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"20221006T231920000Z|month"):
        keys.started_at(text)


near = st.integers(-3000, 3000).map(lambda ms: AT + timedelta(milliseconds=ms))


@given(near, near, near)
def test_a_range_holds_its_start_and_not_its_end(at: datetime, start: datetime, end: datetime) -> None:
    low, high = keys.workout_range(start, end)

    assert (low <= keys.workout_sk(at) <= high) == (start <= at < end)


@given(times)
def test_a_range_without_bounds_holds_every_workout_and_nothing_else(at: datetime) -> None:
    low, high = keys.workout_range(None, None)

    assert low <= keys.workout_sk(at) <= high
    for other in (keys.import_key("ana", "x")["sk"], "SESSION#2022-10-06#x", keys.total_key("ana")["sk"]):
        assert not low <= other <= high


@given(user_ids)
def test_a_partition_names_its_user(user_id: str) -> None:
    assert keys.user_of(keys.user_pk(user_id)) == user_id


@pytest.mark.parametrize("pk", ["", "USER#", "SESSION#x", "ana"])
def test_a_partition_that_is_nobodys_is_refused(pk: str) -> None:
    with pytest.raises(ValueError, match="not a user's partition"):
        keys.user_of(pk)


@given(st.sampled_from(["ALL", "TYPE", "WEEK"]), words)
def test_a_total_names_its_kind_and_subject(kind: str, subject: str) -> None:
    subject = "" if kind == "ALL" else subject
    sk = keys.total_key("ana", kind, subject)["sk"]

    assert keys.total_subject(sk) == (kind, subject)
    assert sk.startswith(keys.total_prefix())


def test_markers_and_workouts_are_not_taken_for_totals() -> None:
    for sk in (keys.counted_key("ana", keys.workout_id(AT))["sk"], keys.workout_sk(AT)):
        assert not sk.startswith(keys.total_prefix())
        with pytest.raises(ValueError, match="not a total"):
            keys.total_subject(sk)
    assert keys.is_workout(keys.workout_sk(AT))
    assert not keys.is_workout(keys.total_key("ana")["sk"])


@given(user_ids, st.integers(1, 64))
def test_a_shard_is_stable_and_within_the_count(user_id: str, shards: int) -> None:
    shard = keys.shard_of(user_id, shards)

    assert shard == keys.shard_of(user_id, shards)
    assert 0 <= shard < shards


def test_shards_are_the_same_in_every_process_and_release() -> None:
    assert [keys.shard_of(user, 8) for user in ("ana", "ben", "eva")] == [2, 1, 7]


def test_shards_share_the_users() -> None:
    sizes = Counter(keys.shard_of(f"user-{number}", 8) for number in range(8000))

    assert set(sizes) == set(range(8))
    assert max(sizes.values()) < 2 * min(sizes.values())


@pytest.mark.parametrize(
    ("at", "week"),
    [
        (datetime(2027, 1, 1, tzinfo=UTC), "2026-W53"),
        (datetime(2024, 12, 30, tzinfo=UTC), "2025-W01"),
        (datetime.fromisoformat("2026-11-23T00:30:00+01:00"), "2026-W47"),
    ],
)
def test_weeks_are_iso_weeks_in_utc(at: datetime, week: str) -> None:
    assert keys.iso_week(at) == week


def test_a_session_id_tells_its_start_on_the_athletes_clock() -> None:
    local = datetime(2026, 3, 1, 17, 30, 5)  # noqa: DTZ001 - the athlete's own clock
    named = keys.session_id(local, "1a2b3c4d5e")

    assert (keys.session_start(named), keys.session_date(named)) == (local, local.date())
    with pytest.raises(ValueError, match="looks like"):
        keys.session_start("20260301")


local_times = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31))  # noqa: DTZ001 - a clock without a zone


@given(local_times, st.from_regex(r"[0-9a-z]{1,32}", fullmatch=True))
def test_a_session_id_names_its_date(local: datetime, suffix: str) -> None:
    session_id = keys.session_id(local, suffix)

    assert keys.session_date(session_id) == local.date()
    assert keys.is_session(keys.session_key("ana", session_id)["sk"])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "20221306T231920-a",
        "20220230T231920-a",
        "20221006T231920",
        "20221006T231920-A#B",
        "20221006T231920-a\n",
    ],
)
def test_what_is_no_session_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"session id|does not match|day is out|unconverted"):
        keys.session_key("ana", text)


days = st.integers(-3, 3).map(lambda number: date(2026, 3, 1) + timedelta(days=number))


@given(days, days, days)
def test_a_range_of_sessions_holds_its_first_and_its_last_date(day: date, start: date, end: date) -> None:
    low, high = keys.session_range(start, end)
    sk = keys.session_key("ana", f"{day:%Y%m%d}T235959-zzzzzzzzzz")["sk"]

    assert (low <= sk <= high) == (start <= day <= end)


def test_a_range_of_sessions_without_bounds_holds_every_session_and_nothing_else() -> None:
    low, high = keys.session_range(None, None)

    assert low <= keys.session_key("ana", "00010101T000000-0")["sk"] <= high
    assert low <= keys.session_key("ana", "99991231T235959-z")["sk"] <= high
    for other in (
        keys.workout_sk(AT),
        keys.source_key("ana", "strava", "9")["sk"],
        keys.profile_key("ana")["sk"],
    ):
        assert not low <= other <= high


def test_what_an_import_keeps_is_told_apart() -> None:
    sk = keys.workout_sk(AT)

    assert keys.changed_sk(keys.before_sk(sk)) == sk
    assert keys.before_sk(sk).startswith(keys.before_prefix())
    assert keys.set_aside_sk(5).startswith(keys.set_aside_prefix())
    assert keys.set_aside_sk(5) < keys.set_aside_sk(10) < keys.set_aside_sk(2_000_000)
    with pytest.raises(ValueError, match="keeps no item"):
        keys.changed_sk(sk)


def test_kinds_of_items_are_told_by_their_keys() -> None:
    state, record = keys.import_key("ana", "x")["sk"], keys.record_key("ana", "longest_distance", "run")["sk"]

    assert keys.is_source(keys.source_key("ana", "strava", "9")["sk"])
    assert not keys.is_source(state)
    assert keys.is_import(state)
    assert state.startswith(keys.import_prefix())
    assert not keys.is_import(keys.lease_key("ana")["sk"])
    assert keys.is_record(record)
    assert record.startswith(keys.record_prefix("longest_distance"))
    assert record.startswith(keys.record_prefix())
    assert not record.startswith(keys.record_prefix("longest"))
    assert not keys.is_record(keys.record_log_key("ana", AT, "longest_distance", "run")["sk"])
