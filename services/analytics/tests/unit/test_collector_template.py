"""What the template promises of the collector on AWS, whatever the emulator makes of it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from deploy import templates

ROOT = Path(__file__).resolve().parents[4]
TEMPLATE = templates.load(ROOT / "services" / "analytics" / "template.yml", ROOT)
DAY_S = 24 * 60 * 60
OPS_TOPIC = [{"Fn::ImportValue": {"Fn::Sub": "wotr-platform-${Stage}-OpsTopicArn"}}]
SIX = ("ApiEndpoint", "LambdaFunctionName", "LambdaFunctionArn", "DynamoDBTableName", "S3BucketName")


def properties(name: str) -> dict[str, Any]:
    found: dict[str, Any] = TEMPLATE.resources[name]["Properties"]
    return found


def statements(name: str) -> dict[str, dict[str, Any]]:
    """Statements of a policy, or of a role's own policies, by Sid."""
    said = properties(name)
    documents = [said["PolicyDocument"]] if "PolicyDocument" in said else []
    documents += [policy["PolicyDocument"] for policy in said.get("Policies", [])]
    return {statement["Sid"]: statement for document in documents for statement in document["Statement"]}


def test_any_method_and_path_reaches_the_function_and_no_other_api_does() -> None:
    assert properties("CollectorRoute")["RouteKey"] == "$default"
    assert properties("CollectorRoute")["Target"] == {"Fn::Sub": "integrations/${CollectorIntegration}"}
    assert properties("CollectorIntegration")["IntegrationUri"] == {"Ref": "CollectFunction.Alias"}
    assert properties("CollectorMayInvoke")["SourceArn"]["Fn::Sub"].endswith(":${CollectorApi}/*/$default")
    stage = properties("CollectorStage")
    assert (stage["StageName"], stage["AutoDeploy"]) == ("$default", True)
    assert stage["DefaultRouteSettings"].keys() == {"ThrottlingRateLimit", "ThrottlingBurstLimit"}


def test_api_gateway_waits_longer_than_the_function_may_take() -> None:
    timeout_ms = properties("CollectFunction")["Timeout"] * 1000
    assert timeout_ms < properties("CollectorIntegration")["TimeoutInMillis"] <= 30_000


def test_an_access_log_line_is_json_without_query_or_credentials() -> None:
    line = properties("CollectorStage")["AccessLogSettings"]["Format"]
    read = json.loads(re.sub(r"\$context\.[\w.]+", "201", line))
    assert {"requestId", "time", "ip", "method", "route", "status"} <= read.keys()
    assert read["status"] == 201  # a number, for the filter of 429
    assert not re.search(r"query|authorizer|header", line, re.IGNORECASE)


def test_the_function_may_add_requests_and_read_none() -> None:
    allowed = statements("CollectRole")
    tables = {sid: each["Action"] for sid, each in allowed.items() if "dynamodb" in str(each["Action"])}
    assert tables == {"RecordRequests": "dynamodb:PutItem"}
    assert allowed["RecordRequests"]["Resource"] == {"Fn::GetAtt": ["RequestsTable", "Arn"]}


def test_a_run_comes_every_24_hours_and_says_when_it_was_due() -> None:
    run = properties("DailyRun")
    assert run["ScheduleExpression"] == "rate(24 hours)"
    assert run["Target"]["Arn"] == {"Fn::GetAtt": ["ScheduledRunQueue", "Arn"]}
    assert json.loads(run["Target"]["Input"]) == {"scheduledAt": "<aws.scheduler.scheduled-time>"}
    (source,) = properties("CollectFunction")["Events"].values()
    assert source["Properties"]["Queue"] == {"Fn::GetAtt": ["ScheduledRunQueue", "Arn"]}
    assert source["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_a_run_that_fails_is_kept_for_14_days() -> None:
    dead_letters = {"Fn::GetAtt": ["RequestDeadLetterQueue", "Arn"]}
    assert properties("RequestDeadLetterQueue")["MessageRetentionPeriod"] == 14 * DAY_S
    queue = properties("ScheduledRunQueue")
    assert queue["RedrivePolicy"] == {"deadLetterTargetArn": dead_letters, "maxReceiveCount": 5}
    assert queue["VisibilityTimeout"] >= 6 * properties("CollectFunction")["Timeout"]
    assert properties("DailyRun")["Target"]["DeadLetterConfig"] == {"Arn": dead_letters}
    assert dead_letters in statements("DailyRunRole")["SendRuns"]["Resource"]


def test_requests_expire() -> None:
    assert properties("RequestsTable")["TimeToLiveSpecification"] == {
        "AttributeName": "expiresAt",
        "Enabled": True,
    }
    assert TEMPLATE.parameters["RequestRetentionDays"]["Default"] == 30


def test_the_bucket_of_access_logs_is_versioned_private_encrypted_and_forgets_after_90_days() -> None:
    bucket = properties("ApiLogsBucket")
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    expiring = [each for each in bucket["LifecycleConfiguration"]["Rules"] if "ExpirationInDays" in each]
    assert [(each["ExpirationInDays"], each["Status"]) for each in expiring] == [(90, "Enabled")]
    assert "Prefix" not in expiring[0]


def test_only_our_own_log_groups_are_delivered_to_it_and_over_tls() -> None:
    policy = statements("ApiLogsBucketPolicy")
    for sid in ("LogDelivery", "LogDeliveryAsksWhoseBucket"):
        assert policy[sid]["Principal"] == {"Service": {"Fn::Sub": "logs.${AWS::Region}.amazonaws.com"}}
        condition = policy[sid]["Condition"]
        assert condition["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
        source = condition["ArnLike"]["aws:SourceArn"]["Fn::Sub"]
        assert source.endswith(":log-group:/aws/vendedlogs/${AWS::StackName}-*")
    assert policy["LogDelivery"]["Action"] == "s3:PutObject"
    assert policy["TlsOnly"]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_access_logs_go_on_from_their_group_to_the_bucket() -> None:
    group = {"Ref": "CollectorAccessLogGroup"}
    subscription = properties("ApiLogsSubscription")
    assert (subscription["LogGroupName"], subscription["FilterPattern"]) == (group, "")
    assert subscription["DestinationArn"] == {"Fn::GetAtt": ["ApiLogsStream", "Arn"]}
    destination = properties("ApiLogsStream")["ExtendedS3DestinationConfiguration"]
    assert destination["BucketARN"] == {"Fn::GetAtt": ["ApiLogsBucket", "Arn"]}
    assert [each["Type"] for each in destination["ProcessingConfiguration"]["Processors"]] == [
        "Decompression",
        "CloudWatchLogProcessing",
        "AppendDelimiterToRecord",
    ]
    assert destination["ErrorOutputPrefix"].startswith("failed/")


def test_who_passes_access_logs_on_may_do_just_that() -> None:
    (send,) = statements("ApiLogsSubscriptionRole").values()
    assert send["Action"] == ["firehose:PutRecord", "firehose:PutRecordBatch"]
    assert send["Resource"] == {"Fn::GetAtt": ["ApiLogsStream", "Arn"]}
    assert properties("ApiLogsSubscription")["RoleArn"] == {"Fn::GetAtt": ["ApiLogsSubscriptionRole", "Arn"]}
    write = statements("ApiLogsDeliveryRole")
    assert "s3:PutObject" in write["WriteObjects"]["Action"]
    assert write["WriteObjects"]["Resource"] == {"Fn::Sub": "${ApiLogsBucket.Arn}/*"}
    destination = properties("ApiLogsStream")["ExtendedS3DestinationConfiguration"]
    assert destination["RoleARN"] == {"Fn::GetAtt": ["ApiLogsDeliveryRole", "Arn"]}


@pytest.mark.parametrize(
    ("alarm", "metric", "dimension"),
    [
        ("CollectorServerErrorAlarm", ("AWS/ApiGateway", "5xx"), {"Ref": "CollectorApi"}),
        ("CollectThrottleAlarm", ("AWS/Lambda", "Throttles"), {"Ref": "CollectFunction"}),
        (
            "RequestDeadLetterAlarm",
            ("AWS/SQS", "ApproximateNumberOfMessagesVisible"),
            {"Fn::GetAtt": ["RequestDeadLetterQueue", "QueueName"]},
        ),
        ("ApiLogsLateAlarm", ("AWS/Firehose", "DeliveryToS3.DataFreshness"), {"Ref": "ApiLogsStream"}),
        ("ApiLogsRefusedAlarm", ("AWS/Logs", "DeliveryErrors"), {"Ref": "CollectorAccessLogGroup"}),
        ("CollectorThrottledAlarm", ({"Fn::Sub": "wotr/${Stage}"}, "CollectorThrottled"), None),
    ],
)
def test_somebody_is_told(alarm: str, metric: tuple[Any, str], dimension: Any) -> None:
    said = properties(alarm)
    assert (said["Namespace"], said["MetricName"]) == metric
    assert said["AlarmActions"] == OPS_TOPIC
    if dimension is not None:
        assert said["Dimensions"][0]["Value"] == dimension


def test_refused_callers_are_counted_from_the_access_log() -> None:
    counted = properties("CollectorThrottledMetric")
    assert counted["LogGroupName"] == {"Ref": "CollectorAccessLogGroup"}
    assert counted["FilterPattern"] == "{ $.status = 429 }"
    assert counted["MetricTransformations"][0]["MetricName"] == "CollectorThrottled"


@pytest.mark.parametrize("output", [*SIX, "DeadLetterQueueUrl"])
def test_an_output_is_exported_under_its_name(output: str) -> None:
    export = TEMPLATE.body["Outputs"][output]["Export"]["Name"]
    assert export == {"Fn::Sub": f"${{AWS::StackName}}-{output}"}
