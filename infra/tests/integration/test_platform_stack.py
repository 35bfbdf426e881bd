"""The deployed platform works for those who import it."""

from __future__ import annotations

import json
from collections.abc import Callable

import boto3
import pytest
from botocore.exceptions import ClientError

Exports = dict[str, str]
Role = Callable[..., boto3.Session]


def test_the_alias_leads_to_the_exported_key(exports: Exports, stage: str) -> None:
    found = boto3.client("kms").describe_key(KeyId=f"alias/wotr-{stage}")["KeyMetadata"]
    assert found["Arn"] == exports["platform-KeyArn"]
    assert boto3.client("kms").get_key_rotation_status(KeyId=found["KeyId"])["KeyRotationEnabled"]


def test_the_key_serves_a_role_by_its_own_policy_only(exports: Exports, role: Role) -> None:
    key = exports["platform-KeyArn"]
    user = role(["kms:GenerateDataKey", "kms:Decrypt"], [key]).client("kms")
    made = user.generate_data_key(KeyId=key, KeySpec="AES_256")
    assert user.decrypt(CiphertextBlob=made["CiphertextBlob"])["Plaintext"] == made["Plaintext"]
    stranger = role(["kms:DescribeKey"], [key]).client("kms")
    with pytest.raises(ClientError, match="AccessDenied"):
        stranger.decrypt(CiphertextBlob=made["CiphertextBlob"])


def test_configuration_is_read_by_path_and_changed_without_a_deployment(exports: Exports) -> None:
    ssm, path = boto3.client("ssm"), f"{exports['platform-ConfigPath']}/workouts"

    def read() -> dict[str, str]:
        found = ssm.get_parameters_by_path(Path=path)["Parameters"]
        return {parameter["Name"].removeprefix(f"{path}/"): parameter["Value"] for parameter in found}

    before = read()
    assert before.keys() == {"supported-types", "duration-min", "duration-max", "shards"}
    assert {"run", "ride", "strength"} <= set(before["supported-types"].split(","))
    changed = f"{before['supported-types']},chess"
    ssm.put_parameter(Name=f"{path}/supported-types", Value=changed, Overwrite=True)
    try:
        assert read()["supported-types"] == changed
    finally:
        ssm.put_parameter(Name=f"{path}/supported-types", Value=before["supported-types"], Overwrite=True)


def test_an_event_on_the_bus_is_in_its_archive(exports: Exports) -> None:
    events = boto3.client("events")
    (archive,) = events.list_archives(EventSourceArn=exports["platform-EventBusArn"])["Archives"]
    before = events.describe_archive(ArchiveName=archive["ArchiveName"])["EventCount"]
    put = events.put_events(
        Entries=[
            {
                "EventBusName": exports["platform-EventBusName"],
                "Source": "wotr.test",
                "DetailType": "archived",
                "Detail": "{}",
            }
        ]
    )
    assert put["FailedEntryCount"] == 0
    assert events.describe_archive(ArchiveName=archive["ArchiveName"])["EventCount"] > before


def test_the_boundary_is_a_policy_that_roles_can_carry(exports: Exports, role: Role) -> None:
    iam, arn = boto3.client("iam"), exports["platform-PermissionsBoundaryArn"]
    session = role(["ssm:GetParameter", "iam:ListUsers"], ["*"])
    name = session.client("sts").get_caller_identity()["Arn"].split("/")[1]
    assert session.client("iam").list_users()["ResponseMetadata"]["HTTPStatusCode"] == 200
    iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=arn)
    with pytest.raises(ClientError, match="AccessDenied"):
        session.client("iam").list_users()
    parameter = f"{exports['platform-ConfigPath']}/workouts/shards"
    assert session.client("ssm").get_parameter(Name=parameter)["Parameter"]["Value"]


def test_the_tracing_policy_grants_nothing_but_traces(exports: Exports) -> None:
    iam, arn = boto3.client("iam"), exports["platform-TracingPolicyArn"]
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    document = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
    statements = (json.loads(document) if isinstance(document, str) else document)["Statement"]
    assert {action for found in statements for action in found["Action"]} == {
        "xray:PutTraceSegments",
        "xray:PutTelemetryRecords",
    }
