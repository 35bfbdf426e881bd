"""A recording cloud tells what IAM let each role do, and what not."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import boto3
import pytest
from stack import Client, Stack, allow, deploy, function, role

from localcloud import LocalCloud

CODE = """
import boto3, os
from botocore.exceptions import ClientError
def handler(event, context):
    table = boto3.client("dynamodb")
    where = {"TableName": os.environ["TABLE"]}
    item = {"pk": {"S": "a"}}
    table.transact_write_items(TransactItems=[{"Put": {**where, "Item": item}}])
    s3 = boto3.client("s3")
    form = s3.generate_presigned_url("put_object", {"Bucket": os.environ["BUCKET"], "Key": "mine/a"})
    try:
        table.scan(**where)
    except ClientError:
        return form
"""
TABLE = {
    "Type": "AWS::DynamoDB::Table",
    "Properties": {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    },
}


@pytest.fixture(scope="module")
def recording(root: Path) -> Iterator[LocalCloud]:
    with LocalCloud(root, port=0, record=True) as running:
        yield running


@pytest.fixture(scope="module")
def clients(recording: LocalCloud) -> Client:
    make: Client = boto3.Session("000000000000", "local", region_name=recording.region).client
    return lambda service: make(service, endpoint_url=recording.endpoint)


@pytest.fixture(scope="module")
def made(clients: Client) -> Stack:
    inside = {"Fn::Sub": "${Bucket.Arn}/mine/*"}
    environment = {"TABLE": {"Ref": "Table"}, "BUCKET": {"Ref": "Bucket"}}
    return deploy(
        clients,
        {
            "Resources": {
                "Bucket": {"Type": "AWS::S3::Bucket"},
                "Table": TABLE,
                "Role": role(
                    allow("dynamodb:PutItem", {"Fn::GetAtt": ["Table", "Arn"]}), allow("s3:PutObject", inside)
                ),
                "Writer": function(CODE, Environment={"Variables": environment}),
            }
        },
    )


def told(cloud: LocalCloud, method: str = "GET", suite: str = "") -> Any:
    address = f"{cloud.endpoint}/_wotr/calls{suite and '/' + suite}"
    with urllib.request.urlopen(urllib.request.Request(address, method=method)) as answer:
        return json.load(answer)


def calls(cloud: LocalCloud, made: Stack) -> set[tuple[str, str, str, str]]:
    found = [call for call in told(cloud)["calls"] if call["role"] == made.ids["Role"]]
    assert {call["session"] for call in found} == {made.ids["Writer"]}
    return {
        (call["action"], call["resource"].rpartition(":")[2], call["decision"], suite)
        for call in found
        for suite in call["suites"]
    }


def test_each_call_of_a_role_is_told_with_its_resource_what_came_of_it_and_the_suite(
    recording: LocalCloud, clients: Client, made: Stack
) -> None:
    told(recording, "PUT", "first")
    answer = clients("lambda").invoke(FunctionName=made.ids["Writer"], Payload=b"{}")
    url = json.load(answer["Payload"])
    told(recording, "PUT", "second")
    with urllib.request.urlopen(urllib.request.Request(url, b"x", method="PUT")):
        pass
    table = f"table/{made.ids['Table']}"
    assert calls(recording, made) == {
        ("dynamodb:PutItem", table, "Allow", "first"),
        ("dynamodb:Scan", table, "ImplicitDeny", "first"),
        ("s3:PutObject", f"{made.ids['Bucket']}/mine/a", "Allow", "second"),
    }


def test_what_a_forged_address_is_denied_is_no_call_of_a_role(
    recording: LocalCloud, clients: Client, made: Stack
) -> None:
    answer = clients("lambda").invoke(FunctionName=made.ids["Writer"], Payload=b"{}")
    forged = json.load(answer["Payload"]).replace("/mine/a", "/forged")
    with pytest.raises(HTTPError):
        urllib.request.urlopen(urllib.request.Request(forged, b"x", method="PUT"))
    assert not any("forged" in call["resource"] for call in told(recording)["calls"])


def test_what_the_accounts_owner_does_is_not_told(
    recording: LocalCloud, clients: Client, made: Stack
) -> None:
    clients("dynamodb").describe_table(TableName=made.ids["Table"])
    assert not any(call["action"] == "dynamodb:DescribeTable" for call in told(recording)["calls"])


def test_a_cloud_that_was_not_asked_for_it_records_nothing(cloud: LocalCloud) -> None:
    with pytest.raises(HTTPError):
        told(cloud, "PUT", "first")
