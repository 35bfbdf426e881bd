"""Gap: a reference to a secret is its ARN, and a generated secret keeps to what was asked for."""

from __future__ import annotations

import json
from typing import Any

import pytest
from stack import Client, Deploy, Invoke, StackFailed, allow, deploy, function, role

READS = """
import boto3, os
def handler(event, context):
    return boto3.client("secretsmanager").get_secret_value(SecretId=os.environ["SECRET"])["SecretString"]
"""


def resources(description: str = "first", **generator: Any) -> dict[str, Any]:
    secret = {"Description": description, "GenerateSecretString": generator or {"PasswordLength": 48}}
    return {
        "Secret": {"Type": "AWS::SecretsManager::Secret", "Properties": secret},
        "Role": role(allow("secretsmanager:GetSecretValue", {"Ref": "Secret"})),
        "Reads": function(READS, Environment={"Variables": {"SECRET": {"Ref": "Secret"}}}),
    }


def test_a_policy_that_references_the_secret_allows_reading_it(
    stack: Deploy, client: Client, invoke: Invoke
) -> None:
    made = stack(resources())
    value, failed = invoke(made.ids["Reads"])
    assert not failed
    assert len(value) == 48

    changed = deploy(client, {"Resources": resources("second")}, name=made.name)
    assert changed.ids["Secret"] == made.ids["Secret"]
    secrets = client("secretsmanager")
    assert secrets.describe_secret(SecretId=made.ids["Secret"])["Description"] == "second"
    assert invoke(made.ids["Reads"]) == (value, False)

    client("cloudformation").delete_stack(StackName=made.name)
    with pytest.raises(secrets.exceptions.ResourceNotFoundException):
        secrets.get_secret_value(SecretId=made.ids["Secret"])


def test_a_generated_secret_has_only_the_characters_that_were_asked_for(
    stack: Deploy, client: Client
) -> None:
    made = stack(
        resources(
            SecretStringTemplate='{"user": "demo"}',
            GenerateStringKey="password",
            PasswordLength=64,
            ExcludePunctuation=True,
            ExcludeUppercase="true",
        )
    )
    secret = json.loads(
        client("secretsmanager").get_secret_value(SecretId=made.ids["Secret"])["SecretString"]
    )
    assert secret["user"] == "demo"
    assert len(secret["password"]) == 64
    assert secret["password"].isalnum()
    assert secret["password"] == secret["password"].lower()


def test_half_a_template_is_refused(stack: Deploy) -> None:
    with pytest.raises(StackFailed, match="GenerateStringKey"):
        stack(resources(SecretStringTemplate="{}"))
