"""The audit stack as CloudFormation gets it, and what it asks of every other stack."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy import templates

ROOT = Path(__file__).resolve().parents[3]
TRAIL = "arn:aws:cloudtrail:eu-central-1:111122223333:trail/wotr-dev"
OPS = [{"Fn::ImportValue": "wotr-platform-dev-OpsTopicArn"}]
# The trail writes into the one, access logs come into the other; what is written there is their content.
TARGETS = {"TrailBucket", "AccessLogBucket"}


def made(kind: str) -> Iterator[tuple[templates.Template, str, dict[str, Any]]]:
    """Every resource of a type in every stack: template, logical id, resource."""
    for template in templates.discover(ROOT):
        for name, resource in template.resources.items():
            if resource["Type"] == kind:
                yield template, name, resource


def selectors(audit: Any) -> dict[str, dict[str, list[str]]]:
    """Field to values, by the type of resource that a selector is about."""
    found = {}
    for selector in audit.properties("Trail")["AdvancedEventSelectors"]:
        fields = {
            field["Field"]: next(value for test, value in field.items() if test != "Field")
            for field in selector["FieldSelectors"]
        }
        found[fields.get("resources.type", ["management"])[0]] = fields
    return found


def statement(audit: Any, sid: str) -> dict[str, Any]:
    (found,) = (
        each
        for each in audit.properties("TrailBucketPolicy")["PolicyDocument"]["Statement"]
        if each["Sid"] == sid
    )
    return found  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("kind", "of", "prefix"),
    [
        ("AWS::S3::Bucket", "AWS::S3::Object", "arn:aws:s3:::"),
        ("AWS::DynamoDB::Table", "AWS::DynamoDB::Table", "arn:aws:dynamodb:eu-central-1:111122223333:table/"),
    ],
)
def test_every_bucket_and_table_of_the_stage_has_its_data_events_recorded(
    render: Any, kind: str, of: str, prefix: str
) -> None:
    recorded = selectors(render("audit"))[of]["resources.ARN"]
    stacks = {
        template.stack
        for template, name, _ in made(kind)
        if name not in TARGETS and template.stack != "bootstrap"
    }
    assert stacks
    assert {f"{prefix}wotr-{stack}-dev-" for stack in stacks} <= set(recorded)


def test_all_that_manages_anything_is_recorded_whatever_data_events_cost(render: Any) -> None:
    for choice in ("all", "writes", "none"):
        found = selectors(render("audit", DataEvents=choice))
        assert found["management"] == {"eventCategory": ["Management"]}
        assert len(found) == (1 if choice == "none" else 3)
    assert selectors(render("audit", DataEvents="writes"))["AWS::S3::Object"]["readOnly"] == ["false"]
    assert "readOnly" not in selectors(render("audit"))["AWS::S3::Object"]


def test_the_trail_is_encrypted_validated_everywhere_and_on(render: Any) -> None:
    trail = render("audit").properties("Trail")
    assert (trail["IsLogging"], trail["EnableLogFileValidation"], trail["IncludeGlobalServiceEvents"]) == (
        True,
        True,
        True,
    )
    assert trail["IsMultiRegionTrail"] == "true"
    assert render("audit", MultiRegion="false").properties("Trail")["IsMultiRegionTrail"] == "false"
    assert trail["KMSKeyId"] == {"Fn::ImportValue": "wotr-platform-dev-KeyArn"}
    assert TRAIL.endswith(f"/{trail['TrailName']}")


def test_the_key_serves_this_trail_and_no_other(render: Any) -> None:
    (found,) = (
        each
        for each in render("platform").properties("Key")["KeyPolicy"]["Statement"]
        if each["Principal"].get("Service") == "cloudtrail.amazonaws.com"
    )
    assert found["Condition"] == {"StringEquals": {"aws:SourceArn": TRAIL}}
    assert {"kms:GenerateDataKey", "kms:Decrypt", "kms:DescribeKey"} <= set(found["Action"])


def test_files_are_locked_for_as_long_and_as_hard_as_wished(render: Any) -> None:
    bucket = render("audit").resources["TrailBucket"]
    assert (bucket["DeletionPolicy"], bucket["UpdateReplacePolicy"]) == ("Retain", "Retain")
    properties = bucket["Properties"]
    assert properties["ObjectLockEnabled"] is True
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    retention = properties["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]
    assert retention == {"Mode": "GOVERNANCE", "Days": 365}
    (rule,) = properties["LifecycleConfiguration"]["Rules"]
    assert rule["ExpirationInDays"] > retention["Days"]
    hard = render("audit", RetentionMode="COMPLIANCE", RetentionDays="30").properties("TrailBucket")
    assert hard["ObjectLockConfiguration"]["Rule"]["DefaultRetention"] == {"Mode": "COMPLIANCE", "Days": "30"}


def test_only_the_trail_writes_and_nobody_deletes(render: Any) -> None:
    audit = render("audit")
    delivers, others = statement(audit, "TrailDelivers"), statement(audit, "NobodyElseWrites")
    assert delivers["Condition"]["StringEquals"] == {
        "s3:x-amz-acl": "bucket-owner-full-control",
        "aws:SourceArn": TRAIL,
    }
    assert delivers["Resource"].endswith("/AWSLogs/111122223333/*")
    assert (others["Effect"], others["Principal"], others["Action"]) == ("Deny", "*", "s3:PutObject")
    assert others["Condition"] == {
        "StringNotEquals": {"aws:PrincipalServiceName": "cloudtrail.amazonaws.com"}
    }
    kept = statement(audit, "NobodyDeletesOrUnlocks")
    assert (kept["Effect"], kept["Principal"], "Condition" in kept) == ("Deny", "*", False)
    assert {"s3:DeleteObject", "s3:DeleteObjectVersion", "s3:BypassGovernanceRetention"} <= set(
        kept["Action"]
    )


def test_each_filter_has_an_alarm_that_tells_somebody(render: Any) -> None:
    audit = render("audit")
    alarms = {
        found["Properties"]["MetricName"]: found["Properties"]
        for found in audit.of_type("AWS::CloudWatch::Alarm").values()
    }
    filters = audit.of_type("AWS::Logs::MetricFilter")
    assert len(filters) == len(alarms) == 6
    for found in filters.values():
        assert found["Properties"]["LogGroupName"] == {"Ref": "TrailLogGroup"}
        (transformation,) = found["Properties"]["MetricTransformations"]
        alarm = alarms[transformation["MetricName"]]
        assert (alarm["AlarmActions"], alarm["Namespace"]) == (OPS, transformation["MetricNamespace"])
        assert (alarm["Statistic"], alarm["Period"], alarm["TreatMissingData"]) == ("Sum", 60, "notBreaching")
    assert alarms["UnauthorizedCalls"]["Threshold"] == 0
    quiet = render("audit", UnauthorizedCallsPerMinute="20").properties("UnauthorizedCallsAlarm")
    assert quiet["Threshold"] == "20"


def test_the_rules_of_aws_config_are_a_choice(render: Any) -> None:
    assert not render("audit").of_type("AWS::Config::ConfigRule")
    rules = render("audit", PublicBucketRules="enabled").of_type("AWS::Config::ConfigRule").values()
    assert {rule["Properties"]["Source"]["SourceIdentifier"] for rule in rules} == {
        "S3_BUCKET_PUBLIC_READ_PROHIBITED",
        "S3_BUCKET_PUBLIC_WRITE_PROHIBITED",
        "S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED",
    }


def test_every_bucket_logs_its_access_or_says_why_not() -> None:
    prefixes: dict[str, str] = {}
    for template, name, resource in made("AWS::S3::Bucket"):
        where = f"{template.where}: {name}"
        logging = resource["Properties"].get("LoggingConfiguration")
        if logging is None:
            skipped = resource.get("Metadata", {}).get("checkov", {}).get("skip", [])
            assert any(entry["id"] == "CKV_AWS_18" and entry["comment"] for entry in skipped), where
            continue
        target = logging["DestinationBucketName"]
        assert target == {"Fn::ImportValue": {"Fn::Sub": "wotr-platform-${Stage}-AccessLogBucketName"}}, where
        prefix = logging["LogFilePrefix"]
        assert prefix.endswith("/"), where
        assert prefixes.setdefault(prefix, where) == where, (
            f"{where} logs under the prefix of {prefixes[prefix]}"
        )
    assert len(prefixes) > 3


def test_every_bucket_blocks_public_access() -> None:
    switches = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    found = list(made("AWS::S3::Bucket"))
    assert len(found) > 5
    for template, name, resource in found:
        block = resource["Properties"].get("PublicAccessBlockConfiguration", {})
        assert all(block.get(switch) is True for switch in switches), f"{template.where}: {name}"
