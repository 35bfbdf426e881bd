"""Takes a letter its way: the calls of AWS behind each of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from redriving.ways import FromObject, Nowhere, ToFunction, ToQueue, ToReader, ToStateMachine, Way

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
                case FromObject():
                    self._call_reader(way.reader.function_arn, self._kept(way))
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

    def _kept(self, way: FromObject) -> Sequence[Mapping[str, Any]]:
        """The records in the object that Lambda wrote; they passed the reader's filters already."""
        answer = self._client("s3").get_object(Bucket=way.bucket, Key=way.key)
        records: Sequence[Mapping[str, Any]] = json.loads(json.load(answer["Body"])["payload"])["Records"]
        return records

    def _made(self, service: str) -> Any:
        return self.session.client(service)  # type: ignore[call-overload]
