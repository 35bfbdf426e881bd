"""What rds-demo promises on AWS, whatever the local cloud makes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from deploy import graph, run, templates

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def demo(render: Any) -> Any:
    return render("rds-demo")


def test_it_is_deployed_only_when_it_is_named() -> None:
    whole = graph.build(templates.everything(ROOT))
    assert "rds-demo" in whole.templates
    assert "rds-demo" not in run.select(whole, [])


def test_the_database_is_private_encrypted_and_kept(demo: Any) -> None:
    database = demo.resources["Database"]
    properties = database["Properties"]
    assert properties["PubliclyAccessible"] is False
    assert properties["StorageEncrypted"] is True
    assert (database["DeletionPolicy"], database["UpdateReplacePolicy"]) == ("Snapshot", "Snapshot")
    assert properties["DeletionProtection"] is True
    assert int(properties["BackupRetentionPeriod"]) >= 7
    parameters = demo.properties("ParameterGroup")["Parameters"]
    assert (parameters["rds.force_ssl"], parameters["password_encryption"]) == ("1", "scram-sha-256")
    assert parameters["log_min_error_statement"] == "panic", "a failed statement may hold what nobody may see"


def test_nobody_here_knows_the_masters_password(demo: Any) -> None:
    properties = demo.properties("Database")
    assert properties["ManageMasterUserPassword"] is True
    assert "MasterUserPassword" not in properties


def test_only_the_rotation_reaches_the_database_and_secrets_manager(demo: Any) -> None:
    for group, port in (("DatabaseSecurityGroup", 5432), ("EndpointSecurityGroup", 443)):
        (rule,) = demo.properties(group)["SecurityGroupIngress"]
        assert rule["SourceSecurityGroupId"] == {"Ref": "RotateSecurityGroup"}
        assert (rule["FromPort"], rule["ToPort"]) == (port, port)
    assert not demo.of_type("AWS::EC2::InternetGateway", "AWS::EC2::NatGateway", "AWS::EC2::Route")
    for group in demo.of_type("AWS::EC2::SecurityGroup").values():
        for rule in group["Properties"]["SecurityGroupEgress"]:
            assert rule["CidrIp"] == demo.properties("Vpc")["CidrBlock"]


def test_secrets_manager_alone_may_call_the_rotation_and_for_this_secret_only(demo: Any) -> None:
    permission = demo.properties("RotatePermission")
    assert permission["Principal"] == "secretsmanager.amazonaws.com"
    assert permission["SourceArn"] == {"Ref": "AppLogin"}
    schedule = demo.properties("RotationSchedule")
    assert schedule["SecretId"] == {"Ref": "AppLogin"}
    assert schedule["RotationLambdaARN"] == permission["FunctionName"]


def test_the_code_of_the_rotation_may_not_use_lambdas_permission_for_interfaces(demo: Any) -> None:
    network = demo.properties("RotateRole")["Policies"][0]["PolicyDocument"]["Statement"]
    allowed, denied = network
    assert (denied["Effect"], denied["Action"]) == ("Deny", allowed["Action"])
    assert denied["Condition"] == {"Null": {"lambda:SourceFunctionArn": "false"}}


def test_somebody_is_told_when_a_step_fails(demo: Any) -> None:
    alarm = demo.properties("RotationAlarm")
    assert (alarm["Namespace"], alarm["MetricName"], alarm["Threshold"]) == ("AWS/Lambda", "Errors", 0)
    assert alarm["Dimensions"] == [{"Name": "FunctionName", "Value": {"Ref": "RotateFunction"}}]
    assert "OpsTopicArn" in str(alarm["AlarmActions"])
