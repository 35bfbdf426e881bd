"""Executions of pipelines: who goes first, what stops, what is tried again and what goes back."""

from __future__ import annotations

import secrets

import pytest
from botocore.exceptions import ClientError
from pipelines import Account, Running, account, approval, approved, source, stage, zipped
from stack import Client, Wait


@pytest.fixture(scope="module")
def ours(client: Client) -> Account:
    return account(client)


def two_stages(ours: Account, **changes: str) -> Running:
    return ours.make(stage("Approve", approval()), stage("Last", approval()), **changes)


def test_queued_executions_enter_a_stage_in_their_order_and_nobody_overtakes(
    ours: Account, eventually: Wait
) -> None:
    running = two_stages(ours)
    one = running.first()
    assert eventually(lambda: running.inside("Approve")) == one
    two = running.start()
    eventually(lambda: running.waiting("Approve") == [two])
    three = running.start()
    eventually(lambda: running.waiting("Approve") == [two, three])
    assert running.stage("Approve")["inboundExecution"]["pipelineExecutionId"] == two
    approved(running, eventually)
    eventually(lambda: (running.inside("Approve"), running.inside("Last")) == (two, one))
    approved(running, eventually)
    eventually(lambda: running.inside("Approve") == three and running.waiting("Last") == [two])
    approved(running, eventually)
    eventually(lambda: running.waiting("Last") == [two, three])
    for execution in (one, two, three):
        eventually(lambda execution=execution: running.inside("Last") == execution)
        approved(running, eventually, "Last")
        assert eventually(running.ended(execution))["status"] == "Succeeded"
    assert [each["pipelineExecutionId"] for each in running.executions()] == [three, two, one]


def test_a_rejection_lets_the_next_one_in(ours: Account, eventually: Wait) -> None:
    running = two_stages(ours)
    first, second = running.first(), running.start()
    eventually(lambda: running.waiting("Approve") == [second])
    running.answer("Approve", running.token("Approve"), "Rejected")
    assert eventually(running.ended(first))["status"] == "Failed"
    assert eventually(lambda: running.inside("Approve")) == second


def test_in_the_superseded_mode_the_newest_waits_only(ours: Account, eventually: Wait) -> None:
    running = two_stages(ours, executionMode="SUPERSEDED")
    first = eventually(lambda: running.inside("Approve"))
    second = running.start()
    eventually(lambda: running.waiting("Approve") == [second])
    third = running.start()
    eventually(lambda: running.waiting("Approve") == [third])
    assert running.execution(second)["status"] == "Superseded"
    assert third in running.execution(second)["statusSummary"]
    approved(running, eventually)
    eventually(lambda: (running.inside("Last"), running.inside("Approve")) == (first, third))


def test_a_disabled_transition_holds_executions_until_it_is_enabled(ours: Account, eventually: Wait) -> None:
    running = two_stages(ours)
    transition = {"pipelineName": running.name, "stageName": "Last", "transitionType": "Inbound"}
    running.api.disable_stage_transition(reason="freeze", **transition)
    approved(running, eventually)
    eventually(lambda: running.waiting("Last") == [running.first()])
    state = running.stage("Last")["inboundTransitionState"]
    assert (state["enabled"], state["disabledReason"]) == (False, "freeze")
    assert state["lastChangedBy"].endswith(":root")
    assert "latestExecution" not in running.stage("Last")
    running.api.enable_stage_transition(**transition)
    assert eventually(lambda: running.inside("Last")) == running.first()
    with pytest.raises(ClientError, match="StageNotFoundException"):
        running.api.enable_stage_transition(**transition | {"stageName": "Nowhere"})
    with pytest.raises(ClientError, match="Outbound is not there"):
        running.api.enable_stage_transition(**transition | {"transitionType": "Outbound"})


def test_stopping_waits_for_what_runs_and_abandoning_does_not(ours: Account, eventually: Wait) -> None:
    running = two_stages(ours)
    first = running.first()
    eventually(lambda: running.token("Approve"))

    def stop(execution: str, **options: object) -> None:
        running.api.stop_pipeline_execution(
            pipelineName=running.name, pipelineExecutionId=execution, **options
        )

    stop(first, reason="a mistake")
    assert running.execution(first)["status"] == "Stopping"
    assert running.stage("Approve")["latestExecution"]["status"] == "Stopping"
    with pytest.raises(ClientError, match="DuplicatedStopRequestException"):
        stop(first)
    approved(running, eventually)
    assert eventually(running.ended(first))["status"] == "Stopped"
    assert running.executions()[0]["stopTrigger"] == {"reason": "a mistake"}
    assert "latestExecution" not in running.stage("Last")

    second, third = running.start(), running.start()
    eventually(lambda: running.inside("Approve") == second and running.waiting("Approve") == [third])
    stop(second, abandon=True)
    assert running.execution(second)["status"] == "Stopped"
    (action,) = [
        each for each in running.actions(pipelineExecutionId=second) if each["stageName"] == "Approve"
    ]
    assert action["status"] == "Abandoned"
    assert eventually(lambda: running.inside("Approve")) == third
    fourth = running.start()
    eventually(lambda: running.waiting("Approve") == [fourth])
    stop(fourth)
    assert running.execution(fourth)["status"] == "Stopped"
    with pytest.raises(ClientError, match="PipelineExecutionNotStoppableException"):
        stop(fourth)


def test_a_failed_stage_is_tried_again_where_it_failed_or_as_a_whole(
    ours: Account, client: Client, eventually: Wait
) -> None:
    late = f"late-{secrets.token_hex(4)}.zip"
    configuration = {"S3Bucket": ours.bucket, "S3ObjectKey": late, "PollForSourceChanges": "false"}
    second = source(name="Late", configuration=configuration, namespace="Late")
    second["outputArtifacts"] = [{"name": "Late"}]
    running = ours.make(stages=[stage("Source", source(), second), stage("Approve", approval())])
    first = running.first()
    assert eventually(running.ended(first))["status"] == "Failed"

    def again(mode: str, **changes: str) -> None:
        request = {"pipelineName": running.name, "stageName": "Source", "pipelineExecutionId": first}
        running.api.retry_stage_execution(retryMode=mode, **request | changes)

    def runs() -> list[str]:
        return sorted(f"{each['actionName']} {each['status']}" for each in running.actions())

    with pytest.raises(ClientError, match="StageNotRetryableException"):
        again("FAILED_ACTIONS", stageName="Approve")
    again("FAILED_ACTIONS")
    eventually(lambda: runs() == ["Late Failed", "Late Failed", "Source Succeeded"])
    eventually(running.ended(first))
    assert running.stage("Source")["retryStageMetadata"]["manualStageRetryAttempt"] == 1
    client("s3").put_object(Bucket=ours.bucket, Key=late, Body=zipped({"b.txt": "late"}))
    again("ALL_ACTIONS")
    eventually(lambda: running.token("Approve"))
    assert [each for each in runs() if "Succeeded" in each] == [
        "Late Succeeded",
        "Source Succeeded",
        "Source Succeeded",
    ]
    latest = {"pipelineExecutionId": first, "startTimeRange": "Latest"}
    names = [each["actionName"] for each in running.actions(latestInPipelineExecution=latest)]
    assert sorted(names) == ["Approve", "Late", "Source"]
    assert running.execution(first)["status"] == "InProgress"

    client("s3").delete_object(Bucket=ours.bucket, Key=late)
    other = running.start()
    assert eventually(running.ended(other))["status"] == "Failed"
    running.answer("Approve", running.token("Approve"), "Rejected")
    eventually(running.ended(first))
    again("FAILED_ACTIONS", stageName="Approve")
    approved(running, eventually)
    assert eventually(running.ended(first))["status"] == "Succeeded"


def test_only_the_latest_execution_of_a_stage_is_tried_again(ours: Account, eventually: Wait) -> None:
    running = two_stages(ours)
    first, second = running.first(), running.start()
    for execution in (first, second):
        eventually(lambda execution=execution: running.inside("Approve") == execution)
        running.answer("Approve", eventually(lambda: running.token("Approve")), "Rejected")
        eventually(running.ended(execution))
    with pytest.raises(ClientError, match="NotLatestPipelineExecutionException"):
        running.api.retry_stage_execution(
            pipelineName=running.name,
            stageName="Approve",
            pipelineExecutionId=first,
            retryMode="ALL_ACTIONS",
        )


def test_a_stage_goes_back_to_an_execution_that_succeeded_in_it(ours: Account, eventually: Wait) -> None:
    said = approval(configuration={"CustomData": "#{Origin.ETag} #{variables.Colour}"})
    running = ours.make(
        stage("Approve", said),
        stage("Last", approval()),
        variables=[{"name": "Colour", "defaultValue": "green"}],
    )
    good = running.first()
    approved(running, eventually)
    approved(running, eventually, "Last")
    eventually(running.ended(good))
    bad = running.start(variables=[{"name": "Colour", "value": "red"}])

    def back(stage_name: str, target: str) -> str:
        answer = running.api.rollback_stage(
            pipelineName=running.name, stageName=stage_name, targetPipelineExecutionId=target
        )
        return str(answer["pipelineExecutionId"])

    eventually(lambda: running.token("Approve"))
    for stage_name, target, told in (
        ("Source", good, "sources is not rolled back"),
        ("Approve", bad, "has not succeeded"),
        ("Approve", good, "is in the stage Approve"),
    ):
        with pytest.raises(ClientError, match=told) as refused:
            back(stage_name, target)
        assert refused.value.response["Error"]["Code"] == "UnableToRollbackStageException"
    running.answer("Approve", running.token("Approve"), "Rejected")
    eventually(running.ended(bad))

    returned = back("Approve", good)
    token = eventually(lambda: running.token("Approve"))
    (action,) = running.actions(pipelineExecutionId=returned)
    (origin,) = [each for each in running.actions(pipelineExecutionId=good) if each["actionName"] == "Source"]
    tag = origin["output"]["outputVariables"]["ETag"]
    assert action["input"]["resolvedConfiguration"]["CustomData"] == f"{tag} green"
    assert running.stage("Approve")["latestExecution"]["type"] == "ROLLBACK"
    running.answer("Approve", token)
    ended = eventually(running.ended(returned))
    assert (ended["status"], ended["executionType"]) == ("Succeeded", "ROLLBACK")
    assert ended["rollbackMetadata"] == {"rollbackTargetPipelineExecutionId": good}
    assert ended["trigger"]["triggerType"] == "ManualRollback"
    # It goes no further.
    assert running.stage("Last")["latestExecution"]["pipelineExecutionId"] == good
    succeeded = running.executions(filter={"succeededInStage": {"stageName": "Approve"}})
    assert [each["pipelineExecutionId"] for each in succeeded] == [returned, good]
    with pytest.raises(ClientError, match="is a rollback itself"):
        back("Approve", returned)
    definition = running.api.get_pipeline(name=running.name)["pipeline"]
    running.api.update_pipeline(pipeline=definition)
    with pytest.raises(ClientError, match="PipelineExecutionOutdatedException"):
        back("Approve", good)


def test_starting_takes_declared_variables_and_one_token_once(ours: Account, eventually: Wait) -> None:
    running = ours.make(stage("Approve", approval()), variables=[{"name": "Colour"}])
    assert running.executions() == []
    with pytest.raises(ClientError, match="Colour: no value is given"):
        running.start()
    colour = [{"name": "Colour", "value": "red"}]
    with pytest.raises(ClientError, match="has no variable Shape"):
        running.start(variables=[*colour, {"name": "Shape", "value": "round"}])
    revision = {"actionName": "Source", "revisionType": "COMMIT_ID", "revisionValue": "0" * 40}
    with pytest.raises(ClientError, match="no source action that takes a COMMIT_ID"):
        running.start(variables=colour, sourceRevisions=[revision])
    one = running.start(variables=colour, clientRequestToken="once")
    assert running.start(variables=colour, clientRequestToken="once") == one
    assert eventually(lambda: running.inside("Approve")) == one
    with pytest.raises(ClientError, match="PipelineExecutionNotFoundException"):
        running.execution("00000000-0000-0000-0000-000000000000")


def test_lists_have_pages(ours: Account, eventually: Wait) -> None:
    running = ours.make(stage("Approve", approval()))
    started = [running.first(), running.start(), running.start()]
    eventually(lambda: running.waiting("Approve") == started[1:])
    pages = running.api.get_paginator("list_pipeline_executions").paginate(
        pipelineName=running.name, PaginationConfig={"PageSize": 2}
    )
    found = [[each["pipelineExecutionId"] for each in page["pipelineExecutionSummaries"]] for page in pages]
    assert found == [[started[2], started[1]], [started[0]]]
    with pytest.raises(ClientError, match="InvalidNextTokenException"):
        running.executions(nextToken="mine")
