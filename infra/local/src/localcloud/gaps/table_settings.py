"""A table made by CloudFormation has its time to live, recovery and encryption.

AWS: applies them.
MiniStack: has the APIs (and removes expired items once a minute) but drops these properties of
AWS::DynamoDB::Table.
Bridge: call the APIs once the table is there.
"""

from __future__ import annotations

from ministack.services import dynamodb

from localcloud import provisioning
from localcloud.gaps import Settings

TOUCHES = (
    *provisioning.TOUCHES,
    "ministack.services.dynamodb:_ttl_settings",
    "ministack.services.dynamodb:_update_ttl",
    "ministack.services.dynamodb:_update_continuous_backups",
    "ministack.services.dynamodb:_update_table",
)


def apply(_settings: Settings) -> None:
    """Apply the settings each time a table was made or changed."""
    provisioning.after("AWS::DynamoDB::Table", _apply_settings)


def _apply_settings(table: str, properties: provisioning.Properties) -> None:
    expiry = properties.get("TimeToLiveSpecification")
    if expiry:
        request = {"AttributeName": expiry.get("AttributeName", ""), "Enabled": _true(expiry["Enabled"])}
        provisioning.call(dynamodb._update_ttl, {"TableName": table, "TimeToLiveSpecification": request})
    else:
        dynamodb._ttl_settings.pop(table, None)
    recovery = properties.get("PointInTimeRecoverySpecification", {})
    enabled = {"PointInTimeRecoveryEnabled": _true(recovery.get("PointInTimeRecoveryEnabled", False))}
    provisioning.call(
        dynamodb._update_continuous_backups,
        {"TableName": table, "PointInTimeRecoverySpecification": enabled},
    )
    encryption = properties.get("SSESpecification")
    if encryption:
        # CloudFormation calls the switch SSEEnabled, the API calls it Enabled.
        request = {**encryption, "Enabled": _true(encryption["SSEEnabled"])}
        provisioning.call(dynamodb._update_table, {"TableName": table, "SSESpecification": request})


def _true(value: object) -> bool:
    """A boolean of a template may arrive as a string."""
    return str(value).lower() == "true"
