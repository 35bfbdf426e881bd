"""The table with its stream, its records and whoever hears of them, in memory."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from tests.unit.cloud import TABLE, aws

from wotr_common import keys
from wotr_common.dead_letters import DeadLetters
from wotr_workers.records import noting
from wotr_workers.records.candidates import candidates
from wotr_workers.records.follow import Batch, Follower, follow
from wotr_workers.records.kept import KeptRecords
from wotr_workers.records.rebuild import Rebuilder
from wotr_workers.records.staircase import Candidate, Subject
from wotr_workers.store import Item, Table, plain, raw
from wotr_workers.topics import RecordsTopic

NOW = datetime(2026, 6, 1, tzinfo=UTC)
StreamRecord = dict[str, Any]


def stream_record(number: int, item: Item, old: Item | None, new: Item | None) -> StreamRecord:
    """What the stream tells of `item`, its images in DynamoDB's spelling."""
    images = {"OldImage": old, "NewImage": new}
    return {
        "eventID": f"event-{number}",
        "dynamodb": {
            "SequenceNumber": str(number),
            "Keys": raw({keys.PK: item["pk"], keys.SK: item["sk"]}),
            **{name: image for name, image in images.items() if image},
        },
    }


class Stream:
    """A table whose changes a test delivers when it likes; `user` is the athlete asked about."""

    def __init__(self, dynamodb: Any, failures: DeadLetters, user: str = "ada") -> None:
        self.dynamodb = dynamodb
        self.user = user
        self.records: list[StreamRecord] = []
        self.delivered = 0
        self._failures = failures
        self._sqs = aws("sqs")
        sns = aws("sns")
        topic = sns.create_topic(Name="records")["TopicArn"]
        self._url = self._subscribed(sns, topic, "records-heard")
        self._log_url = self._subscribed(sns, topic, "pr-log", RawMessageDelivery="true")
        self.kept = KeptRecords(Table(dynamodb, TABLE), lambda: NOW)
        self.follower = Follower(self.kept, RecordsTopic(sns, topic))
        self.rebuilder = Rebuilder(self.kept)

    def _subscribed(self, sns: Any, topic: str, name: str, **attributes: str) -> str:
        url: str = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn["QueueArn"], Attributes=attributes)
        return url

    def put(self, *items: Item) -> None:
        """Store items; the stream tells of each."""
        for item in items:
            old = self.dynamodb.put_item(TableName=TABLE, Item=raw(item), ReturnValues="ALL_OLD")
            self._tell(item, old.get("Attributes"), raw(item))

    def delete(self, item: Item) -> None:
        """Delete an item; the stream tells."""
        key = raw({keys.PK: item["pk"], keys.SK: item["sk"]})
        old = self.dynamodb.delete_item(TableName=TABLE, Key=key, ReturnValues="ALL_OLD").get("Attributes")
        if old:
            self._tell(item, old, None)

    def _tell(self, item: Item, old: Item | None, new: Item | None) -> None:
        self.records.append(stream_record(len(self.records), item, old, new))

    def deliver(self, count: int | None = None, *, noted: bool = True) -> Batch:
        """Let the function follow the next `count` changes, or all; `pr_log` notes what it told at once."""
        end = len(self.records) if count is None else self.delivered + count
        batch = follow(self.records[self.delivered : end], self.follower, self._failures)
        self.delivered = min(end, len(self.records))
        if noted:
            noting.note(self.told_records(), self.kept.table, self._failures)
        return batch

    def told_records(self) -> list[dict[str, Any]]:
        """What the topic was told since the last time, as the function `pr_log` gets it from its queue."""
        return [
            {
                "messageId": message["MessageId"],
                "body": message["Body"],
                "messageAttributes": {
                    name: {"stringValue": said["StringValue"], "dataType": "String"}
                    for name, said in message["MessageAttributes"].items()
                },
            }
            for message in self._taken(self._log_url)
        ]

    def hold_lease(self, import_id: str, state: str = "running") -> None:
        """Let an import, or its undo, be at work."""
        lease = {**keys.lease_key(self.user), "importId": import_id, "until": int(NOW.timestamp()) + 60}
        for item in (lease, {**keys.import_key(self.user, import_id), "state": state}):
            self.dynamodb.put_item(TableName=TABLE, Item=raw(item))

    def items(self) -> list[Item]:
        """Everything that is stored of the user."""
        found = self.dynamodb.scan(TableName=TABLE)["Items"]
        return [item for item in map(plain, found) if item["pk"] == keys.user_pk(self.user)]

    def steps(self) -> dict[tuple[str, str], list[tuple[str, Any]]]:
        """The kept records: start and value of each step, by kind and subject; not those without any."""
        return {
            (item["kind"], item["subject"]): [(step["startedAt"], step["value"]) for step in item["history"]]
            for item in self.items()
            if keys.is_record(item["sk"]) and item["history"]
        }

    def heard(self) -> list[dict[str, Any]]:
        """What the topic was told since the last time."""
        return [json.loads(message["Body"]) for message in self._taken(self._url)]

    def _taken(self, url: str) -> Iterator[Any]:
        while messages := self._sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        ).get("Messages"):
            for message in messages:
                yield message
                self._sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

    def told(self) -> list[str]:
        """The sentences that the topic was told since the last time."""
        return sorted(json.loads(each["Message"])["message"] for each in self.heard())


def expected_steps(items: Iterable[Item]) -> dict[tuple[str, str], list[tuple[str, Any]]]:
    """The steps that workouts and sessions amount to, found by comparing each with all before it."""
    found: dict[Subject, list[Candidate]] = {}
    for item in items:
        if keys.is_workout(item["sk"]) or keys.is_session(item["sk"]):
            for each in candidates(item):
                found.setdefault(each.subject, []).append(each)
    made: dict[tuple[str, str], list[tuple[str, Any]]] = {}
    for subject, rivals in found.items():
        rivals.sort(key=lambda each: (each.step.started_at, each.step.owner))
        made[subject] = [
            (each.step.started_at, each.step.value)
            for place, each in enumerate(rivals)
            if all(
                (each.step.value < other.step.value)
                if each.less_is_better
                else (each.step.value > other.step.value)
                for other in rivals[:place]
            )
        ]
    return made
