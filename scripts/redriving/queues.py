"""The dead-letter queues of a stage as SQS has them: found, read, emptied."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3

from redriving.letters import Letter
from redriving.ways import Fillers, Reader
from stage_client import StageError

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# A house rule for templates holds that every queue which keeps failures is called so.
LAST_QUEUES = ("DeadLetterQueue", "FailuresQueue")
_HELD_S = 300  # how long a letter that was read is kept from other readers; whoever ends lets go sooner
_READ = 10  # the most that SQS gives at once


@dataclass(frozen=True, slots=True)
class LastQueue:
    """A dead-letter queue: `name` is STACK.LOGICAL_ID."""

    name: str
    url: str
    arn: str
    waiting: int
    in_flight: int
    fillers: Fillers


@dataclass
class Queues:
    """All queues of the stacks `wotr-*-<stage>`, and who fills those that keep failures."""

    stage: str
    session: boto3.Session = field(default_factory=boto3.Session)

    @cached_property
    def sqs(self) -> SQSClient:
        """SQS of the session's account and region."""
        return self.session.client("sqs")

    def last(self) -> list[LastQueue]:
        """The dead-letter queues, in the order of their names; StageError where nothing is deployed."""
        found = {name: (url, self._attributes(url)) for name, url in self._queues()}
        if not found:
            raise StageError(f"no stack of stage {self.stage} has a queue; deploy it first")
        moved: dict[str, list[str]] = {}
        for _, attributes in found.values():
            policy = json.loads(attributes.get("RedrivePolicy", "{}"))
            moved.setdefault(policy.get("deadLetterTargetArn", ""), []).append(attributes["QueueArn"])
        return [
            LastQueue(
                name,
                url,
                attributes["QueueArn"],
                int(attributes["ApproximateNumberOfMessages"]),
                int(attributes["ApproximateNumberOfMessagesNotVisible"]),
                Fillers(
                    tuple(moved.get(attributes["QueueArn"], ())),
                    tuple(self._readers.get(url, ())),
                    tuple(self._functions.get(attributes["QueueArn"], ())),
                ),
            )
            for name, (url, attributes) in sorted(found.items())
            if name.endswith(LAST_QUEUES)
        ]

    def one(self, name: str) -> LastQueue:
        """The queue called `name`, with or without its stack; StageError names the queues there are."""
        queues = self.last()
        wanted = name.lower()
        found = [
            queue for queue in queues if wanted in (queue.name.lower(), queue.name.lower().partition(".")[2])
        ]
        if len(found) != 1:
            known = "\n  ".join(queue.name for queue in queues)
            raise StageError(f"{name!r} is {len(found)} of the dead-letter queues; there are\n  {known}")
        return found[0]

    def letters(self, queue: LastQueue) -> Iterator[Letter]:
        """Every message that waits in `queue`; each is held until it is deleted or let go."""
        while True:
            answer = self.sqs.receive_message(
                QueueUrl=queue.url,
                MaxNumberOfMessages=_READ,
                VisibilityTimeout=_HELD_S,
                WaitTimeSeconds=1,  # a short poll asks some of SQS's servers only
                MessageSystemAttributeNames=["SentTimestamp"],
                MessageAttributeNames=["All"],
            )
            if not answer.get("Messages"):
                return
            yield from (_letter(message) for message in answer["Messages"])

    def delete(self, queue: LastQueue, letter: Letter) -> None:
        """Take `letter` out of the queue for good."""
        self.sqs.delete_message(QueueUrl=queue.url, ReceiptHandle=letter.receipt)

    def let_go(self, queue: LastQueue, letters: Iterable[Letter]) -> None:
        """Let others see `letters` again at once."""
        for letter in letters:
            self.sqs.change_message_visibility(
                QueueUrl=queue.url, ReceiptHandle=letter.receipt, VisibilityTimeout=0
            )

    def _queues(self) -> Iterator[tuple[str, str]]:
        """Name and URL of every queue of the stage."""
        cloudformation = self.session.client("cloudformation")
        for page in cloudformation.get_paginator("describe_stacks").paginate():
            for stack in page["Stacks"]:
                name = stack["StackName"]
                if not (name.startswith("wotr-") and name.endswith(f"-{self.stage}")):
                    continue
                short = name.removeprefix("wotr-").removesuffix(f"-{self.stage}")
                for resources in cloudformation.get_paginator("list_stack_resources").paginate(
                    StackName=name
                ):
                    for resource in resources["StackResourceSummaries"]:
                        if resource["ResourceType"] == "AWS::SQS::Queue":
                            yield (
                                f"{short}.{resource['LogicalResourceId']}",
                                str(resource["PhysicalResourceId"]),
                            )

    def _attributes(self, url: str) -> Mapping[str, str]:
        answer = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
        return {str(name): value for name, value in answer["Attributes"].items()}

    @cached_property
    def _readers(self) -> dict[str, list[Reader]]:
        """The readers of table streams by what their environment names: their queue's URL is among it."""
        functions = self.session.client("lambda")
        found: dict[str, list[Reader]] = {}
        for page in functions.get_paginator("list_event_source_mappings").paginate():
            for mapping in page["EventSourceMappings"]:
                if ":dynamodb:" in mapping.get("EventSourceArn", ""):
                    arn = mapping["FunctionArn"]
                    said = functions.get_function_configuration(FunctionName=arn).get("Environment", {})
                    for value in set(said.get("Variables", {}).values()):
                        found.setdefault(value, []).append(Reader(arn))
        return found

    @cached_property
    def _functions(self) -> dict[str, list[str]]:
        """The functions whose failed asynchronous invocations come here, by the queue's ARN."""
        found: dict[str, list[str]] = {}
        for page in self.session.client("lambda").get_paginator("list_functions").paginate():
            for function in page["Functions"]:
                target = function.get("DeadLetterConfig", {}).get("TargetArn")
                if target:
                    found.setdefault(target, []).append(function["FunctionArn"])
        return found


def _letter(message: Mapping[str, Any]) -> Letter:
    attributes = {
        name: value.get("StringValue", "") for name, value in message.get("MessageAttributes", {}).items()
    }
    sent = datetime.fromtimestamp(int(message["Attributes"]["SentTimestamp"]) / 1000, UTC)
    return Letter(message["MessageId"], message["Body"], attributes, sent, message["ReceiptHandle"])
