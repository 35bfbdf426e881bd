"""Gap: connections lead to repositories, and a push starts the pipelines that wait for it."""

from __future__ import annotations

import json
import secrets
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from stack import Client, Deploy, StackFailed, allow, deploy

CONNECTION: dict[str, Any] = {
    "Type": "AWS::CodeConnections::Connection",
    "Properties": {
        "ConnectionName": "contract",
        "ProviderType": "GitHub",
        "Tags": [{"Key": "a", "Value": "1"}],
    },
}


def connection(**properties: Any) -> dict[str, Any]:
    return {"One": {**CONNECTION, "Properties": {**CONNECTION["Properties"], **properties}}}


def test_a_template_makes_a_connection_that_can_be_used_at_once(stack: Deploy, client: Client) -> None:
    told = {name: {"Value": {"Fn::GetAtt": ["One", name]}} for name in ("ConnectionArn", "ConnectionStatus")}
    made = stack(connection(), Outputs=told)
    arn = made.ids["One"]
    assert made.outputs == {"ConnectionArn": arn, "ConnectionStatus": "AVAILABLE"}
    connections = client("codeconnections")
    assert connections.get_connection(ConnectionArn=arn)["Connection"] == {
        "ConnectionName": "contract",
        "ConnectionArn": arn,
        "ProviderType": "GitHub",
        "OwnerAccountId": "000000000000",
        "ConnectionStatus": "AVAILABLE",
    }

    retagged = connection(Tags=[{"Key": "b", "Value": "2"}])
    assert deploy(client, {"Resources": retagged, "Outputs": told}, name=made.name).ids["One"] == arn
    tags = connections.list_tags_for_resource(ResourceArn=arn)["Tags"]
    assert tags == [{"Key": "b", "Value": "2"}]

    another = deploy(client, {"Resources": connection(ProviderType="GitLab")}, name=made.name).ids["One"]
    assert another != arn
    with pytest.raises(ClientError, match="there is no connection"):
        connections.get_connection(ConnectionArn=arn)

    client("cloudformation").delete_stack(StackName=made.name)
    client("cloudformation").get_waiter("stack_delete_complete").wait(
        StackName=made.name, WaiterConfig={"Delay": 1}
    )
    assert another not in [each["ConnectionArn"] for each in connections.list_connections()["Connections"]]


def test_what_is_not_there_is_refused_by_name(stack: Deploy) -> None:
    with pytest.raises(StackFailed, match="HostArn"):
        stack(connection(HostArn="arn:aws:codeconnections:eu-central-1:000000000000:host/x"))


def test_connections_are_listed_by_provider_and_page_by_page(client: Client) -> None:
    connections, names = client("codeconnections"), [f"c-{secrets.token_hex(4)}" for _ in range(3)]
    for name in names:
        connections.create_connection(ConnectionName=name, ProviderType="Bitbucket")
    found: list[str] = []
    page: dict[str, Any] = {"NextToken": ""}
    while "NextToken" in page:
        more = {"NextToken": page["NextToken"]} if page["NextToken"] else {}
        page = connections.list_connections(ProviderTypeFilter="Bitbucket", MaxResults=2, **more)
        assert len(page["Connections"]) <= 2
        found += [each["ConnectionName"] for each in page["Connections"]]
    assert found == names


def test_iam_is_asked_for_the_connection_that_a_call_names(client: Client) -> None:
    connections, iam, name = client("codeconnections"), client("iam"), f"contract-{secrets.token_hex(4)}"
    arns = [
        connections.create_connection(ConnectionName=f"c{number}", ProviderType="GitHub")["ConnectionArn"]
        for number in (1, 2)
    ]
    iam.create_user(UserName=name)
    policy = {"Version": "2012-10-17", "Statement": [allow("codeconnections:GetConnection", arns[0])]}
    iam.put_user_policy(UserName=name, PolicyName="may", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    own = boto3.Session().client(
        "codeconnections",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )
    assert own.get_connection(ConnectionArn=arns[0])["Connection"]["ConnectionName"] == "c1"
    for call in (own.get_connection, own.delete_connection):
        with pytest.raises(ClientError, match="not authorized"):
            call(ConnectionArn=arns[1])
