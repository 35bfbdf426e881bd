"""What is said of a replay: its window, its name, and whether one goes on already."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from replaying.archive import Archive
from replaying.window import Window, WindowError, name, window

from stage_client import Stage, StageError

NOW = datetime(2026, 11, 25, 12, 0, 30, 500, tzinfo=UTC)
RULES = {"lake": "arn:aws:events:eu-central-1:123456789012:rule/wotr-dev/lake"}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("begin", "end", "start", "until"),
    [
        ("2026-11-23", "2026-11-23", "2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z"),
        ("2026-11-23", None, "2026-11-23T00:00:00Z", "2026-11-25T12:00:31Z"),
        ("2026-11-25", "2026-11-25", "2026-11-25T00:00:00Z", "2026-11-25T12:00:31Z"),
        ("2026-11-23T06:30:00Z", "2026-11-23T07:00:00Z", "2026-11-23T06:30:00Z", "2026-11-23T07:00:00Z"),
        ("2026-11-23T06:30", "2026-11-23T09:00:00+01:00", "2026-11-23T06:30:00Z", "2026-11-23T08:00:00Z"),
    ],
)
def test_a_date_is_meant_whole_and_nothing_after_now(
    begin: str, end: str | None, start: str, until: str
) -> None:
    assert window(begin, end, NOW) == Window(at(start), at(until))


@pytest.mark.parametrize(
    ("begin", "end", "reason"),
    [
        ("2026-11-24", "2026-11-23", "must be before --to"),
        ("2026-11-26", None, "before now"),
        ("yesterday", None, "yesterday is no date"),
        ("2026-11-31", None, "2026-11-31 is no date"),
    ],
)
def test_what_is_no_window_is_said(begin: str, end: str | None, reason: str) -> None:
    with pytest.raises(WindowError, match=re.escape(reason)):
        window(begin, end, NOW)


def test_a_name_fits_and_tells_replays_to_other_rules_apart() -> None:
    one, other = (name("prod", NOW, rules, 100) for rules in (["lake"], ["views", "lake"]))
    assert one != other
    assert name("prod", NOW, ["lake", "views"], 100) == other
    assert all(re.fullmatch(r"[.\-_A-Za-z0-9]{1,64}", each) for each in (one, other))


def test_progress_is_the_part_of_the_window_that_is_done() -> None:
    day = window("2026-11-24", "2026-11-24", NOW)
    shares = [day.share_until(at(f"2026-11-{moment}Z")) for moment in ("23T12:00", "24T06:00", "25T12:00")]
    assert shares == [0.0, 0.25, 1.0]


def answers(service: Any, operation: str, answer: Callable[[], dict[str, Any]]) -> None:
    """Let EventBridge answer with what `answer` says."""
    service.meta.events.register(
        f"before-call.eventbridge.{operation}", lambda **_: (SimpleNamespace(status_code=200), answer())
    )


@pytest.fixture
def archive(monkeypatch: pytest.MonkeyPatch) -> Archive:
    """The archive of a bus that exists and has one rule."""
    events = boto3.client("events")
    bus = events.create_event_bus(Name="wotr-dev")["EventBusArn"]
    events.put_rule(Name="lake", EventBusName="wotr-dev", EventPattern='{"source": ["wotr.workers"]}')
    events.create_archive(ArchiveName="all", EventSourceArn=bus, RetentionDays=90)
    outputs = {"EventBusArn": bus, "LakeRuleArn": RULES["lake"], "ViewsTableArn": "arn:of:a:table"}
    monkeypatch.setattr(Stage, "outputs", lambda *_: outputs)
    return Archive(Stage("dev"))


def test_only_rules_that_are_exported_hear_old_news(archive: Archive) -> None:
    assert archive.rules() == RULES


def test_without_an_archive_it_says_what_to_deploy(archive: Archive) -> None:
    boto3.client("events").delete_archive(ArchiveName="all")
    with pytest.raises(StageError, match="deploy the stack platform"):
        Archive(Stage("dev"))


def test_each_replay_has_a_name_of_its_own(archive: Archive) -> None:
    day = Window(NOW - timedelta(days=1), NOW)
    names = [archive.start(day, RULES).name for _ in range(2)]
    assert names == [name("dev", day.start, RULES, number) for number in (1, 2)]
    assert archive.running(day, RULES, any_end=True) is None


def test_a_replay_that_goes_on_is_followed_and_not_begun_again(archive: Archive) -> None:
    day = Window(at("2026-11-24T00:00:00Z"), at("2026-11-25T00:00:00Z"))
    begun = archive.start(day, RULES)
    answers(
        archive._events,
        "DescribeReplay",
        lambda: {
            "State": "RUNNING",
            "EventStartTime": day.start,
            "EventEndTime": day.end,
            "ReplayStartTime": NOW,
            "EventLastReplayedTime": at("2026-11-24T12:00:00Z"),
        },
    )
    found = archive.running(day, RULES, any_end=False)
    assert found is not None
    assert (found.name, found.share) == (begun.name, 0.5)
    longer = Window(day.start, NOW)
    assert archive.running(longer, RULES, any_end=False) is None
    assert archive.running(longer, RULES, any_end=True) is not None
    assert archive.running(longer, {**RULES, "views": "arn"}, any_end=True) is None
