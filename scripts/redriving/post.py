"""Takes a letter its way: the calls of AWS behind each of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from redriving.ways import FromStream, Nowhere, ToFunction, ToQueue, ToReader, ToStateMachine, Way

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageAttributeValueTypeDef


class NotDelivered(Exception):
    """The letter did not go its way and stays where it is; the text says why."""


@dataclass
class Post:
    """Delivers with the credentials of `session`."""

    session: boto3.Session = field(default_factory=boto3.Session)

    def __post_init__(self) -> None:
        self._client = cache(self._made)

    def deliver(self, way: Way) -> None:
        """Go `way`; NotDelivered where that did not work, and then nothing was lost."""
        try:
            match way:
                case ToQueue():
                    self._send(way)
                case ToReader():
                    self._call_reader(way.function_arn, way.records)
                case FromStream():
                    self._call_reader(way.reader.function_arn, list(self._wanted(way)))
                case ToFunction():
                    self._client("lambda").invoke(
                        FunctionName=way.function_arn, InvocationType="Event", Payload=way.payload.encode()
                    )
                case ToStateMachine():
                    self._start(way)
                case Nowhere():
                    raise NotDelivered(way.why)
        except (ClientError, BotoCoreError) as error:
            raise NotDelivered(str(error)) from error

    def _send(self, way: ToQueue) -> None:
        _, _, _, _, account, name = way.queue_arn.split(":")
        sqs = self._client("sqs")
        attributes: dict[str, MessageAttributeValueTypeDef] = {
            name: {"DataType": "String", "StringValue": value} for name, value in way.attributes.items()
        }
        url = sqs.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody=way.body, MessageAttributes=attributes)

    def _start(self, way: ToStateMachine) -> None:
        states = self._client("stepfunctions")
        try:
            states.start_execution(stateMachineArn=way.state_machine_arn, name=way.name, input=way.input)
        except states.exceptions.ExecutionAlreadyExists:
            return  # a redrive before this one started it, and ended before it took the letter out

    def _call_reader(self, function_arn: str, records: Sequence[Mapping[str, Any]]) -> None:
        if not records:
            return
        answer = self._client("lambda").invoke(
            FunctionName=function_arn, Payload=json.dumps({"Records": list(records)}).encode()
        )
        said = json.loads(answer["Payload"].read() or b"null")
        if "FunctionError" in answer:
            raise NotDelivered(f"the function failed: {said}")
        if isinstance(said, Mapping) and said.get("batchItemFailures"):
            raise NotDelivered("the function could not do it now, try again later")

    def _wanted(self, way: FromStream) -> Iterator[Mapping[str, Any]]:
        """The records of the stretch that the reader's filters let through."""
        for record in self._stretch(way):
            if not way.reader.patterns or self._passes(record, way.reader.patterns):
                yield record

    def _stretch(self, way: FromStream) -> Iterator[Mapping[str, Any]]:
        streams = self._client("dynamodbstreams")
        try:
            iterator = streams.get_shard_iterator(
                StreamArn=way.stream_arn,
                ShardId=way.shard_id,
                ShardIteratorType="AT_SEQUENCE_NUMBER",
                SequenceNumber=way.first,
            )["ShardIterator"]
        except (streams.exceptions.TrimmedDataAccessException, streams.exceptions.ResourceNotFoundException):
            raise NotDelivered(
                "the stream has forgotten these records (it keeps a day): the view or record that misses "
                "them is rebuilt from what is stored, see notes/runbook-queue.md"
            ) from None
        while iterator:
            answer = streams.get_records(ShardIterator=iterator)
            for record in answer["Records"]:
                if int(record["dynamodb"]["SequenceNumber"]) > int(way.last):
                    return
                yield _as_invoked(record)
            if not answer["Records"]:
                return
            iterator = answer.get("NextShardIterator")

    def _passes(self, record: Mapping[str, Any], patterns: Iterable[str]) -> bool:
        """Whether one of `patterns` matches, as EventBridge judges: filters are in its language."""
        event = {
            "id": "-",
            "account": "-",
            "source": "-",
            "time": "2000-01-01T00:00:00Z",
            "region": "-",
            "resources": [],
            "detail-type": "-",
            "detail": record,
        }
        return any(
            self._events.test_event_pattern(
                EventPattern=json.dumps({"detail": json.loads(pattern)}), Event=json.dumps(event)
            )["Result"]
            for pattern in patterns
        )

    @cached_property
    def _events(self) -> Any:
        return self._client("events")

    def _made(self, service: str) -> Any:
        return self.session.client(service)  # type: ignore[call-overload]


def _as_invoked(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record of the stream's API as Lambda would hand it over: times as seconds, bytes as text."""
    return json.loads(json.dumps(record, default=_plain))  # type: ignore[no-any-return]


def _plain(value: Any) -> Any:
    return value.timestamp() if hasattr(value, "timestamp") else value.decode("latin-1")
