"""Gap: pipelines run, stage by stage, and CodePipeline's API tells the truth about them."""

from __future__ import annotations

import io
import json
import secrets
import zipfile
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from pipelines import Account, account, approval, approved, source, stage, trusts
from stack import Client, Wait, allow


@pytest.fixture(scope="module")
def ours(client: Client) -> Account:
    return account(client)


def test_making_a_pipeline_starts_it_and_an_approval_lets_it_go_on(ours: Account, eventually: Wait) -> None:
    running = ours.make(
        stage("Approve", approval(configuration={"ExternalEntityLink": "https://example.com/7"}))
    )
    first = running.first()
    token = eventually(lambda: running.token("Approve"))
    waits = running.action("Approve", "Approve")
    assert waits["latestExecution"]["status"] == "InProgress"
    assert waits["entityUrl"] == "https://example.com/7"
    running.answer("Approve", token, summary="looks good")

    ended = eventually(running.ended(first))
    assert ended["status"] == "Succeeded"
    assert ended["trigger"]["triggerType"] == "CreatePipeline"
    assert (ended["executionMode"], ended["executionType"]) == ("QUEUED", "STANDARD")
    done = running.action("Approve", "Approve")["latestExecution"]
    assert (done["status"], done["summary"]) == ("Succeeded", "looks good")
    assert done["lastUpdatedBy"].endswith(":root")
    assert "token" not in done
    assert [each["latestExecution"]["status"] for each in running.state()["stageStates"]] == ["Succeeded"] * 2


def test_artifacts_lie_in_the_store_under_shortened_names(
    ours: Account, client: Client, eventually: Wait
) -> None:
    name = f"contract-with-a-long-name-{secrets.token_hex(4)}"
    running = ours.make(stage("Approve", approval()), name=name)
    eventually(lambda: running.token("Approve"))
    (action,) = [each for each in running.actions() if each["stageName"] == "Source"]
    (artifact,) = action["output"]["outputArtifacts"]
    place = artifact["s3location"]
    assert (artifact["name"], place["bucket"]) == ("Source", ours.bucket)
    assert place["key"].startswith(f"{name[:20]}/Source/")
    body = client("s3").get_object(Bucket=place["bucket"], Key=place["key"])["Body"].read()
    assert zipfile.ZipFile(io.BytesIO(body)).read("a.txt") == b"first"
    assert action["output"]["outputVariables"]["BucketName"] == ours.bucket
    assert action["input"]["resolvedConfiguration"]["S3ObjectKey"] == "source.zip"
    (revision,) = running.execution(running.first())["artifactRevisions"]
    assert revision["revisionId"] == action["output"]["outputVariables"]["ETag"]
    current = running.action("Source", "Source")["currentRevision"]
    assert current["revisionId"] == revision["revisionId"]


def test_a_rejection_fails_the_execution_and_its_reason_is_told(ours: Account, eventually: Wait) -> None:
    running = ours.make(stage("Approve", approval()), stage("After", approval()))
    first = running.first()
    running.answer(
        "Approve", eventually(lambda: running.token("Approve")), "Rejected", summary="not on a Friday"
    )
    ended = eventually(running.ended(first))
    assert ended["status"] == "Failed"
    assert "not on a Friday" in ended["statusSummary"]
    latest = running.action("Approve", "Approve")["latestExecution"]
    assert latest["status"] == "Failed"
    assert "not on a Friday" in latest["errorDetails"]["message"]
    assert "latestExecution" not in running.stage("After")


def test_an_answer_needs_the_token_of_an_approval_that_waits(ours: Account, eventually: Wait) -> None:
    running = ours.make(stage("Approve", approval()))
    token = eventually(lambda: running.token("Approve"))
    with pytest.raises(ClientError, match="InvalidApprovalTokenException"):
        running.answer("Approve", "00000000-0000-0000-0000-000000000000")
    with pytest.raises(ClientError, match="ActionNotFoundException"):
        running.answer("Approve", token, name="Other")
    with pytest.raises(ClientError, match="StageNotFoundException"):
        running.answer("Other", token)
    running.answer("Approve", token)
    with pytest.raises(ClientError, match="ApprovalAlreadyCompletedException"):
        running.answer("Approve", token, "Rejected")
    assert eventually(running.ended(running.first()))["status"] == "Succeeded"


def test_a_topic_is_told_of_an_approval_with_variables_in_it(
    ours: Account, client: Client, eventually: Wait
) -> None:
    sns, sqs, iam = client("sns"), client("sqs"), client("iam")
    topic = sns.create_topic(Name=f"contract-{secrets.token_hex(4)}")["TopicArn"]
    queue = sqs.create_queue(QueueName=f"contract-{secrets.token_hex(4)}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    statement = allow("sqs:SendMessage", arn) | {"Principal": {"Service": "sns.amazonaws.com"}}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    role = f"contract-pipeline-{secrets.token_hex(4)}"
    made = iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(trusts()))["Role"]["Arn"]
    objects = allow(["s3:GetObject", "s3:PutObject"], f"arn:aws:s3:::{ours.bucket}/*")

    def let(*statements: dict[str, Any]) -> None:
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        iam.put_role_policy(RoleName=role, PolicyName="may", PolicyDocument=document)

    let(objects)
    said = "#{Origin.BucketName} #{codepipeline.PipelineExecutionId} #{variables.Colour}"
    configuration = {"NotificationArn": topic, "CustomData": said}
    running = ours.make(
        stage("Approve", approval(configuration=configuration)),
        roleArn=made,
        variables=[{"name": "Colour", "defaultValue": "green"}],
    )
    refused = eventually(running.ended(running.first()))
    assert refused["status"] == "Failed"
    assert "sns:Publish" in refused["statusSummary"].replace("SNS:", "sns:")

    let(objects, allow("sns:Publish", topic))
    again = running.start(variables=[{"name": "Colour", "value": "red"}])
    token = eventually(lambda: running.token("Approve"))
    (message,) = eventually(
        lambda: sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages"), seconds=15
    )
    envelope = json.loads(message["Body"])
    assert envelope["Subject"] == f"APPROVAL NEEDED: AWS CodePipeline {running.name} for action Approve"
    told = json.loads(envelope["Message"])["approval"]
    assert told["customData"] == f"{ours.bucket} {again} red"
    assert (told["pipelineName"], told["stageName"], told["actionName"]) == (
        running.name,
        "Approve",
        "Approve",
    )
    assert told["approvalReviewLink"].endswith(f"/approve/{token}")
    (latest,) = running.actions(pipelineExecutionId=again)[:1]
    assert latest["input"]["configuration"]["CustomData"] == said
    assert latest["input"]["resolvedConfiguration"]["CustomData"] == told["customData"]
    assert {"name": "Colour", "resolvedValue": "red"} in running.execution(again)["variables"]


@pytest.mark.parametrize("said", ["#{Nobody.Id}", "#{Origin.Nothing}", "#{variables.None}"])
def test_a_variable_that_nobody_set_fails_the_action_by_name(
    ours: Account, eventually: Wait, said: str
) -> None:
    running = ours.make(stage("Approve", approval(configuration={"CustomData": f"see {said}"})))
    ended = eventually(running.ended(running.first()))
    assert ended["status"] == "Failed"
    error = running.action("Approve", "Approve")["latestExecution"]["errorDetails"]
    assert said in error["message"]
    assert error["code"] == "ConfigurationError"


def test_actions_of_one_run_order_are_side_by_side_and_the_others_wait(
    ours: Account, eventually: Wait
) -> None:
    running = ours.make(
        stage("Approve", approval("A"), approval("B"), approval("Later", runOrder=2)),
        stage("End", approval()),
    )
    tokens = {name: eventually(lambda name=name: running.token("Approve", name)) for name in ("A", "B")}
    assert "latestExecution" not in running.action("Approve", "Later")
    running.answer("Approve", tokens["A"], name="A")
    eventually(lambda: running.action("Approve", "A")["latestExecution"]["status"] == "Succeeded")
    assert "latestExecution" not in running.action("Approve", "Later")
    running.answer("Approve", tokens["B"], name="B")
    running.answer("Approve", eventually(lambda: running.token("Approve", "Later")), name="Later")
    approved(running, eventually, "End")
    assert eventually(running.ended(running.first()))["status"] == "Succeeded"


def test_a_role_that_may_not_read_the_source_fails_the_action_with_that_text(
    ours: Account, client: Client, eventually: Wait
) -> None:
    role = f"contract-pipeline-{secrets.token_hex(4)}"
    made = client("iam").create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(trusts()))["Role"][
        "Arn"
    ]
    running = ours.make(stage("Approve", approval()), roleArn=made)
    assert eventually(running.ended(running.first()))["status"] == "Failed"
    error = running.action("Source", "Source")["latestExecution"]["errorDetails"]
    assert error["code"] == "PermissionError"
    assert "Denied" in error["message"]


def test_an_actions_own_role_is_assumed_through_the_pipelines(
    ours: Account, client: Client, eventually: Wait
) -> None:
    iam, suffix = client("iam"), secrets.token_hex(4)
    principal = {"Effect": "Allow", "Principal": {"AWS": ours.role}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [principal]})
    name = f"contract-action-{suffix}"
    own = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    objects = allow(["s3:GetObject", "s3:PutObject"], f"arn:aws:s3:::{ours.bucket}/*")
    document = {"Version": "2012-10-17", "Statement": [objects]}
    iam.put_role_policy(RoleName=name, PolicyName="may", PolicyDocument=json.dumps(document))
    stages = [stage("Source", source(roleArn=own)), stage("Approve", approval())]
    running = ours.make(stages=stages)
    refused = eventually(running.ended(running.first()))
    assert "sts:AssumeRole" in refused["statusSummary"]

    document = {"Version": "2012-10-17", "Statement": [allow("sts:AssumeRole", own)]}
    pipeline_role = ours.role.rpartition("/")[2]
    iam.put_role_policy(RoleName=pipeline_role, PolicyName="assume", PolicyDocument=json.dumps(document))
    running.start()
    eventually(lambda: running.token("Approve"))
    assert [each["input"]["roleArn"] for each in running.actions() if each["status"] == "Succeeded"] == [own]
    iam.delete_role_policy(RoleName=pipeline_role, PolicyName="assume")


def test_iam_is_asked_about_the_pipeline_the_stage_and_the_action(
    ours: Account, client: Client, eventually: Wait
) -> None:
    running = ours.make(stage("Approve", approval()), stage("Last", approval()))
    token = eventually(lambda: running.token("Approve"))
    iam, sts, name = client("iam"), client("sts"), f"contract-person-{secrets.token_hex(4)}"
    principal = {"AWS": f"arn:aws:iam::{sts.get_caller_identity()['Account']}:root"}
    trust = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    arn = running.api.get_pipeline(name=running.name)["metadata"]["pipelineArn"]
    may = [
        allow("codepipeline:GetPipelineState", arn),
        allow("codepipeline:PutApprovalResult", f"{arn}/Approve/Approve"),
        allow("codepipeline:DisableStageTransition", f"{arn}/Last"),
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": may})
    iam.put_role_policy(RoleName=name, PolicyName="may", PolicyDocument=policy)
    keys = sts.assume_role(RoleArn=role, RoleSessionName="person")["Credentials"]
    person = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"]).client(
        "codepipeline"
    )
    person.get_pipeline_state(name=running.name)
    transition = {"pipelineName": running.name, "transitionType": "Inbound", "reason": "holidays"}
    person.disable_stage_transition(stageName="Last", **transition)
    with pytest.raises(ClientError, match="AccessDenied"):
        person.start_pipeline_execution(name=running.name)
    with pytest.raises(ClientError, match="AccessDenied"):
        person.disable_stage_transition(stageName="Approve", **transition)
    result = {"summary": "by a person", "status": "Approved"}
    person.put_approval_result(
        pipelineName=running.name, stageName="Approve", actionName="Approve", token=token, result=result
    )
    latest = (
        eventually(lambda: running.waiting("Last"))
        and running.action("Approve", "Approve")["latestExecution"]
    )
    assert latest["lastUpdatedBy"].endswith(f"assumed-role/{name}/person")
    state = running.stage("Last")["inboundTransitionState"]
    assert (state["enabled"], state["disabledReason"]) == (False, "holidays")


def test_state_changes_are_events(ours: Account, client: Client, eventually: Wait) -> None:
    events, sqs = client("events"), client("sqs")
    queue = sqs.create_queue(QueueName=f"contract-{secrets.token_hex(4)}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    statement = allow("sqs:SendMessage", arn) | {"Principal": {"Service": "events.amazonaws.com"}}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    rule = f"contract-{secrets.token_hex(4)}"
    definition = ours.definition(stage("Approve", approval()))
    pattern = {"source": ["aws.codepipeline"], "detail": {"pipeline": [definition["name"]]}}
    events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=rule, Targets=[{"Id": "queue", "Arn": arn}])
    client("codepipeline").create_pipeline(pipeline=definition)
    told: list[tuple[str, str, str]] = []

    def complete() -> bool:
        options = {"MaxNumberOfMessages": 10, "WaitTimeSeconds": 1}
        for message in sqs.receive_message(QueueUrl=queue, **options).get("Messages", []):
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            event = json.loads(message["Body"])
            detail = event["detail"]
            told.append((event["detail-type"].split()[1], detail.get("action", ""), detail["state"]))
        return len(told) >= len(expected)

    expected = [
        ("Pipeline", "", "STARTED"),
        ("Stage", "", "STARTED"),
        ("Action", "Source", "STARTED"),
        ("Action", "Source", "SUCCEEDED"),
        ("Stage", "", "SUCCEEDED"),
        ("Stage", "", "STARTED"),
        ("Action", "Approve", "STARTED"),
    ]
    eventually(complete, seconds=15)
    assert sorted(told) == sorted(expected)
    events.remove_targets(Rule=rule, Ids=["queue"])
    events.delete_rule(Name=rule)
