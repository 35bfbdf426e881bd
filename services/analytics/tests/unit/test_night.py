"""A night leaves the report of the day before, and every earlier one as true as a count of now."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.night_given import BUCKET, SHARDS, YESTERDAY, Stage, at, brute_force, lake_key, workout

from wotr_analytics.summaries.arrivals import MARGIN
from wotr_analytics.summaries.night import MOST_MISSED, Night, Overtaken, make, nightly, to_make
from wotr_analytics.summaries.reports import MEMORY, Reports
from wotr_analytics.summaries.summary import Done
from wotr_common import keys

DAY = timedelta(days=1)
days = st.dates(date(2026, 9, 1), YESTERDAY + 2 * DAY)


def night(stage: Stage, yesterday: date = YESTERDAY, steps: int = 1000) -> Night:
    """A nightly run that has time for so many steps."""
    left = iter([True] * steps)
    return nightly(yesterday, stage.workouts, stage.reports, stage.lake, lambda: next(left, False))


def test_a_report_equals_a_count_over_all_shards_and_keeps_to_its_day(stage: Stage) -> None:
    last = date(2026, 10, 31)  # the index keeps months apart
    workouts = [
        workout(
            f"user-{n % 7}",
            at(last, minute),
            type=("run", "ride")[n % 2],
            source=("api", "strava", "csv")[n % 3],
            duration_min=Decimal(n) / 8 if n else None,
            distance_m=Decimal(n * 100) or None,
        )
        for n, minute in enumerate([-0.001, -1, *range(0, 1440, 90), 1439, 1439.999, 1440, 1441])
    ]
    assert len({keys.shard_of(each.user_id, SHARDS) for each in workouts}) == SHARDS
    stage.store(*workouts)

    night(stage, last)

    assert stage.report(last) == brute_force(workouts, last)
    assert stage.report(last)["totals"]["workouts"] == len(workouts) - 4  # type: ignore[index]


def test_a_day_without_workouts_has_a_report(stage: Stage) -> None:
    night(stage)
    assert stage.report(YESTERDAY) == brute_force([], YESTERDAY)


def test_a_second_run_writes_nothing(stage: Stage) -> None:
    each = workout("ana", at(YESTERDAY, 60), duration_min=Decimal(30))
    stage.store(each)
    stage.tell(YESTERDAY, each)

    first, second = night(stage), night(stage)

    assert (first.written, second.written) == ([YESTERDAY], [])
    assert stage.writes() == 1


def test_what_is_late_edited_or_deleted_is_put_right_on_the_next_run_however_old(stage: Stage) -> None:
    months_ago, week_ago = YESTERDAY - 150 * DAY, YESTERDAY - 7 * DAY
    edited = workout("ana", at(months_ago, 60), duration_min=Decimal(30))
    deleted = workout("ben", at(week_ago, 60), duration_min=Decimal(45))
    kept = workout("cleo", at(week_ago, 90))
    stage.store(edited, deleted, kept)
    for day in (months_ago, week_ago, YESTERDAY - DAY):
        make(day, stage.workouts, stage.reports)
    night(stage, YESTERDAY - DAY)

    edit, late = edited.model_copy(update={"type": "ride"}), workout("dan", at(months_ago, 120))
    stage.store(edit, late)
    stage.delete(deleted)
    stage.tell(YESTERDAY, edit, late)
    stage.tell(YESTERDAY - DAY, deleted, gone=True)  # its event reached the lake a day late
    done = night(stage)

    assert stage.report(months_ago) == brute_force([edit, late], months_ago)
    assert stage.report(week_ago) == brute_force([kept], week_ago)
    assert {months_ago, week_ago} <= set(done.written)


def test_an_imported_history_gives_no_reports_of_days_that_had_none(stage: Stage) -> None:
    make(YESTERDAY - DAY, stage.workouts, stage.reports)
    history = [workout("ana", at(YESTERDAY - n * DAY, 60)) for n in range(2, 60)]
    stage.store(*history)
    stage.tell(YESTERDAY, *history)

    night(stage)

    assert stage.reports.days() == {YESTERDAY - DAY, YESTERDAY}


def test_nights_that_failed_are_made_up_for(stage: Stage) -> None:
    stage.store(*(workout("ana", at(YESTERDAY - n * DAY, 60)) for n in range(9)))
    night(stage, YESTERDAY - 4 * DAY)

    night(stage)

    assert stage.reports.days() == {YESTERDAY - n * DAY for n in range(5)}


def test_days_that_there_was_no_time_for_are_made_the_next_night(stage: Stage) -> None:
    earlier = [YESTERDAY - n * DAY for n in range(1, 6)]
    for day in earlier:
        make(day, stage.workouts, stage.reports)
    late = [workout("ana", at(day, 60)) for day in earlier]
    stage.store(*late)
    stage.tell(YESTERDAY, *late)

    first = night(stage, steps=3)  # one object of the lake, two days
    stage.s3.delete_object(Bucket=BUCKET, Key=lake_key(YESTERDAY))
    second = night(stage, YESTERDAY + DAY)

    assert (first.waiting, first.written) == (earlier[2:], [YESTERDAY, *earlier[:2]])
    assert second.waiting == []
    for day in earlier:
        assert stage.report(day) == brute_force(late, day)


def test_a_lost_memory_costs_only_time(stage: Stage) -> None:
    late = workout("ana", at(YESTERDAY - DAY, 60))
    stage.tell(YESTERDAY - DAY, late)
    for ruin in (None, b"{", b'{"waiting": []}'):
        night(stage, YESTERDAY - DAY)
        stage.store(late)
        if ruin is None:
            stage.s3.delete_object(Bucket=BUCKET, Key=MEMORY)
        else:
            stage.s3.put_object(Bucket=BUCKET, Key=MEMORY, Body=ruin)

        night(stage)

        assert stage.report(YESTERDAY - DAY) == brute_force([late], YESTERDAY - DAY)
        stage.delete(late)


def test_the_lake_is_read_from_where_the_last_night_stopped(stage: Stage) -> None:
    stage.tell(YESTERDAY, workout("ana", at(YESTERDAY, 60)))
    newest = stage.lake.newest()
    assert newest is not None

    assert stage.lake.since(newest + MARGIN + timedelta(seconds=1), lambda: True).days == frozenset()
    assert stage.lake.since(newest + MARGIN, lambda: True).days == {YESTERDAY}
    assert stage.lake.since(None, lambda: True).read_through == newest


def test_yesterday_is_there_though_the_lake_cannot_be_read(stage: Stage) -> None:
    night(stage, YESTERDAY - DAY)
    stage.s3.put_object(Bucket=BUCKET, Key=lake_key(YESTERDAY), Body=b"no gzip")

    with pytest.raises(OSError, match="gzip"):
        night(stage)

    assert stage.report(YESTERDAY) == brute_force([], YESTERDAY)


class Meanwhile:
    """Workouts of a stage; while they are read for the first time, `happens`."""

    def __init__(self, stage: Stage, happens: Any) -> None:
        self._stage = stage
        self._happens = happens

    def of(self, day: date) -> Iterator[Done]:
        yield from list(self._stage.workouts.of(day))
        happens, self._happens = self._happens, None
        if happens:
            happens()


@pytest.mark.parametrize("reported", [False, True])
def test_of_two_runs_at_once_the_one_that_read_first_has_not_the_last_word(
    stage: Stage, reported: bool
) -> None:
    late = workout("ana", at(YESTERDAY, 60), duration_min=Decimal(30))
    if reported:
        stage.store(workout("ben", at(YESTERDAY, 30)))
        make(YESTERDAY, stage.workouts, stage.reports)
        stage.delete(workout("ben", at(YESTERDAY, 30)))

    def rival() -> None:
        stage.store(late)
        make(YESTERDAY, stage.workouts, stage.reports)

    make(YESTERDAY, Meanwhile(stage, rival), stage.reports)

    assert stage.report(YESTERDAY) == brute_force([late], YESTERDAY)


def test_a_report_that_others_keep_writing_is_given_up(stage: Stage) -> None:
    class Restless:
        count = 0

        def of(self, day: date) -> Iterator[Done]:
            self.count += 1
            stage.s3.put_object(Bucket=BUCKET, Key=f"reports/{day}.json", Body=str(self.count).encode())
            return iter(())

    with pytest.raises(Overtaken):
        make(YESTERDAY, Restless(), stage.reports)


def test_a_refusal_is_no_missing_report(stage: Stage) -> None:
    with pytest.raises(ClientError, match="NoSuchBucket"):
        Reports(stage.s3, "no-such-bucket").get(YESTERDAY)


@given(st.sets(days), st.sets(days))
def test_what_is_made_is_missing_or_changed_and_nothing_that_is_due_is_left_out(
    reported: set[date], changed: set[date]
) -> None:
    todo = to_make(YESTERDAY, reported, changed)

    assert todo == sorted(set(todo), reverse=True)
    assert YESTERDAY not in todo
    assert (changed & reported) - {YESTERDAY} <= set(todo)
    for day in set(todo) - (changed & reported):
        assert day not in reported
        assert max(min(reported), YESTERDAY - MOST_MISSED) <= day < YESTERDAY
    if reported:
        first = max(min(reported), YESTERDAY - MOST_MISSED)
        recent = {first + n * DAY for n in range((YESTERDAY - first).days)}
        assert recent <= set(todo) | reported


def test_moments_of_the_lake_are_in_utc(stage: Stage) -> None:
    stage.tell(YESTERDAY, workout("ana", datetime(2026, 11, 24, 23, 30, tzinfo=UTC)))
    assert stage.lake.since(None, lambda: True).days == {date(2026, 11, 24)}
