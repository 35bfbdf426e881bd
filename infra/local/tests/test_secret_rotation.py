"""Gap: RotateSecret has the secret's function do the four steps."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from botocore.exceptions import ClientError
from stack import Client, Deploy, Stack, StackFailed, Wait, allow, function, role

ROTATES = """
import boto3, json, os
secrets = boto3.client("secretsmanager")
STEPS = []
def handler(event, context):
    secret, version, step = event["SecretId"], event["ClientRequestToken"], event["Step"]
    stages = secrets.describe_secret(SecretId=secret)["VersionIdsToStages"]
    current = secrets.get_secret_value(SecretId=secret)["SecretString"]
    if current == "broken in " + step:
        raise RuntimeError("as asked")
    if step == "createSecret":
        STEPS.clear()
        try:
            secrets.get_secret_value(SecretId=secret, VersionId=version, VersionStage="AWSPENDING")
        except secrets.exceptions.ResourceNotFoundException:
            secrets.put_secret_value(SecretId=secret, ClientRequestToken=version,
                                     SecretString="-", VersionStages=["AWSPENDING"])
    STEPS.append(step)
    if step == "testSecret":
        secrets.put_secret_value(SecretId=secret, ClientRequestToken=version,
                                 SecretString=json.dumps(STEPS), VersionStages=["AWSPENDING"])
    if step == "finishSecret":
        before = next(v for v, labels in stages.items() if "AWSCURRENT" in labels)
        secrets.update_secret_version_stage(SecretId=secret, VersionStage="AWSCURRENT",
                                            MoveToVersionId=version, RemoveFromVersionId=before)
"""
FIRST, BROKEN = "first", "broken in setSecret"
MAY = [
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetSecretValue",
    "secretsmanager:PutSecretValue",
    "secretsmanager:UpdateSecretVersionStage",
]


def resources(*, permitted: bool = True, scheduled: bool = False) -> dict[str, Any]:
    made: dict[str, Any] = {
        "Secret": {"Type": "AWS::SecretsManager::Secret", "Properties": {"SecretString": FIRST}},
        "Role": role(allow(MAY, {"Ref": "Secret"})),
        "Rotates": function(ROTATES),
    }
    arn = {"Fn::GetAtt": ["Rotates", "Arn"]}
    if permitted:
        made["Permission"] = {
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "Action": "lambda:InvokeFunction",
                "FunctionName": arn,
                "Principal": "secretsmanager.amazonaws.com",
                "SourceAccount": {"Ref": "AWS::AccountId"},
                "SourceArn": {"Ref": "Secret"},
            },
        }
    if scheduled:
        made["Schedule"] = {
            "Type": "AWS::SecretsManager::RotationSchedule",
            "DependsOn": ["Permission"] if permitted else [],
            "Properties": {
                "SecretId": {"Ref": "Secret"},
                "RotationLambdaARN": arn,
                "RotationRules": {"AutomaticallyAfterDays": 30},
            },
        }
    return made


class Rotated:
    """A secret whose function can rotate it."""

    def __init__(self, client: Client, stack: Stack) -> None:
        self.secrets = client("secretsmanager")
        self.id = stack.ids["Secret"]
        functions = client("lambda")
        self.function = functions.get_function(FunctionName=stack.ids["Rotates"])["Configuration"][
            "FunctionArn"
        ]

    def rotate(self, **options: Any) -> str:
        version: str = self.secrets.rotate_secret(
            SecretId=self.id, RotationLambdaARN=self.function, **options
        )["VersionId"]
        return version

    def value(self) -> str:
        found: str = self.secrets.get_secret_value(SecretId=self.id)["SecretString"]
        return found

    def labels(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = self.secrets.describe_secret(SecretId=self.id)["VersionIdsToStages"]
        return found


@pytest.fixture
def rotated(stack: Deploy, client: Client) -> Rotated:
    return Rotated(client, stack(resources()))


def test_the_function_does_the_four_steps(rotated: Rotated, eventually: Wait) -> None:
    before = next(iter(rotated.labels()))
    version = rotated.rotate()
    eventually(lambda: "AWSCURRENT" in rotated.labels().get(version, []))
    assert json.loads(rotated.value()) == ["createSecret", "setSecret", "testSecret"]
    assert rotated.labels()[before] == ["AWSPREVIOUS"]
    again = rotated.rotate()
    eventually(lambda: "AWSCURRENT" in rotated.labels().get(again, []))
    assert before not in rotated.labels() or rotated.labels()[before] == []


def test_a_step_that_fails_leaves_the_value_and_the_next_call_tries_again(
    rotated: Rotated, eventually: Wait
) -> None:
    rotated.secrets.put_secret_value(SecretId=rotated.id, SecretString=BROKEN)
    version = rotated.rotate()
    with pytest.raises(ClientError, match="previous rotation isn't complete"):
        rotated.rotate()
    assert "AWSPENDING" in rotated.labels()[version]
    assert rotated.value() == BROKEN

    rotated.secrets.put_secret_value(SecretId=rotated.id, SecretString=FIRST)

    def ended() -> bool:
        with suppress(ClientError):
            rotated.rotate()
        return rotated.value().startswith("[")

    eventually(ended)


def test_who_may_not_call_the_function_rotates_nothing(stack: Deploy, client: Client) -> None:
    closed = Rotated(client, stack(resources(permitted=False)))
    with pytest.raises(ClientError, match="function policy grants access"):
        closed.rotate()
    assert len(closed.labels()) == 1
    with pytest.raises(StackFailed, match="function policy grants access"):
        stack(resources(permitted=False, scheduled=True))


def test_a_secret_without_a_function_is_not_rotated(rotated: Rotated) -> None:
    with pytest.raises(ClientError, match="No Lambda rotation function"):
        rotated.secrets.rotate_secret(SecretId=rotated.id)


def test_a_schedule_turns_rotation_on_and_begins_it(stack: Deploy, client: Client, eventually: Wait) -> None:
    made = Rotated(client, stack(resources(scheduled=True)))
    eventually(lambda: made.value().startswith("["))
    described = eventually(
        lambda: (found := made.secrets.describe_secret(SecretId=made.id)).get("LastRotatedDate") and found
    )
    assert described["RotationEnabled"] is True
    assert described["RotationRules"] == {"AutomaticallyAfterDays": 30}
    assert (described["NextRotationDate"] - described["LastRotatedDate"]).days == 30
