"""Gap: what a stream's event source gives up is kept in a bucket, records and all."""

from __future__ import annotations

import json
from typing import Any

from stack import Client, Deploy, Wait, allow, function, role
from test_table_streams import TABLE

RAISES = "def handler(event, context): raise RuntimeError('poison')"


def test_a_batch_that_is_given_up_is_an_object_with_its_records_and_s3_says_so(
    stack: Deploy, client: Client, eventually: Wait
) -> None:
    stream, bucket = {"Fn::GetAtt": ["Table", "StreamArn"]}, {"Fn::GetAtt": ["Bucket", "Arn"]}
    queue = {"Fn::GetAtt": ["Queue", "Arn"]}
    resources: dict[str, Any] = {
        "Table": TABLE,
        "Bucket": {
            "Type": "AWS::S3::Bucket",
            "Properties": {
                "NotificationConfiguration": {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}
            },
        },
        "Role": role(
            allow(["dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream"], stream),
            allow("s3:PutObject", {"Fn::Sub": "${Bucket.Arn}/aws/lambda/*"}),
            allow("s3:ListBucket", bucket),
        ),
        "Reader": function(RAISES),
        "Mapping": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "EventSourceArn": stream,
                "FunctionName": {"Ref": "Reader"},
                "StartingPosition": "TRIM_HORIZON",
                "MaximumRetryAttempts": 0,
                "DestinationConfig": {"OnFailure": {"Destination": bucket}},
            },
        },
        "Queue": {"Type": "AWS::SQS::Queue"},
        "QueuePolicy": {
            "Type": "AWS::SQS::QueuePolicy",
            "Properties": {
                "Queues": [{"Ref": "Queue"}],
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        allow("sqs:SendMessage", queue) | {"Principal": {"Service": "events.amazonaws.com"}}
                    ],
                },
            },
        },
        "Rule": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "EventPattern": {
                    "source": ["aws.s3"],
                    "detail-type": ["Object Created"],
                    "detail": {
                        "bucket": {"name": [{"Ref": "Bucket"}]},
                        "object": {"key": [{"prefix": {"Fn::Sub": "aws/lambda/${Mapping}/"}}]},
                    },
                },
                "Targets": [{"Id": "queue", "Arn": queue}],
            },
        },
    }
    made = stack(resources)
    client("dynamodb").put_item(TableName=made.ids["Table"], Item={"pk": {"S": "poison"}})

    def told() -> list[Any]:
        answer = client("sqs").receive_message(QueueUrl=made.ids["Queue"])
        return [json.loads(message["Body"]) for message in answer.get("Messages", [])]

    (event,) = eventually(told)
    place = {"Bucket": event["detail"]["bucket"]["name"], "Key": event["detail"]["object"]["key"]}
    assert place["Key"].startswith(f"aws/lambda/{made.ids['Mapping']}/shardId-")
    said = json.loads(client("s3").get_object(**place)["Body"].read())
    assert said["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert said["DDBStreamBatchInfo"]["batchSize"] == 1
    (record,) = json.loads(said["payload"])["Records"]
    assert record["dynamodb"]["NewImage"] == {"pk": {"S": "poison"}}
