"""An import's neighbours in memory."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import boto3
from tests.unit.cloud import TABLE
from tests.unit.exports import LIMITS

from wotr_common import keys
from wotr_workers.imports.run import Importer
from wotr_workers.store import Imports, Item, Workouts, plain
from wotr_workers.topics import ImportsTopic
from wotr_workers.uploads import Upload, Uploads

BUCKET = "uploads"
NOW = datetime(2026, 3, 1, tzinfo=UTC)


class Stage:
    """The import's neighbours in memory: bucket, table, topic with a queue that hears it."""

    def __init__(self, dynamodb: Any) -> None:
        self.dynamodb = dynamodb
        self.s3 = boto3.client("s3")
        self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        self.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        self.sqs = boto3.client("sqs")
        self.url = self.sqs.create_queue(QueueName="heard")["QueueUrl"]
        self.sns = boto3.client("sns")
        self.topic = self.sns.create_topic(Name="imports")["TopicArn"]
        arn = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])
        self.sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=arn["Attributes"]["QueueArn"])
        self.workouts = Workouts(dynamodb, TABLE)
        self.imports = Imports(dynamodb, TABLE)

    def importer(self) -> Importer:
        return Importer(
            Uploads(self.s3, BUCKET),
            self.workouts,
            self.imports,
            ImportsTopic(self.sns, self.topic),
            lambda: LIMITS,
            lambda: NOW,
        )

    def upload(self, content: bytes, import_id: str = "i1", user_id: str = "ada") -> Upload:
        key = f"uploads/{user_id}/{import_id}.csv"
        answer = self.s3.put_object(Bucket=BUCKET, Key=key, Body=content)
        return Upload(key, answer["ETag"].strip('"'), answer["VersionId"], user_id, import_id, NOW)

    def run(self, content: bytes, import_id: str = "i1") -> dict[str, int]:
        """The counts of one import from upload to end."""
        tally = self.importer().run(self.upload(content, import_id))
        assert tally is not None
        return tally.counts()

    def items(self) -> list[Item]:
        found = self.dynamodb.scan(TableName=TABLE)["Items"]
        return sorted(map(plain, found), key=lambda item: str(item["sk"]))

    def heard(self) -> list[dict[str, Any]]:
        found = self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages", [])
        for message in found:
            self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(json.loads(message["Body"])["Message"]) for message in found]

    def state(self, import_id: str = "i1") -> Item:
        (found,) = (item for item in self.items() if item["sk"] == keys.import_key("ada", import_id)["sk"])
        return found
