"""What every other stack relies on: key, boundary, access logs, configuration, budget."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase
from typing import Any

import pytest

ACCOUNT = "111122223333"
HERE = f"eu-central-1:{ACCOUNT}"
KEY = {"Fn::GetAtt": ["Key", "Arn"]}
PRIVATE = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def key_statements(render: Any, service: str) -> list[dict[str, Any]]:
    statements = render("platform").properties("Key")["KeyPolicy"]["Statement"]
    return [found for found in statements if found["Principal"].get("Service") == service]


def reach(render: Any, stage: str = "dev") -> list[tuple[str, str]]:
    """(action, resource pattern) of everything that the boundary allows."""
    document = render("platform", stage).properties("PermissionsBoundary")["PolicyDocument"]
    return [
        (action, json.dumps(resource) if isinstance(resource, dict) else resource)
        for statement in document["Statement"]
        if statement["Effect"] == "Allow"
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    ]


# Encryption


def test_the_key_rotates_outlives_its_stack_and_has_the_stages_alias(render: Any) -> None:
    platform = render("platform", "prod")
    key = platform.resources["Key"]
    assert (key["DeletionPolicy"], key["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert key["Properties"]["EnableKeyRotation"] is True
    assert platform.properties("KeyAlias") == {"AliasName": "alias/wotr-prod", "TargetKeyId": {"Ref": "Key"}}


def test_the_key_of_notes_rotates_and_serves_nobody_without_a_user_and_the_purpose(render: Any) -> None:
    platform = render("platform", "prod")
    key = platform.resources["NotesKey"]
    assert (key["DeletionPolicy"], key["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert key["Properties"]["EnableKeyRotation"] is True
    administration, use = key["Properties"]["KeyPolicy"]["Statement"]
    assert not {"kms:Decrypt", "kms:GenerateDataKey", "kms:CreateGrant"} & set(administration["Action"])
    assert use["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    assert use["Condition"] == {
        "StringEquals": {"kms:EncryptionContext:purpose": "notes"},
        "StringLike": {"kms:EncryptionContext:user": "?*"},
    }
    for statement in (administration, use):
        assert statement["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}


def test_the_alias_of_notes_moves_by_a_parameter_and_the_first_key_keeps_one(render: Any) -> None:
    platform = render("platform", "prod")
    alias = {"AliasName": "alias/wotr-prod-notes", "TargetKeyId": {"Ref": "NotesKey"}}
    assert platform.properties("NotesKeyAlias") == alias
    other = f"arn:aws:kms:{HERE}:key/11111111-2222-3333-4444-555555555555"
    moved = render("platform", "prod", NotesKeyArn=other).properties("NotesKeyAlias")
    assert moved == {**alias, "TargetKeyId": other}
    first = platform.properties("FirstNotesKeyAlias")
    # Roles find their keys by aliases that begin so: without this one the first key would be out of reach.
    assert first == {"AliasName": "alias/wotr-prod-notes-1", "TargetKeyId": {"Ref": "NotesKey"}}


def test_no_service_may_use_the_key_for_another_account(render: Any) -> None:
    statements = render("platform").properties("Key")["KeyPolicy"]["Statement"]
    services = [found for found in statements if "Service" in found["Principal"]]
    assert services
    for statement in services:
        conditions = [value for test in statement["Condition"].values() for value in test.values()]
        assert any(value == ACCOUNT or f":{ACCOUNT}:" in value for value in conditions), statement["Sid"]


def test_everybody_else_needs_an_iam_policy_of_this_account(render: Any) -> None:
    statements = render("platform").properties("Key")["KeyPolicy"]["Statement"]
    principals = {found["Principal"]["AWS"] for found in statements if "AWS" in found["Principal"]}
    assert principals == {f"arn:aws:iam::{ACCOUNT}:root"}
    assert not any("*" in action for found in statements for action in listed(found["Action"]))


@pytest.mark.parametrize(
    ("group", "allowed"),
    [
        (f"arn:aws:logs:{HERE}:log-group:wotr-api-dev-AcceptLogGroup-x1", True),
        (f"arn:aws:logs:{HERE}:log-group:/aws/vendedlogs/wotr-workers-dev-Flow-x1", True),
        (f"arn:aws:logs:{HERE}:log-group:wotr-api-prod-AcceptLogGroup-x1", False),
        ("arn:aws:logs:eu-central-1:999999999999:log-group:wotr-api-dev-AcceptLogGroup-x1", False),
    ],
)
def test_the_key_serves_the_log_groups_of_its_stage_only(render: Any, group: str, allowed: bool) -> None:
    (statement,) = key_statements(render, "logs.eu-central-1.amazonaws.com")
    pattern = statement["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]
    assert fnmatchcase(group, pattern) is allowed


def test_log_groups_may_make_either_kind_of_data_key(render: Any) -> None:
    (statement,) = key_statements(render, "logs.eu-central-1.amazonaws.com")
    assert {"kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext"} <= set(statement["Action"])


@pytest.mark.parametrize("service", ["cloudwatch", "sns", "events"])
def test_what_delivers_to_encrypted_topics_and_queues_may_use_the_key(render: Any, service: str) -> None:
    granted = [set(found["Action"]) for found in key_statements(render, f"{service}.amazonaws.com")]
    assert any({"kms:Decrypt", "kms:GenerateDataKey"} <= actions for actions in granted)


# Events and operations


def test_every_event_is_archived_under_the_key(render: Any) -> None:
    platform = render("platform", ArchiveRetentionDays="7")
    archive = platform.properties("EventArchive")
    assert platform.properties("EventBus")["Name"] == "wotr-dev"
    assert archive["SourceArn"] == {"Fn::GetAtt": ["EventBus", "Arn"]}
    assert archive["KmsKeyIdentifier"] == KEY
    assert archive["RetentionDays"] == "7"
    assert "EventPattern" not in archive


def test_the_ops_topic_is_encrypted_and_takes_alarms_of_this_account_over_tls(render: Any) -> None:
    platform = render("platform")
    assert platform.properties("OpsTopic")["KmsMasterKeyId"] == KEY
    alarms, tls = platform.properties("OpsTopicPolicy")["PolicyDocument"]["Statement"]
    assert (alarms["Effect"], alarms["Principal"]) == ("Allow", {"Service": "cloudwatch.amazonaws.com"})
    assert alarms["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    assert (tls["Effect"], tls["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


def test_without_an_address_nobody_is_mailed(render: Any) -> None:
    assert not render("platform").of_type("AWS::SNS::Subscription", "AWS::Budgets::Budget")


def test_with_an_address_alarms_and_the_budget_go_there(render: Any) -> None:
    platform = render("platform", OpsEmail="ops@example.com", MonthlyBudgetUsd="25")
    assert platform.properties("OpsEmailSubscription")["Endpoint"] == "ops@example.com"
    budget = platform.properties("MonthlyBudget")
    assert budget["Budget"]["BudgetLimit"] == {"Amount": "25", "Unit": "USD"}
    warnings = budget["NotificationsWithSubscribers"]
    assert {found["Notification"]["NotificationType"] for found in warnings} == {"ACTUAL", "FORECASTED"}
    assert all(found["Subscribers"][0]["Address"] == "ops@example.com" for found in warnings)


# Access logs


def test_the_access_log_bucket_keeps_logs_private_versioned_and_for_90_days(render: Any) -> None:
    bucket = render("platform").resources["AccessLogBucket"]
    properties = bucket["Properties"]
    assert (bucket["DeletionPolicy"], bucket["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert properties["PublicAccessBlockConfiguration"] == dict.fromkeys(PRIVATE, True)
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    (encryption,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encryption == {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    (rule,) = properties["LifecycleConfiguration"]["Rules"]
    assert (rule["Status"], rule["ExpirationInDays"]) == ("Enabled", 90)
    assert not {"Prefix", "TagFilters"} & rule.keys()


@pytest.mark.parametrize(
    ("bucket", "allowed"), [("wotr-data-dev-uploadsbucket-x", True), ("somebody-elses", False)]
)
def test_only_log_delivery_for_our_buckets_may_write_there(render: Any, bucket: str, allowed: bool) -> None:
    statements = render("platform").properties("AccessLogBucketPolicy")["PolicyDocument"]["Statement"]
    (delivery,) = [found for found in statements if found["Effect"] == "Allow"]
    assert delivery["Principal"] == {"Service": "logging.s3.amazonaws.com"}
    assert delivery["Condition"]["StringEquals"] == {"aws:SourceAccount": ACCOUNT}
    assert fnmatchcase(f"arn:aws:s3:::{bucket}", delivery["Condition"]["ArnLike"]["aws:SourceArn"]) is allowed
    (tls,) = [found for found in statements if found["Effect"] == "Deny"]
    assert tls["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


# Permissions


@pytest.mark.parametrize(
    ("action", "resource", "within"),
    [
        ("dynamodb:PutItem", f"arn:aws:dynamodb:{HERE}:table/wotr-data-dev-Workouts-x", True),
        ("dynamodb:Query", f"arn:aws:dynamodb:{HERE}:table/wotr-data-dev-Workouts-x/index/GSI1", True),
        ("dynamodb:PutItem", f"arn:aws:dynamodb:{HERE}:table/wotr-data-prod-Workouts-x", False),
        ("dynamodb:PutItem", f"arn:aws:dynamodb:{HERE}:table/payroll", False),
        ("s3:GetObject", "arn:aws:s3:::wotr-data-dev-uploadsbucket-x/uploads/u/i.csv", True),
        ("s3:GetObject", "arn:aws:s3:::somebody-elses/key", False),
        ("sqs:SendMessage", f"arn:aws:sqs:{HERE}:wotr-workers-dev-WorkoutQueue-x", True),
        ("sqs:SendMessage", "arn:aws:sqs:eu-central-1:999999999999:wotr-workers-dev-WorkoutQueue-x", False),
        ("ssm:GetParametersByPath", f"arn:aws:ssm:{HERE}:parameter/wotr/dev/workouts", True),
        ("ssm:GetParametersByPath", f"arn:aws:ssm:{HERE}:parameter/wotr/prod/workouts", False),
        ("ssm:PutParameter", f"arn:aws:ssm:{HERE}:parameter/wotr/dev/workouts", False),
        ("logs:PutLogEvents", f"arn:aws:logs:{HERE}:log-group:wotr-api-dev-Log-x:log-stream:s", True),
        ("execute-api:Invoke", f"arn:aws:execute-api:{HERE}:a1b2c3/v1/GET/workouts", True),
        ("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/wotr-workers-dev-BulkImportTaskRole-x", True),
        ("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/wotr-workers-dev-ImportCsvRole-x", False),
        ("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/wotr-api-dev-Role-x", False),
    ],
)
def test_the_boundary_reaches_this_stages_resources_only(
    render: Any, action: str, resource: str, within: bool
) -> None:
    patterns = [pattern for allowed, pattern in reach(render) if allowed == action]
    assert any(fnmatchcase(resource, pattern) for pattern in patterns) is within


def test_the_boundary_reaches_everything_for_what_knows_no_resources_only(render: Any) -> None:
    everywhere = {action for action, resource in reach(render) if resource == "*"}
    traces = {"GetSamplingRules", "GetSamplingTargets", "PutTelemetryRecords", "PutTraceSegments"}
    deliveries = {"CreateLogDelivery", "DeleteLogDelivery", "GetLogDelivery", "UpdateLogDelivery"}
    interfaces = {
        "AssignPrivateIpAddresses",
        "CreateNetworkInterface",
        "DeleteNetworkInterface",
        "DescribeNetworkInterfaces",
        "DescribeSubnets",
        "UnassignPrivateIpAddresses",
    }
    assert everywhere == {
        "cloudwatch:DescribeAlarms",
        "cloudwatch:GetMetricData",
        "cloudwatch:PutMetricData",
        *(f"ec2:{each}" for each in interfaces),
        "ecr:GetAuthorizationToken",
        "logs:ListLogDeliveries",
        *(f"xray:{each}" for each in traces),
        *(f"logs:{each}" for each in deliveries),
    }
    assert not any("*" in action for action, _ in reach(render))


def denials(render: Any) -> list[dict[str, Any]]:
    statements = render("platform").properties("PermissionsBoundary")["PolicyDocument"]["Statement"]
    return [found for found in statements if found["Effect"] == "Deny"]


@pytest.mark.parametrize(
    "action", ["organizations:LeaveOrganization", "sts:AssumeRole", "kms:DisableKey", "s3:PutBucketPolicy"]
)
def test_the_boundary_denies_protection_outright(render: Any, action: str) -> None:
    (denial,) = [found for found in denials(render) if "Condition" not in found]
    assert denial["Resource"] == "*"
    assert any(fnmatchcase(action, pattern) for pattern in denial["Action"])


def test_the_boundary_denies_all_of_identity_but_that_a_task_is_given_its_roles(render: Any) -> None:
    (denial,) = [found for found in denials(render) if "Condition" in found]
    # A request without the key is denied as well: a negated operator is true of what is not there.
    assert denial["Condition"] == {"StringNotEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
    assert (denial["Action"], denial["Resource"]) == ("iam:*", "*")
    statements = render("platform").properties("PermissionsBoundary")["PolicyDocument"]["Statement"]
    (grant,) = [found for found in statements if "iam:" in str(found["Action"]) and found != denial]
    assert grant["Action"] == "iam:PassRole"
    assert grant["Condition"] == {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}


def test_the_boundary_fits_into_a_managed_policy(render: Any) -> None:
    document = json.dumps(render("platform", "prod").properties("PermissionsBoundary")["PolicyDocument"])
    # IAM does not count white space; two references stand for ARNs that only a deployment knows.
    assert len(re.sub(r"\s", "", document)) + 2 * 80 < 6144


def test_the_tracing_policy_sends_traces_and_nothing_else(render: Any) -> None:
    (statement,) = render("platform").properties("TracingPolicy")["PolicyDocument"]["Statement"]
    assert set(statement["Action"]) == {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}


# Configuration


def test_configuration_lies_under_the_stages_path_and_fits_its_patterns(render: Any) -> None:
    found = render("platform", "prod").of_type("AWS::SSM::Parameter").values()
    values = {parameter["Properties"]["Name"]: parameter["Properties"] for parameter in found}
    names = ("supported-types", "duration-min", "duration-max", "shards")
    assert values.keys() == {f"/wotr/prod/workouts/{name}" for name in names}
    for name, properties in values.items():
        assert re.search(properties["AllowedPattern"], str(properties["Value"])), name


def test_a_list_of_types_is_lower_case_and_other_spellings_are_refused(render: Any) -> None:
    parameter = render("platform").properties("SupportedTypesParameter")
    assert parameter["Type"] == "StringList"
    assert {"run", "ride", "strength", "workout", "other"} <= set(parameter["Value"].split(","))
    for wrong in ("Run", "run,,ride", "run, ride", ""):
        assert not re.search(parameter["AllowedPattern"], wrong)
