"""Gap: a database instance whose master password RDS manages has a secret with it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from stack import Client, Deploy, deploy

INSTANCE: dict[str, Any] = {
    "Type": "AWS::RDS::DBInstance",
    "Properties": {
        "Engine": "postgres",
        "DBInstanceClass": "db.t4g.micro",
        "AllocatedStorage": "20",
        "MasterUsername": "master",
        "ManageMasterUserPassword": True,
    },
}
OUTPUTS = {"Secret": {"Value": {"Fn::GetAtt": ["Database", "MasterUserSecret.SecretArn"]}}}


def test_the_secret_comes_and_goes_with_the_instance(stack: Deploy, client: Client) -> None:
    made = stack({"Database": INSTANCE}, Outputs=OUTPUTS)
    secrets = client("secretsmanager")
    kept = secrets.get_secret_value(SecretId=made.outputs["Secret"])["SecretString"]
    assert json.loads(kept)["username"] == "master"
    assert len(json.loads(kept)["password"]) >= 16

    larger = {**INSTANCE, "Properties": {**INSTANCE["Properties"], "AllocatedStorage": "30"}}
    changed = deploy(client, {"Resources": {"Database": larger}, "Outputs": OUTPUTS}, name=made.name)
    assert changed.outputs == made.outputs
    assert secrets.get_secret_value(SecretId=made.outputs["Secret"])["SecretString"] == kept

    client("cloudformation").delete_stack(StackName=made.name)
    with pytest.raises(secrets.exceptions.ResourceNotFoundException):
        secrets.get_secret_value(SecretId=made.outputs["Secret"])
