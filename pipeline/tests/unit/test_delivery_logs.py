"""The logs of builds: found, read page by page, followed, printed as they are."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from botocore.stub import ANY
from rich.console import Console

from delivery import cli, log
from delivery.build_logs import NoLog
from delivery.builds import Build, build
from delivery.errors import DeliveryError
from delivery.screen import Screen
from tests.stubbed_builds import FIRST, ID, KINDS, NOW, PIPELINE, Stubbed, run


@pytest.fixture
def stubbed() -> Stubbed:
    return Stubbed()


@pytest.fixture
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)


def lines(stubbed: Stubbed, tail: int = 0, *, follow: bool = False) -> list[str]:
    found = log.printed(stubbed.builds, stubbed.logs, ID, tail, follow=follow)
    return [line for page in found for line in page]


def test_a_log_is_read_over_empty_pages_to_the_token_that_comes_again(stubbed: Stubbed) -> None:
    noise = "[Container] 2026/11/25 12:00:01.5 Running command :x: [bold]"
    stubbed.build()
    stubbed.page([noise, "", "two\nlines"], "f/1", startFromHead=True)
    stubbed.page([], "f/2", startFromHead=True, nextToken="f/1")
    stubbed.page(["  indented"], "f/3", startFromHead=True, nextToken="f/2")
    stubbed.page([], "f/3", startFromHead=True, nextToken="f/3")
    assert lines(stubbed) == [noise, "", "two", "lines", "  indented"]
    stubbed.ended()


def test_the_last_lines_are_read_from_the_end_of_the_build(stubbed: Stubbed) -> None:
    end = round((NOW + timedelta(minutes=6)).timestamp() * 1000)
    how = {"startFromHead": False, "limit": 3, "endTime": end}
    stubbed.build()
    stubbed.page([], "f/9", before="b/2", **how)
    stubbed.page(["three", "four"], "f/8", before="b/1", nextToken="b/2", **how)
    stubbed.page(["one", "two"], "f/7", before="b/0", nextToken="b/1", **how)
    assert lines(stubbed, 3) == ["two", "three", "four"]
    stubbed.ended()


def test_a_log_shorter_than_its_tail_ends(stubbed: Stubbed) -> None:
    stubbed.build()
    stubbed.page(["one"], "f/1", before="b/1", startFromHead=False, limit=5, endTime=ANY)
    stubbed.page([], "f/1", before="b/1", startFromHead=False, limit=5, endTime=ANY, nextToken="b/1")
    assert lines(stubbed, 5) == ["one"]


@pytest.mark.usefixtures("no_pause")
def test_a_build_is_followed_from_before_its_log_until_behind_its_end(stubbed: Stubbed) -> None:
    stubbed.build(complete=False, log=False)
    stubbed.build(complete=False)
    stubbed.stubs["logs"].add_client_error("get_log_events", "ResourceNotFoundException")
    stubbed.build(complete=False)
    stubbed.page(["skipped?", "one"], "f/1", startFromHead=False, limit=1)
    stubbed.build(complete=False)
    stubbed.page(["two"], "f/2", startFromHead=True, nextToken="f/1")
    stubbed.page([], "f/2", startFromHead=True, nextToken="f/2")
    stubbed.build()
    stubbed.page([], "f/2", startFromHead=True, nextToken="f/2")
    stubbed.build()
    stubbed.page(["late"], "f/3", startFromHead=True, nextToken="f/2")
    stubbed.page([], "f/3", startFromHead=True, nextToken="f/3")
    assert lines(stubbed, 1, follow=True) == ["one", "two", "late"]
    stubbed.ended()


def test_a_build_without_a_log_is_named(stubbed: Stubbed) -> None:
    stubbed.build(log=False)
    with pytest.raises(NoLog, match=f"{ID} has no log"):
        lines(stubbed)
    stubbed.build()
    stubbed.stubs["logs"].add_client_error("get_log_events", "ResourceNotFoundException")
    with pytest.raises(NoLog, match="group, stream 5a"):
        lines(stubbed, follow=True)
    stubbed.stubs["codebuild"].add_response("batch_get_builds", {"builds": [], "buildsNotFound": [ID]})
    with pytest.raises(DeliveryError, match="does not know the build"):
        lines(stubbed)


def test_the_build_that_failed_is_chosen_or_the_last_that_began() -> None:
    built, prepared = run("Build"), run("Prepare", "Failed", at=20)
    summarised, traffic = run("Summarise", at=30), run("Traffic", "Failed", at=40)
    again = run("Traffic", at=60)
    assert log.chosen([]) is None
    assert log.chosen([prepared]) is None, "a change set logs nothing"
    assert log.chosen([summarised, prepared, built]) is summarised
    assert log.chosen([traffic, summarised, built]) is traffic
    assert log.chosen([again, traffic, run("Summarise", at=70)], "") != traffic, "it succeeded since"
    assert log.chosen([traffic, built], "build") is built
    assert log.chosen([built], "Traffic") is None


def pipeline(stubbed: Stubbed, status: str, *ran: dict[str, Any]) -> None:
    """CodePipeline's answers on an execution with these actions."""
    stub = stubbed.stubs["codepipeline"]
    summaries = [{"pipelineExecutionId": FIRST, "status": status, "startTime": NOW}]
    stub.add_response("get_pipeline", {"pipeline": PIPELINE})
    stub.add_response("list_pipeline_executions", {"pipelineExecutionSummaries": summaries})
    details = [
        {"pipelineExecutionId": FIRST, "startTime": NOW, "stageName": KINDS[each["actionName"]][0]}
        | {"input": {"actionTypeId": KINDS[each["actionName"]][1]}}
        | each
        for each in ran
    ]
    stub.add_response("list_action_executions", {"actionExecutionDetails": details})


def asked(stubbed: Stubbed, *words: str) -> str:
    options = cli.parser().parse_args(["log", "api", *words])
    with pytest.raises(DeliveryError) as refused:
        log.show(stubbed.pipelines, Screen(Console(file=io.StringIO())), options)
    return str(refused.value)


def test_what_there_is_no_log_of_is_said(stubbed: Stubbed) -> None:
    prepared = {"actionName": "Prepare", "status": "Failed"}
    pipeline(stubbed, "Failed", prepared)
    assert asked(stubbed) == "execution 0000000a of api has not run a build; it ran: Prepare"
    pipeline(stubbed, "InProgress", prepared)
    assert asked(stubbed, "--action", "Traffic").endswith("-s delivery -- log api --follow")
    pipeline(stubbed, "InProgress", prepared)
    expected = "Prepare is no build of wotr-api; there are: Build, Summarise, Traffic"
    assert asked(stubbed, "--follow", "--action", "Prepare") == expected
    error = {"executionResult": {"errorDetails": {"code": "PermissionError", "message": "not allowed"}}}
    pipeline(stubbed, "Failed", {"actionName": "Build", "status": "Failed", "output": error})
    assert asked(stubbed) == "Build never came to a build: not allowed"
    pipeline(stubbed, "Failed")
    assert asked(stubbed, "--execution", "feed") == ("feed is no execution of api; the latest are: 0000000a")


def test_builds_are_asked_for_a_hundred_at_a_time(stubbed: Stubbed) -> None:
    ids = [f"wotr-api-build:{number}" for number in range(101)]
    stub = stubbed.stubs["codebuild"]
    for part in (ids[:100], ids[100:]):
        told = [{"id": each, "startTime": NOW} for each in part]
        stub.add_response("batch_get_builds", {"builds": told}, {"ids": part})
    assert list(stubbed.builds.known([*ids, ids[0]])) == ids


def test_a_build_that_is_queued_has_no_log_yet() -> None:
    told = build({"id": ID, "startTime": NOW, "phases": [{"phaseType": "QUEUED"}]})
    assert told == Build(ID, complete=False, started=NOW)


def test_a_screen_prints_what_others_wrote_as_it_is() -> None:
    out = io.StringIO()
    Screen(Console(file=out, width=10)).lines(["[red]\tnot red :x: \x1b[31mred\x1b[0m", "", "  x" * 9])
    assert out.getvalue() == f"[red]\tnot red :x: \x1b[31mred\x1b[0m\n\n{'  x' * 9}\n"
