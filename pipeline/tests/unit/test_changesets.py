from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.stub import ANY, Stubber
from moto import mock_aws

from deploy import changesets
from deploy.changesets import Event, Request, StackFailed

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

ONE = """{"Parameters": {"Seconds": {"Type": "Number", "Default": 30}}, "Resources": {"Q":
{"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": {"Ref": "Seconds"}}}}}"""
TWO = ONE.replace('"Default": 30', '"Default": 60')


@pytest.fixture
def cloudformation() -> Iterator[CloudFormationClient]:
    with mock_aws():
        yield boto3.client("cloudformation", region_name="eu-central-1")


def request(body: str = ONE, protect: bool = False, **parameters: str) -> Request:
    return Request(
        "wotr-x-dev",
        parameters,
        template_body=body,
        declared=frozenset({"Seconds"}),
        tags={"wotr:stack": "x"},
        protect=protect,
    )


def test_a_stack_is_created_then_unchanged_then_updated(cloudformation: CloudFormationClient) -> None:
    seen: list[Event] = []
    first = changesets.deploy(cloudformation, request(), seen.append)
    assert first.action == "created"
    assert [(change.logical_id, change.action) for change in first.changes] == [("Q", "Add")]
    assert ("wotr-x-dev", "CREATE_COMPLETE") in [(event.logical_id, event.status) for event in seen]
    again = changesets.deploy(cloudformation, request())
    assert (again.action, again.changes) == ("unchanged", ())
    left = cloudformation.list_change_sets(StackName="wotr-x-dev")["Summaries"]
    assert [found for found in left if found["Status"] == "FAILED"] == [], "the empty change set is deleted"
    third = changesets.deploy(cloudformation, request(TWO))
    assert third.action == "updated"


def test_a_parameter_set_by_hand_is_kept_and_a_new_default_arrives(
    cloudformation: CloudFormationClient,
) -> None:
    changesets.deploy(cloudformation, request())
    changesets.deploy(cloudformation, request(TWO))
    assert _seconds(cloudformation) == "60", "nobody had set it: the new default counts"
    changesets.deploy(cloudformation, request(TWO, Seconds="90"))
    changesets.deploy(cloudformation, request(ONE))
    assert _seconds(cloudformation) == "90", "somebody had set it: it stays"


def test_the_first_failing_resource_is_shown_and_not_what_was_cancelled_with_it() -> None:
    with _scripted() as (client, stub):
        _begin(stub, None)
        stub.add_response("describe_stack_events", {"StackEvents": []})
        stub.add_response("execute_change_set", {})
        stub.add_response(
            "describe_stack_events",
            {
                "StackEvents": [  # newest first
                    _event("4", "wotr-x-dev", "ROLLBACK_COMPLETE", kind="AWS::CloudFormation::Stack"),
                    _event("3", "Topic", "CREATE_FAILED", "Topic name is taken"),
                    _event("2", "Queue", "CREATE_FAILED", "Resource creation cancelled"),
                    _event("1", "wotr-x-dev", "CREATE_IN_PROGRESS", kind="AWS::CloudFormation::Stack"),
                ]
            },
        )
        with pytest.raises(StackFailed) as caught:
            changesets.deploy(client, request())
    assert str(caught.value) == (
        "wotr-x-dev ended in ROLLBACK_COMPLETE: Topic (AWS::SQS::Queue): Topic name is taken"
    )


def test_events_of_an_earlier_deployment_do_not_end_this_one() -> None:
    old = _event("1", "wotr-x-dev", "UPDATE_COMPLETE", kind="AWS::CloudFormation::Stack")
    new = _event(
        "2", "wotr-x-dev", "UPDATE_ROLLBACK_COMPLETE", "it did not work", "AWS::CloudFormation::Stack"
    )
    with _scripted() as (client, stub):
        _begin(stub, "UPDATE_COMPLETE")
        stub.add_response("describe_stack_events", {"StackEvents": [old]})
        stub.add_response("execute_change_set", {})
        stub.add_response("describe_stack_events", {"StackEvents": [old]})
        stub.add_response("describe_stack_events", {"StackEvents": [new, old]})
        with pytest.raises(StackFailed, match="UPDATE_ROLLBACK_COMPLETE: it did not work"):
            changesets.deploy(client, request())


def test_a_change_set_that_fails_shows_its_reason_and_leaves_no_empty_stack() -> None:
    with _scripted() as (client, stub):
        _begin(stub, None, {"Status": "FAILED", "StatusReason": "No export named X found"})
        stub.add_response("delete_change_set", {}, {"StackName": "wotr-x-dev", "ChangeSetName": ANY})
        stub.add_response("delete_stack", {}, {"StackName": "wotr-x-dev"})
        with pytest.raises(StackFailed, match="the change set failed: No export named X found"):
            changesets.deploy(client, request())


def test_a_stack_that_never_came_up_is_deleted_and_created_again() -> None:
    with _scripted() as (client, stub):
        stub.add_response("describe_stacks", _described("ROLLBACK_COMPLETE"))
        stub.add_response("delete_stack", {}, {"StackName": "wotr-x-dev"})
        stub.add_response("describe_stacks", _described("DELETE_IN_PROGRESS"))
        stub.add_client_error("describe_stacks", "ValidationError", "Stack with id wotr-x-dev does not exist")
        _proposed(stub, "CREATE", {"Status": "FAILED", "StatusReason": "didn't contain changes"})
        stub.add_response("delete_change_set", {})
        changesets.deploy(client, request())


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        ("UPDATE_IN_PROGRESS", "wait until that has ended"),
        ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback --stack-name wotr-x-dev"),
        ("DELETE_FAILED", "delete-stack --stack-name wotr-x-dev"),
    ],
)
def test_a_state_that_needs_a_person_is_left_alone_with_advice(status: str, advice: str) -> None:
    with _scripted() as (client, stub):
        stub.add_response("describe_stacks", _described(status))
        with pytest.raises(StackFailed, match=f"is in {status} .*{advice}"):
            changesets.deploy(client, request())


def test_termination_protection_is_set_also_where_nothing_else_changes() -> None:
    with _scripted() as (client, stub):
        _begin(stub, "CREATE_COMPLETE", {"Status": "FAILED", "StatusReason": "didn't contain changes"})
        stub.add_response("delete_change_set", {})
        protected = {"StackName": "wotr-x-dev", "EnableTerminationProtection": True}
        stub.add_response("update_termination_protection", {}, protected)
        assert changesets.deploy(client, request(protect=True)).action == "unchanged"


@contextmanager
def _scripted() -> Iterator[tuple[CloudFormationClient, Stubber]]:
    """A client that expects exactly the calls scripted on its stubber, in that order."""
    client = boto3.client("cloudformation", region_name="eu-central-1")
    with Stubber(client) as stub:
        yield client, stub
        stub.assert_no_pending_responses()


def _begin(stub: Stubber, status: str | None, outcome: dict[str, Any] | None = None) -> None:
    if status is None:
        stub.add_client_error("describe_stacks", "ValidationError", "Stack with id wotr-x-dev does not exist")
    else:
        stub.add_response("describe_stacks", _described(status))
    change: dict[str, Any] = {
        "Action": "Add",
        "LogicalResourceId": "Queue",
        "ResourceType": "AWS::SQS::Queue",
    }
    ready = {"Status": "CREATE_COMPLETE", "Changes": [{"Type": "Resource", "ResourceChange": change}]}
    _proposed(stub, "UPDATE" if status else "CREATE", outcome or ready)


def _proposed(stub: Stubber, kind: str, outcome: dict[str, Any]) -> None:
    expected = {
        "StackName": "wotr-x-dev",
        "ChangeSetName": ANY,
        "ChangeSetType": kind,
        "Capabilities": ANY,
        "Parameters": [],
        "Tags": [{"Key": "wotr:stack", "Value": "x"}],
        "TemplateBody": ONE,
    }
    stub.add_response("create_change_set", {}, expected)
    stub.add_response("describe_change_set", {"Status": "CREATE_IN_PROGRESS"})
    stub.add_response("describe_change_set", outcome)


def _described(status: str) -> dict[str, Any]:
    return {"Stacks": [{"StackName": "wotr-x-dev", "CreationTime": datetime.now(UTC), "StackStatus": status}]}


def _event(
    number: str, resource: str, status: str, reason: str = "", kind: str = "AWS::SQS::Queue"
) -> dict[str, Any]:
    return {
        "StackId": "arn:wotr-x-dev",
        "EventId": number,
        "StackName": "wotr-x-dev",
        "LogicalResourceId": resource,
        "ResourceType": kind,
        "Timestamp": datetime.now(UTC),
        "ResourceStatus": status,
        "ResourceStatusReason": reason,
    }


def _stack(cloudformation: CloudFormationClient) -> Any:
    return cloudformation.describe_stacks(StackName="wotr-x-dev")["Stacks"][0]


def _seconds(cloudformation: CloudFormationClient) -> str:
    return str(_stack(cloudformation)["Parameters"][0]["ParameterValue"])
