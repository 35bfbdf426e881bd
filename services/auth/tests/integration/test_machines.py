"""Who may take the machine-client role, and that it opens nothing but the signed routes."""

from __future__ import annotations

import json
import os
from collections.abc import Callable

import boto3
import pytest
from botocore.exceptions import ClientError

Outputs = dict[str, str]
Principal = Callable[..., boto3.Session]


def allow(action: str, resource: str) -> str:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def take_role(session: boto3.Session, outputs: Outputs) -> boto3.Session:
    role = outputs["MachineClientRoleArn"]
    issued = session.client("sts").assume_role(RoleArn=role, RoleSessionName="auth-test")
    keys = issued["Credentials"]
    return boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])


def test_a_principal_of_the_account_that_iam_lets_may_take_the_role(
    principal: Principal, outputs: Outputs
) -> None:
    machine = take_role(principal(allow("sts:AssumeRole", outputs["MachineClientRoleArn"])), outputs)
    caller = machine.client("sts").get_caller_identity()["Arn"]
    assert f"assumed-role/{outputs['MachineClientRoleName']}/" in caller


def test_a_principal_without_that_permission_may_not(principal: Principal, outputs: Outputs) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        take_role(principal(), outputs)


def test_the_role_reads_no_table_and_no_configuration(principal: Principal, outputs: Outputs) -> None:
    stage = os.environ["WOTR_STAGE"]
    exports = boto3.client("cloudformation").get_paginator("list_exports").paginate()
    found = {export["Name"]: export["Value"] for page in exports for export in page["Exports"]}
    machine = take_role(principal(allow("sts:AssumeRole", outputs["MachineClientRoleArn"])), outputs)
    with pytest.raises(ClientError, match="AccessDenied"):
        machine.client("dynamodb").scan(TableName=found[f"wotr-data-{stage}-WorkoutsTableName"])
    with pytest.raises(ClientError, match="AccessDenied"):
        machine.client("ssm").get_parameter(Name=f"/wotr/{stage}/workouts/supported-types")
