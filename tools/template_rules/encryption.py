"""Data is encrypted where it lies, with a key that we control, and reached over TLS only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cfnlint.template import Template

from tools.template_rules import _house

# where each type names its key
KEYS = {
    "AWS::DynamoDB::Table": ("SSESpecification", "KMSMasterKeyId"),
    "AWS::S3::Bucket": ("BucketEncryption", "ServerSideEncryptionConfiguration"),
    "AWS::SQS::Queue": ("KmsMasterKeyId",),
    "AWS::SNS::Topic": ("KmsMasterKeyId",),
    "AWS::Logs::LogGroup": ("KmsKeyId",),
    "AWS::SecretsManager::Secret": ("KmsKeyId",),
    "AWS::Kinesis::Stream": ("StreamEncryption", "KeyId"),
    "AWS::KinesisFirehose::DeliveryStream": ("DeliveryStreamEncryptionConfigurationInput", "KeyARN"),
}
# the policy of each type, and the property that names what it protects
POLICIES = {
    "AWS::S3::Bucket": ("AWS::S3::BucketPolicy", "Bucket"),
    "AWS::SQS::Queue": ("AWS::SQS::QueuePolicy", "Queues"),
    "AWS::SNS::Topic": ("AWS::SNS::TopicPolicy", "Topics"),
}


class Encrypted(_house.HouseRule):
    """The service's default keys cannot be revoked, rotated or audited by us."""

    id = "E9007"
    shortdesc = "Tables, buckets, queues, topics, log groups and secrets name their encryption"
    description = "Each names its KMS key; a bucket may choose AES256, which log delivery needs"

    def breaches(self, cfn: Template) -> Iterator[_house.Breach]:
        for kind, way in KEYS.items():
            for name, properties in _house.resources(cfn, kind).items():
                if not list(_house.alternatives(_house.dig(properties, *way))):
                    yield ["Resources", name], f"{name} ({kind}) needs {'.'.join(way)}"


class TlsOnly(_house.HouseRule):
    """Plain HTTP would carry data in the clear and signed requests to be replayed."""

    id = "E9008"
    shortdesc = "Buckets, queues and topics refuse plain HTTP"
    description = "A policy of the template denies everybody when aws:SecureTransport is false"

    def breaches(self, cfn: Template) -> Iterator[_house.Breach]:
        for kind, (policy, subject) in POLICIES.items():
            held = {
                _house.logical_id(value)
                for properties in _house.resources(cfn, policy).values()
                if any(_denies_plain_http(statement) for _, statement in _house.statements(properties, []))
                for value in _house.listed(properties.get(subject, []))
            }
            for name in _house.resources(cfn, kind).keys() - held:
                yield (
                    ["Resources", name],
                    (f"{name} needs an {policy} that denies Principal * when aws:SecureTransport is false"),
                )


def _denies_plain_http(statement: dict[str, Any]) -> bool:
    value = _house.dig(statement, "Condition", "Bool", "aws:SecureTransport")
    everybody = statement.get("Principal") in ("*", {"AWS": "*"})
    return statement.get("Effect") == "Deny" and everybody and str(value).lower() == "false"
