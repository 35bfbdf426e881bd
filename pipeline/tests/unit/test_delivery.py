"""Operators' commands on CodePipeline's answers, in the shapes that botocore's model has."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from rich.console import Console

from delivery import approvals, cli, follow, history, rollback, states
from delivery import figures as dora
from delivery.definition import definition
from delivery.errors import DeliveryError
from delivery.history import Execution, Run
from delivery.pipelines import Pipelines
from delivery.releases import Release, current, releases
from delivery.screen import Screen, duration

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
COMMITS = ("a" * 40, "b" * 40, "c" * 40, "d" * 40)


def action(name: str, category: str, provider: str, **settings: str) -> dict[str, Any]:
    kind = {"category": category, "owner": "AWS", "provider": provider, "version": "1"}
    return {"name": name, "actionTypeId": kind, "configuration": settings}


def change_set(name: str, mode: str, stage: str) -> dict[str, Any]:
    return action(name, "Deploy", "CloudFormation", ActionMode=mode, StackName=f"wotr-api-{stage}")


PIPELINE: dict[str, Any] = {
    "name": "wotr-api",
    "roleArn": "arn:aws:iam::123456789012:role/wotr-pipeline",
    "stages": [
        {"name": "Source", "actions": [action("Source", "Source", "CodeStarSourceConnection")]},
        {"name": "Build", "actions": [action("Build", "Build", "CodeBuild")]},
        {
            "name": "Dev",
            "actions": [
                change_set("Prepare", "CHANGE_SET_REPLACE", "dev"),
                change_set("Execute", "CHANGE_SET_EXECUTE", "dev"),
            ],
        },
        {
            "name": "Prod",
            "actions": [
                change_set("Prepare", "CHANGE_SET_REPLACE", "prod"),
                action("Approve", "Approval", "Manual"),
                change_set("Execute", "CHANGE_SET_EXECUTE", "prod"),
            ],
        },
        {"name": "Smoke", "actions": [action("Smoke", "Test", "CodeBuild")]},
    ],
}
KNOWN = definition(PIPELINE)


def execution(number: int, *, back_to: int | None = None, status: str = "Succeeded") -> Execution:
    started = NOW - timedelta(hours=20 - number)
    target = f"{back_to:08x}-0000" if back_to is not None else ""
    return Execution(
        f"{number:08x}-0000", status, started, started, COMMITS[number % 4], f"Change {number}", "", target
    )


def run(
    number: int,
    stage: str,
    name: str,
    status: str = "Succeeded",
    *,
    at: int = 10,
    took: int = 60,
    **more: Any,
) -> Run:
    began = NOW - timedelta(hours=20 - number) + timedelta(minutes=at)
    category = {"Source": "Source", "Approve": "Approval"}.get(name, "Deploy")
    ended = began + timedelta(seconds=took)
    return Run(f"{number:08x}-0000", stage, name, category, status, began, ended, **more)


def shipped(number: int, status: str = "Succeeded", smoke: str = "Succeeded") -> list[Run]:
    committed = (NOW - timedelta(hours=20 - number) - timedelta(minutes=5)).isoformat()
    ran = [
        run(number, "Source", "Source", at=0, told={"AuthorDate": committed}),
        run(number, "Prod", "Execute", status, reason="" if status == "Succeeded" else "alarm Errors fired"),
    ]
    return ran + ([run(number, "Smoke", "Smoke", smoke, at=12)] if status == "Succeeded" else [])


def prod(*made: tuple[Execution, list[Run]]) -> list[Release]:
    return releases(KNOWN, [each for each, _ in made], [one for _, ran in made for one in ran])


def test_a_rollback_runs_every_stage_that_an_executed_change_set_needs() -> None:
    assert KNOWN.to_roll_back() == ("Prod",)
    apart = json.loads(json.dumps(PIPELINE))
    made = apart["stages"][3]["actions"]
    apart["stages"][3:4] = [
        {"name": "Approve", "actions": made[:2]},
        {"name": "Prod", "actions": made[2:]},
    ]
    assert definition(apart).to_roll_back() == ("Approve", "Prod")
    assert definition(apart).after_release() == ("Smoke",)


def test_a_connections_commit_is_read_out_of_its_json() -> None:
    said = json.dumps({"ProviderType": "GitHub", "CommitMessage": "Count sets\n\nwhy"})
    found = history.execution(
        {
            "pipelineExecutionId": "1",
            "status": "Failed",
            "startTime": NOW,
            "sourceRevisions": [{"actionName": "Source", "revisionId": "abc", "revisionSummary": said}],
        }
    )
    assert (found.commit, found.subject, found.ended) == ("abc", "Count sets", True)


def test_a_stage_says_who_waits_for_what_and_why_it_failed() -> None:
    def stage(name: str, status: str, inbound: list[str], **latest: Any) -> dict[str, Any]:
        return {
            "stageName": name,
            "latestExecution": {"pipelineExecutionId": "one", "status": status},
            "inboundExecutions": [{"pipelineExecutionId": each, "status": "InProgress"} for each in inbound],
            "actionStates": [latest],
        }

    waits = {"actionName": "Approve", "latestExecution": {"status": "InProgress", "token": "t"}}
    error = {"code": "JobFailed", "message": "2 tests failed"}
    failed = {"actionName": "Build", "latestExecution": {"status": "Failed", "errorDetails": error}}
    answer = {
        "stageStates": [stage("Build", "Failed", [], **failed), stage("Prod", "InProgress", ["two"], **waits)]
    }
    build, asked = states.stages(KNOWN, answer)
    assert states.remark(build) == "Build: 2 tests failed"
    assert states.remark(asked) == "Approve waits for a person"
    assert (asked.inbound, asked.actions[0].token) == (("two",), "t")


def test_what_prod_runs_and_what_it_can_go_back_to() -> None:
    first, second, third = execution(0), execution(1), execution(2)
    found = prod((first, shipped(0)), (second, shipped(1)), (third, shipped(2, "Failed")))
    assert [each.arrived for each in found] == [False, True, True]
    assert found[0].reason == "Execute: alarm Errors fired"
    now = current(found)
    assert now
    assert now.execution == second, "a canary that rolled back by itself changed nothing"
    assert rollback.target(found).execution == first

    back = execution(3, back_to=0)
    found = prod((first, shipped(0)), (second, shipped(1)), (back, shipped(3)))
    now = current(found)
    assert now
    assert now.execution == first
    assert [each.execution for each in rollback.able(found)] == [second]
    with pytest.raises(DeliveryError, match="no good version before"):
        rollback.target(found)
    assert rollback.target(found, "00000001").execution == second
    with pytest.raises(DeliveryError, match=r"no execution to go back to; there are: 00000001"):
        rollback.target(found, "feed")


def test_figures_of_too_few_executions_are_none() -> None:
    figures = dora.reckon(prod((execution(0), shipped(0))), 30, NOW)
    assert (figures.lead_time, figures.every, figures.failure_rate, figures.restore) == (None,) * 4
    assert figures.deployments == 1


def test_figures_are_those_that_dora_defines() -> None:
    found = prod(
        (execution(0), shipped(0)),
        (execution(1), shipped(1, "Failed")),  # its canary took it back after a minute
        (execution(2), shipped(2)),
        (execution(3), shipped(3, smoke="Failed")),
        (execution(4, back_to=2), shipped(4)),
        (execution(5), shipped(5)),
    )
    figures = dora.reckon(found, 1, NOW)
    assert (figures.deployments, figures.failed) == (3, 2)
    assert figures.failure_rate == pytest.approx(2 / 5)
    assert figures.lead_time == timedelta(minutes=16)  # committed 5 minutes before, there after 11
    assert figures.every == timedelta(hours=8)
    # One minute of a canary, and from 3:10 to the end of the rollback at 4:11.
    assert figures.restore == timedelta(minutes=31)


def test_a_version_that_was_rolled_back_by_hand_had_failed() -> None:
    found = prod(
        (execution(0), shipped(0)), (execution(1), shipped(1)), (execution(2, back_to=0), shipped(2))
    )
    figures = dora.reckon(found, 30, NOW)
    assert (figures.deployments, figures.failed, figures.restore) == (1, 1, timedelta(hours=1, minutes=1))


def test_what_happened_before_the_window_is_no_part_of_it() -> None:
    assert dora.reckon(prod((execution(0), shipped(0))), 30, NOW + timedelta(days=40)).deployments == 0


def test_a_stages_time_leaves_out_what_a_person_took() -> None:
    ran = [
        run(0, "Prod", "Prepare", at=0, took=5),
        run(0, "Prod", "Approve", at=1, took=120),
        run(0, "Prod", "Execute", "Failed", at=4, took=30, reason="alarm fired"),
    ]
    (stage,) = follow.stage_times(KNOWN, ran)
    assert (stage.status, stage.seconds, stage.waited) == ("Failed", 270, 120)
    assert stage.remark == "Execute: alarm fired"


@pytest.mark.parametrize(
    ("seconds", "text"), [(7.6, "8 s"), (125, "2 min 5 s"), (11520, "3 h 12 min"), (180000, "2 d 2 h")]
)
def test_durations_are_for_people(seconds: float, text: str) -> None:
    assert duration(seconds) == text


class Stubbed:
    """CodePipeline's client with answers that botocore has checked."""

    def __init__(self) -> None:
        self.client = boto3.client("codepipeline", region_name="eu-central-1")
        self.stub = Stubber(self.client)
        self.stub.activate()
        self.pipelines = Pipelines(self.client)

    def says(self, operation: str, answer: dict[str, Any], asked: dict[str, Any] | None = None) -> None:
        self.stub.add_response(operation, answer, asked)


@pytest.fixture
def stubbed() -> Stubbed:
    return Stubbed()


def waiting(stubbed: Stubbed, token: str = "secret") -> None:
    """Answers of a pipeline whose Approve action asks."""
    latest = {"actionExecutionId": "x", "status": "InProgress", "token": token, "lastStatusChange": NOW}
    stage = {
        "stageName": "Prod",
        "latestExecution": {
            "pipelineExecutionId": "11111111-1111-1111-1111-111111111111",
            "status": "InProgress",
        },
        "inboundExecutions": [
            {"pipelineExecutionId": "22222222-2222-2222-2222-222222222222", "status": "InProgress"}
        ],
        "actionStates": [{"actionName": "Approve", "latestExecution": latest}],
    }
    stubbed.says("get_pipeline", {"pipeline": PIPELINE})
    stubbed.says("get_pipeline_state", {"pipelineName": "wotr-api", "stageStates": [stage]})
    detail = {
        "pipelineExecutionId": "11111111-1111-1111-1111-111111111111",
        "stageName": "Prod",
        "actionName": "Approve",
        "status": "InProgress",
        "startTime": NOW,
        "input": {
            "actionTypeId": PIPELINE["stages"][3]["actions"][1]["actionTypeId"],
            "resolvedConfiguration": {
                "CustomData": "changes: 2 Modify: QueryFunction\ndev: 31 passed in 12 s"
            },
        },
    }
    stubbed.says("list_action_executions", {"actionExecutionDetails": [detail]})
    summary = {
        "pipelineExecutionId": "11111111-1111-1111-1111-111111111111",
        "status": "InProgress",
        "startTime": NOW,
        "sourceRevisions": [
            {"actionName": "Source", "revisionId": COMMITS[0], "revisionSummary": "Count sets"}
        ],
    }
    stubbed.says("list_pipeline_executions", {"pipelineExecutionSummaries": [summary]})


def test_an_approver_sees_commit_changes_and_results(stubbed: Stubbed) -> None:
    waiting(stubbed)
    question = approvals.required(stubbed.pipelines, "api")
    assert approvals.lines(question) == [
        "api aaaaaaa Count sets",
        "  changes: 2 Modify: QueryFunction",
        "  dev: 31 passed in 12 s",
        "  1 more wait behind it",
    ]
    given = {"status": "Rejected", "summary": "not today"}
    stubbed.says(
        "put_approval_result",
        {"approvedAt": NOW},
        {
            "pipelineName": "wotr-api",
            "stageName": "Prod",
            "actionName": "Approve",
            "token": "secret",
            "result": given,
        },
    )
    approvals.reject(stubbed.pipelines, question, "not today")
    stubbed.stub.assert_no_pending_responses()
    with pytest.raises(DeliveryError, match="--reason"):
        approvals.approve(stubbed.pipelines, question, " ")


def test_who_is_too_late_is_told_so(stubbed: Stubbed) -> None:
    waiting(stubbed)
    question = approvals.required(stubbed.pipelines, "api")
    stubbed.stub.add_client_error("put_approval_result", "ApprovalAlreadyCompletedException")
    with pytest.raises(DeliveryError, match="somebody else has answered"):
        approvals.approve(stubbed.pipelines, question, "good")


def test_a_pipeline_that_is_not_there_is_named_with_those_that_are(stubbed: Stubbed) -> None:
    stubbed.stub.add_client_error("get_pipeline", "PipelineNotFoundException")
    stubbed.says("list_pipelines", {"pipelines": [{"name": "wotr-auth"}, {"name": "somebody-elses"}]})
    with pytest.raises(
        DeliveryError, match=r"no pipeline for api here; there are: auth\nMake it: .* bootstrap api"
    ):
        stubbed.pipelines.definition("api")


def test_nothing_to_approve_is_said(stubbed: Stubbed) -> None:
    stubbed.says("get_pipeline", {"pipeline": PIPELINE})
    stubbed.says("get_pipeline_state", {"pipelineName": "wotr-api", "stageStates": []})
    with pytest.raises(DeliveryError, match="nothing of api waits for an approval"):
        approvals.required(stubbed.pipelines, "api")


def test_an_execution_of_an_older_definition_is_to_be_built_anew(stubbed: Stubbed) -> None:
    stubbed.stub.add_client_error("rollback_stage", "PipelineExecutionOutdatedException", "outdated")
    with pytest.raises(DeliveryError, match=r"rollback api --to 1111 --rebuild"):
        stubbed.pipelines.roll_back("wotr-api", "Prod", "1111")


def test_a_pipe_gets_whole_lines() -> None:
    out = io.StringIO()
    Screen(Console(file=out, width=20)).table(("a", "b"), [("x" * 30, "[bold]"), ("y", "z" * 40)])
    assert out.getvalue().splitlines() == [
        f"a{' ' * 31}b",
        f"{'x' * 30}  [bold]",
        f"y{' ' * 31}{'z' * 40}",
    ]


@pytest.mark.parametrize("words", [[], ["approve", "api"], ["figures", "--days", "0"], ["rollback"]])
def test_what_is_missing_on_the_command_line_is_named(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(words)
    assert end.value.code == 2
    assert "usage: python3 noxfile.py -s delivery --" in capsys.readouterr().err
