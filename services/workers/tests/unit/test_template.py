"""What the template promises on AWS, whatever the emulator makes of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from deploy import templates
from wotr_common.traffic import SANDBOX_USER

ROOT = Path(__file__).resolve().parents[4]
TEMPLATE = templates.load(ROOT / "services" / "workers" / "template.yml", ROOT)
READ_STREAM = {
    f"dynamodb:{each}" for each in ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")
}
FOURTEEN_DAYS = 14 * 24 * 60 * 60
LAST_QUEUES = (
    "WorkoutDeadLetterQueue",
    "ImportDeadLetterQueue",
    "PublishFailuresQueue",
    "RecordsFailuresQueue",
    "PrLogDeadLetterQueue",
    "EnrolmentDeadLetterQueue",
    "SessionEventDeadLetterQueue",
    "SessionWorkflowDeadLetterQueue",
)


def of_type(kind: str) -> dict[str, dict[str, Any]]:
    return {name: body["Properties"] for name, body in TEMPLATE.resources.items() if body["Type"] == kind}


def allowed(role: str, service: str) -> set[str]:
    """The actions of one service that a role's own policies allow."""
    policies = of_type("AWS::IAM::Role")[role]["Policies"]
    actions: set[str] = set()
    for statement in (each for policy in policies for each in policy["PolicyDocument"]["Statement"]):
        assert statement["Effect"] == "Allow"
        action = statement["Action"]
        actions |= {action} if isinstance(action, str) else set(action)
    return {action for action in actions if action.startswith(f"{service}:")}


def alarms_on(dimension: dict[str, Any]) -> list[dict[str, Any]]:
    """The alarms on one metric with this dimension."""
    return [
        each for each in of_type("AWS::CloudWatch::Alarm").values() if dimension in each.get("Dimensions", [])
    ]


def event(function: str) -> dict[str, Any]:
    (source,) = of_type("AWS::Serverless::Function")[function]["Events"].values()
    found: dict[str, Any] = source["Properties"]
    return found


@pytest.mark.parametrize(
    ("role", "service", "actions"),
    [
        ("WriteRole", "dynamodb", {"dynamodb:PutItem"}),
        ("WriteRole", "s3", set()),
        (
            "ImportCsvRole",
            "dynamodb",
            {f"dynamodb:{each}Item" for each in ("Get", "BatchGet", "Put", "Update", "Delete", "BatchWrite")}
            | {"dynamodb:Query"},
        ),
        ("ImportCsvRole", "s3", {"s3:GetObject", "s3:ListBucket"}),
        ("ImportCsvRole", "sns", {"sns:Publish"}),
        ("WriteRole", "sns", set()),
        ("PublishRole", "sns", set()),
        ("PublishRole", "s3", {"s3:PutObject", "s3:ListBucket"}),
        ("RecordsRole", "s3", {"s3:PutObject", "s3:ListBucket"}),
        ("PublishRole", "events", {"events:PutEvents"}),
        ("PublishRole", "dynamodb", READ_STREAM),
        (
            "CommandRole",
            "dynamodb",
            {
                f"dynamodb:{each}"
                for each in ("BatchGetItem", "DeleteItem", "GetItem", "PutItem", "Query", "UpdateItem")
            },
        ),
        ("WriteRole", "kms", {"kms:Decrypt", "kms:GenerateDataKey"}),
        ("ReencryptRole", "dynamodb", {"dynamodb:Scan", "dynamodb:UpdateItem"}),
        ("ReencryptRole", "sqs", set()),
        ("CommandRole", "sqs", {"sqs:SendMessage"}),
        ("CommandRole", "s3", set()),
        ("CommandRole", "sns", set()),
        ("RecordsRole", "sns", {"sns:Publish"}),
        ("RecordsRole", "events", set()),
        ("PrLogRole", "dynamodb", {"dynamodb:PutItem"}),
        ("EnrolRole", "dynamodb", {"dynamodb:PutItem"}),
        ("PrLogRole", "sns", set()),
        ("PrLogRole", "events", set()),
        (
            "RecordsRole",
            "dynamodb",
            READ_STREAM | {f"dynamodb:{each}" for each in ("Query", "BatchGetItem", "PutItem", "DeleteItem")},
        ),
    ],
)
def test_a_role_may_do_exactly_its_job(role: str, service: str, actions: set[str]) -> None:
    assert allowed(role, service) == actions


def note_grants(role: str) -> list[dict[str, Any]]:
    (policy,) = of_type("AWS::IAM::Role")[role].get("Policies", [{"PolicyDocument": {"Statement": []}}])
    return [each for each in policy["PolicyDocument"]["Statement"] if each.get("Sid") == "DataKeysOfNotes"]


def test_data_keys_of_notes_are_granted_to_who_stores_them_and_in_a_users_name_only() -> None:
    both = ["kms:Decrypt", "kms:GenerateDataKey"]
    granted = {role: found for role in of_type("AWS::IAM::Role") if (found := note_grants(role))}
    assert {role: [each["Action"] for each in found] for role, found in granted.items()} == {
        "WriteRole": ["kms:GenerateDataKey"],
        "CommandRole": [both],
        "ImportCsvRole": [both],
        "BulkImportTaskRole": [both],
        "ReencryptRole": [both],
    }
    for (statement,) in granted.values():
        assert statement["Condition"] == {
            "ForAnyValue:StringLike": {"kms:ResourceAliases": {"Fn::Sub": "alias/wotr-${Stage}-notes*"}},
            "StringEquals": {"kms:EncryptionContext:purpose": "notes"},
            "ForAllValues:StringEquals": {"kms:EncryptionContextKeys": ["purpose", "user"]},
        }


def test_a_missing_upload_is_told_from_a_denied_one() -> None:
    (policy,) = of_type("AWS::IAM::Role")["ImportCsvRole"]["Policies"]
    statements = policy["PolicyDocument"]["Statement"]
    (listing,) = (each for each in statements if each["Action"] == "s3:ListBucket")
    # S3 asks for this while it answers GetObject, whose context has no prefix: StringLike would say no.
    assert listing["Condition"] == {"StringLikeIfExists": {"s3:prefix": "uploads/*"}}


def test_every_queue_is_encrypted_kept_for_days_and_closed_to_plain_http() -> None:
    closed = set()
    for policy in of_type("AWS::SQS::QueuePolicy").values():
        denials = [each for each in policy["PolicyDocument"]["Statement"] if each["Effect"] == "Deny"]
        assert denials[0]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        closed |= {queue["Ref"] for queue in policy["Queues"]}
    queues = of_type("AWS::SQS::Queue")
    assert closed == set(queues)
    for queue in queues.values():
        assert queue["KmsMasterKeyId"] == {"Fn::ImportValue": {"Fn::Sub": "wotr-platform-${Stage}-KeyArn"}}
        assert queue["MessageRetentionPeriod"] == FOURTEEN_DAYS


@pytest.mark.parametrize(
    ("queue", "last", "function"),
    [
        ("WorkoutQueue", "WorkoutDeadLetterQueue", "WriteFunction"),
        ("ImportQueue", "ImportDeadLetterQueue", "ImportCsvFunction"),
        ("PrLogQueue", "PrLogDeadLetterQueue", "PrLogFunction"),
        ("EnrolmentQueue", "EnrolmentDeadLetterQueue", "EnrolFunction"),
        ("SessionEventQueue", "SessionEventDeadLetterQueue", "StartWorkflowFunction"),
    ],
)
def test_a_message_is_tried_five_times_and_never_while_it_is_worked_on(
    queue: str, last: str, function: str
) -> None:
    found = of_type("AWS::SQS::Queue")[queue]
    assert found["RedrivePolicy"] == {
        "deadLetterTargetArn": {"Fn::GetAtt": [last, "Arn"]},
        "maxReceiveCount": 5,
    }
    assert found["VisibilityTimeout"] >= 6 * of_type("AWS::Serverless::Function")[function]["Timeout"]


@pytest.mark.parametrize(
    "function",
    [f"{each}Function" for each in ("Write", "ImportCsv", "Publish", "Records", "PrLog", "StartWorkflow")],
)
def test_a_batch_may_fail_in_part(function: str) -> None:
    assert event(function)["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


@pytest.mark.parametrize(
    ("function", "failures"), [("PublishFunction", "PublishFailures"), ("RecordsFunction", "RecordsFailures")]
)
def test_the_stream_loses_nothing_when_its_reader_crashes(function: str, failures: str) -> None:
    stream = event(function)
    assert stream["StartingPosition"] == "TRIM_HORIZON"
    assert stream["BisectBatchOnFunctionError"] is True
    # A bucket and not the queue: only a bucket gets the records themselves.
    assert stream["DestinationConfig"]["OnFailure"] == {
        "Destination": {"Fn::GetAtt": ["StreamFailuresBucket", "Arn"]}
    }
    rule = of_type("AWS::Events::Rule")[f"{failures}Rule"]
    assert rule["EventPattern"]["detail"] == {
        "bucket": {"name": [{"Ref": "StreamFailuresBucket"}]},
        "object": {"key": [{"prefix": {"Fn::Sub": f"aws/lambda/${{{function}Stored}}/"}}]},
    }
    assert [target["Arn"] for target in rule["Targets"]] == [{"Fn::GetAtt": [f"{failures}Queue", "Arn"]}]
    bucket = of_type("AWS::S3::Bucket")["StreamFailuresBucket"]
    assert bucket["NotificationConfiguration"]["EventBridgeConfiguration"]["EventBridgeEnabled"] is True
    days = bucket["LifecycleConfiguration"]["Rules"][0]["ExpirationInDays"]
    assert days * 24 * 60 * 60 > FOURTEEN_DAYS, "the object outlives the message that names it"
    lag = {"Name": "FunctionName", "Value": {"Ref": function}}
    assert {"Errors", "IteratorAge"} <= {each["MetricName"] for each in alarms_on(lag)}


def test_an_import_may_come_through_its_own_queue_more_often_than_lambda_lets_a_loop() -> None:
    functions = of_type("AWS::Serverless::Function")
    assert {name for name, body in functions.items() if "RecursiveLoop" in body} == {"ImportCsvFunction"}
    assert functions["ImportCsvFunction"]["RecursiveLoop"] == "Allow"


def patterns(function: str) -> list[dict[str, Any]]:
    """What a stream's reader asks for."""
    return [json.loads(each["Pattern"]) for each in event(function)["FilterCriteria"]["Filters"]]


@pytest.mark.parametrize("function", ["PublishFunction", "RecordsFunction"])
def test_a_stream_is_filtered_by_what_lambda_can_filter_by(function: str) -> None:
    found = patterns(function)
    assert 1 <= len(found) <= 5
    # All else, such as eventName, is documented as not supported: it might match nothing, without a word.
    assert all(set(pattern) == {"dynamodb"} for pattern in found)


def test_the_publisher_hears_of_all_that_means_an_event_and_of_no_progress() -> None:
    items, imports = (each["dynamodb"] for each in patterns("PublishFunction"))
    beginnings = [each["prefix"] for each in items["Keys"]["sk"]["S"]]
    assert beginnings == ["WORKOUT#", "SESSION#", "PR_LOG#"]
    assert imports["NewImage"] == {"state": {"S": ["done", "refused", "undone"]}}


def test_records_hear_of_workouts_and_sessions_of_people_and_not_of_their_own_writes() -> None:
    (pattern,) = patterns("RecordsFunction")
    assert pattern["dynamodb"]["Keys"] == {
        "pk": {"S": [{"anything-but": [f"USER#{SANDBOX_USER}"]}]},
        "sk": {"S": [{"prefix": "WORKOUT#"}, {"prefix": "SESSION#"}]},
    }


def test_a_command_ends_before_the_api_stops_waiting_for_it() -> None:
    api = templates.load(ROOT / "services" / "api" / "template.yml", ROOT)
    waiting = api.resources["ChangeFunction"]["Properties"]["Timeout"]
    assert of_type("AWS::Serverless::Function")["CommandFunction"]["Timeout"] < waiting


def test_callers_invoke_the_alias_of_the_command_function() -> None:
    output = TEMPLATE.body["Outputs"]["CommandFunctionArn"]
    assert output["Value"] == {"Ref": "CommandFunction.Alias"}


def test_somebody_is_told_when_commands_fail() -> None:
    about = {"Name": "FunctionName", "Value": {"Ref": "CommandFunction"}}
    (alarm,) = alarms_on(about)
    assert (alarm["MetricName"], alarm["Threshold"]) == ("Errors", 0)


@pytest.mark.parametrize("queue", LAST_QUEUES)
def test_somebody_is_told_when_a_last_queue_holds_anything(queue: str) -> None:
    ops = {"Fn::ImportValue": {"Fn::Sub": "wotr-platform-${Stage}-OpsTopicArn"}}
    name = {"Name": "QueueName", "Value": {"Fn::GetAtt": [queue, "QueueName"]}}
    (alarm,) = alarms_on(name)
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (0, "GreaterThanThreshold")
    assert alarm["AlarmActions"] == [ops]


def test_somebody_is_told_when_an_import_fails_or_runs_long() -> None:
    about = {"Name": "FunctionName", "Value": {"Ref": "ImportCsvFunction"}}
    assert {"Errors", "Duration"} <= {each["MetricName"] for each in alarms_on(about)}
    longest = TEMPLATE.body["Parameters"]["LongImportMilliseconds"]
    timeout_ms = of_type("AWS::Serverless::Function")["ImportCsvFunction"]["Timeout"] * 1000
    assert longest["Default"] < longest["MaxValue"] == timeout_ms


def test_every_topic_is_encrypted_and_closed_to_plain_http() -> None:
    topics = of_type("AWS::SNS::Topic")
    assert all("KeyArn" in str(topic["KmsMasterKeyId"]) for topic in topics.values())
    closed = set()
    for policy in of_type("AWS::SNS::TopicPolicy").values():
        denials = [each for each in policy["PolicyDocument"]["Statement"] if each["Effect"] == "Deny"]
        assert denials[0]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        closed |= {topic["Ref"] for topic in policy["Topics"]}
    assert closed == set(topics)
