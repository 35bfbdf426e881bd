"""Who may use an encrypted thing must be allowed to use its key: the local cloud asks nobody for that.

Sources: "Key management" of the SQS and of the SNS developer guide; "Multipart upload API and permissions"
of the S3 user guide.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from deploy import templates

ROOT = Path(__file__).resolve().parents[3]
READ, WRITE = {"kms:Decrypt"}, {"kms:Decrypt", "kms:GenerateDataKey"}
NEEDED = {
    "dynamodb:GetRecords": READ,
    "s3:AbortMultipartUpload": WRITE,
    "s3:GetObject": READ,
    "s3:PutObject": {"kms:GenerateDataKey"},
    "secretsmanager:GetSecretValue": READ,
    "sns:Publish": WRITE,
    "sqs:ReceiveMessage": READ,
    "sqs:SendMessage": WRITE,
}
# Roles whose only bucket is encrypted by S3's own keys, which ask nobody.
WITHOUT_OUR_KEY = {"services/analytics/template.yml: ApiLogsDeliveryRole"}


def roles() -> Iterator[tuple[str, set[str]]]:
    """Each function's role, and the actions that its own policies allow."""
    for template in templates.discover(ROOT):
        for name, resource in template.resources.items():
            if resource["Type"] != "AWS::IAM::Role":
                continue
            granted: set[str] = set()
            for policy in resource["Properties"].get("Policies", []):
                for statement in policy["PolicyDocument"]["Statement"]:
                    actions = statement["Action"] if statement["Effect"] == "Allow" else []
                    granted |= {actions} if isinstance(actions, str) else set(actions)
            yield f"{template.where}: {name}", granted


def test_who_may_use_an_encrypted_thing_may_use_its_key() -> None:
    missing = [
        f"{role} is granted {action}, but not {', '.join(sorted(lacking))}"
        for role, granted in roles()
        if role not in WITHOUT_OUR_KEY
        for action in sorted(granted & NEEDED.keys())
        if (lacking := NEEDED[action] - granted)
    ]
    assert not missing, "\n".join(missing)


def test_the_roles_were_found() -> None:
    found = dict(roles())
    assert len(found) > 10
    assert found.keys() >= WITHOUT_OUR_KEY
    assert any("sqs:SendMessage" in granted for granted in found.values())
