"""Gap: a table made by CloudFormation has its time to live, recovery and encryption."""

from __future__ import annotations

from typing import Any

from stack import Client, Deploy, deploy


def resources(**settings: Any) -> dict[str, Any]:
    return {
        "Key": {"Type": "AWS::KMS::Key", "Properties": {"EnableKeyRotation": True}},
        "Table": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            }
            | settings,
        },
    }


def settings_of(client: Client, table: str) -> tuple[Any, str, Any]:
    dynamodb = client("dynamodb")
    expiry = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    backups = dynamodb.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    recovery = backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"]
    encryption = dynamodb.describe_table(TableName=table)["Table"].get("SSEDescription") or {}
    return expiry, recovery, encryption


def test_settings_of_the_template_are_the_tables(stack: Deploy, client: Client) -> None:
    made = stack(
        resources(
            TimeToLiveSpecification={"AttributeName": "expiresAt", "Enabled": True},
            PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": "true"},
            SSESpecification={
                "SSEEnabled": True,
                "SSEType": "KMS",
                "KMSMasterKeyId": {"Fn::GetAtt": ["Key", "Arn"]},
            },
        )
    )
    expiry, recovery, encryption = settings_of(client, made.ids["Table"])
    assert expiry == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expiresAt"}
    assert recovery == "ENABLED"
    assert encryption["SSEType"] == "KMS"
    assert encryption["KMSMasterKeyArn"].endswith(made.ids["Key"])

    deploy(client, {"Resources": resources()}, name=made.name)
    expiry, recovery, _ = settings_of(client, made.ids["Table"])
    assert (expiry["TimeToLiveStatus"], recovery) == ("DISABLED", "DISABLED")
