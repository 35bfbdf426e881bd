"""What is said at the end: why a build failed, where the time went, what to do next."""

from __future__ import annotations

import io
import json

import pytest
from botocore.stub import ANY
from rich.console import Console

from delivery import showing, states, time_spent
from delivery.follow import Followed
from delivery.screen import Screen
from delivery.summing_up import next_step, summary
from tests.stubbed_builds import FIRST, KINDS, KNOWN, SECOND, Stubbed, followed, run


@pytest.fixture
def stubbed() -> Stubbed:
    return Stubbed()


def summed_up(stubbed: Stubbed, *ended: Followed) -> tuple[int, list[str]]:
    out = io.StringIO()
    code = summary(Screen(Console(file=out, width=100)), ended, stubbed.builds, stubbed.logs)
    return code, out.getvalue().splitlines()


def test_a_failed_builds_last_lines_come_before_the_summary(stubbed: Stubbed) -> None:
    stubbed.build()
    stubbed.page(["E501 Line too long", "lint: FAILED"], "f/1", startFromHead=False, limit=25, endTime=ANY)
    stubbed.page([], "f/1", startFromHead=False, limit=25, endTime=ANY, nextToken="b/0")
    code, said = summed_up(stubbed, followed(run("Build", "Failed", reason="PRE_BUILD FAILED")))
    assert code == 1
    assert said[1:4] == [
        "api aaaaaaa Build failed; the last lines of its log:",
        "E501 Line too long",
        "lint: FAILED",
    ]
    assert said[6] == "api aaaaaaa  Build  Failed  10 s  Build: PRE_BUILD FAILED"
    assert said[-1] == "Next: python3 noxfile.py -s delivery -- log api"
    stubbed.ended()


def test_a_log_that_cannot_be_read_costs_nobody_the_summary(stubbed: Stubbed) -> None:
    stubbed.build()
    stubbed.stubs["logs"].add_client_error("get_log_events", "AccessDeniedException", "no logs for you")
    built = run("Build", "Failed", reason="PRE_BUILD FAILED")
    again = followed(run("Build"), status="Succeeded")
    stubbed.stubs["codebuild"].add_client_error("batch_get_builds", "AccessDeniedException", "no builds")
    _, said = summed_up(stubbed, followed(built), again)
    assert "no logs for you" in said[2]
    assert "no builds" in said[3]
    assert "api aaaaaaa: Failed in 10 s" in said


def test_what_failed_in_no_build_is_looked_at_in_the_state(stubbed: Stubbed) -> None:
    prepared = followed(run("Build"), run("Prepare", "Failed", at=20, reason="no such parameter"))
    stubbed.build(phases=[])
    _, said = summed_up(stubbed, prepared)
    assert not any("lines of its log" in line for line in said)
    assert said[-1] == "Next: python3 noxfile.py -s delivery -- state api"
    broken, good = followed(run("Build", "Failed")), followed(status="Succeeded", execution=SECOND)
    assert next_step([broken, good]) == "log api --execution 0000000a", "it is not the latest"
    assert next_step([prepared, broken]) == "log api"
    assert next_step([good]) == "figures"


def test_the_summary_shows_where_the_time_went(stubbed: Stubbed) -> None:
    took = {
        "QUEUED": 0,
        "DOWNLOAD_SOURCE": 3,
        "INSTALL": 1,
        "PRE_BUILD": 17,
        "BUILD": 64,
        "POST_BUILD": 0,
        "UPLOAD_ARTIFACTS": 5,
    }
    phases = [{"phaseType": name, "durationInSeconds": seconds} for name, seconds in took.items()]
    stubbed.build(phases=[*phases, {"phaseType": "COMPLETED"}])
    prod = [
        run("Prepare", at=100, took=3),
        run("Summarise", at=103, took=9),
        run("Approve", at=112, took=12),
        run("Traffic", at=124, took=20),
        run("Execute", at=124.2, took=17),
    ]
    code, said = summed_up(stubbed, followed(run("Build", took=90), *prod, status="Succeeded"))
    assert code == 0
    build, stage = said[2:4]
    assert build.endswith("source 3 s, install 1 s, pre_build 17 s, build 64 s, cache and artifacts 5 s")
    assert stage.endswith("Prepare 3 s, Summarise 9 s, Approve 12 s waiting, Execute and Traffic 20 s")
    stubbed.ended()


def test_a_table_with_times_fits_a_terminal(stubbed: Stubbed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")  # another is taken for 80 columns, whatever it has
    stubbed.build(phases=[{"phaseType": "PRE_BUILD", "durationInSeconds": 17}])
    prod = [run("Prepare", at=100), run("Approve", at=110, took=120), run("Execute", at=230)]
    out = io.StringIO()
    screen = Screen(Console(file=out, width=100, force_terminal=True, color_system=None))
    summary(screen, [followed(run("Build"), *prod, status="Succeeded")], stubbed.builds, stubbed.logs)
    said = [line.rstrip() for line in out.getvalue().splitlines()]
    assert "api aaaaaaa  Build  Succeeded  10 s        pre_build 17 s" in said
    assert any("Prepare 10 s, Approve 2 min 0 s waiting, Execute 10 s" in line for line in said)
    assert max(map(len, said)) <= 100


def test_an_actions_last_try_counts_and_one_alone_says_nothing() -> None:
    assert time_spent.actions(KNOWN, [run("Prepare")]) == ""
    tries = [run("Prepare", "Failed", took=50), run("Prepare", at=60, took=2), run("Summarise", at=70)]
    tries.append(run("Approve", at=80, took=0.3))
    assert time_spent.actions(KNOWN, tries) == "Prepare 2 s, Summarise 10 s"


def state(**failed: str) -> list[states.StageState]:
    """Stages whose action of that name failed in that execution."""
    told = [
        {
            "stageName": KINDS[name][0],
            "latestExecution": {"pipelineExecutionId": execution, "status": "Failed"},
            "actionStates": [{"actionName": name, "latestExecution": {"status": "Failed"}}],
        }
        for name, execution in failed.items()
    ]
    return states.stages(KNOWN, json.loads(json.dumps({"stageStates": told})))


@pytest.mark.parametrize(
    ("failed", "expected"),
    [
        ({"Build": SECOND}, "log api"),
        ({"Traffic": FIRST}, "log api --execution 0000000a"),
        ({"Execute": SECOND}, "rollback api --list, for what prod has run"),
        ({"Build": SECOND, "Execute": FIRST}, "log api"),
        ({"Build": FIRST, "Execute": SECOND}, "rollback api --list, for what prod has run"),
        ({}, "rollback api --list, for what prod has run"),
    ],
)
def test_a_state_leads_to_the_log_of_what_failed_last(failed: dict[str, str], expected: str) -> None:
    assert showing.next_step("api", state(**failed), [SECOND, FIRST]) == expected
