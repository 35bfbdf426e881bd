"""What the suite has to know of a consumer: how it is fed, where its end state is seen, what poisons it."""

from __future__ import annotations

import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

import boto3
from boto3.dynamodb.types import TypeSerializer
from botocore.config import Config

from stage_client import Stage
from wotr_common import keys

Item = Any  # whatever JSON can hold
_serialize = TypeSerializer().serialize


class World:
    """The stage under test, and one client of each kind: threads may use them, but not make them."""

    def __init__(self, stage: Stage) -> None:
        many = Config(max_pool_connections=40, retries={"mode": "standard", "total_max_attempts": 5})
        self.stage = stage
        self.cloudformation = boto3.client("cloudformation", config=many)
        self.dynamodb = boto3.client("dynamodb", config=many)
        self.events = boto3.client("events", config=many)
        self.lambda_ = boto3.client("lambda", config=many)
        self.s3 = boto3.client("s3", config=many)
        self.sns = boto3.client("sns", config=many)
        self.sqs = boto3.client("sqs", config=many)
        self.workouts = stage.outputs("data")["WorkoutsTableName"]
        self.machine = stage.outputs("auth")["MachineClientRoleArn"]
        stage.signed("GET", "/workouts", query={"userId": "nobody"}, role_arn=self.machine)

    @cached_property
    def resources(self) -> dict[str, str]:
        """Physical ids of what the services' stacks hold, by `stack/LogicalId`."""
        found = {}
        for stack in ("workers", "analytics"):
            name = f"wotr-{stack}-{self.stage.name}"
            for page in self.cloudformation.get_paginator("list_stack_resources").paginate(StackName=name):
                for each in page["StackResourceSummaries"]:
                    found[f"{stack}/{each['LogicalResourceId']}"] = each["PhysicalResourceId"]
        return found

    @cached_property
    def last_queues(self) -> dict[str, str]:
        """URL of each queue where something ends that nobody could take, by `stack.Output`."""
        return {
            f"{stack}.{name}": url
            for stack in ("workers", "analytics")
            for name, url in self.stage.outputs(stack).items()
            if name.endswith(("DeadLetterQueueUrl", "FailuresQueueUrl"))
        }

    def send(self, queue_url: str, bodies: Sequence[str]) -> None:
        """Send messages, ten at a time."""
        for start in range(0, len(bodies), 10):
            entries: Any = [
                {"Id": str(number), "MessageBody": body}
                for number, body in enumerate(bodies[start : start + 10])
            ]
            answer = self.sqs.send_message_batch(QueueUrl=queue_url, Entries=entries)
            assert not answer.get("Failed"), answer

    def put(self, table: str, item: Mapping[str, Any]) -> None:
        """Store an item with values as Python has them."""
        raw = {name: _serialize(value) for name, value in item.items()}
        self.dynamodb.put_item(TableName=table, Item=raw)

    def stored(self, user: str, wanted: Callable[[str], bool]) -> list[Item]:
        """The user's items of the system of record whose sort keys are `wanted`."""
        found = self.dynamodb.query(
            TableName=self.workouts,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": keys.user_pk(user)}},
            ConsistentRead=True,
        )["Items"]
        return [item for item in found if wanted(item["sk"]["S"])]

    def signed(self, path: str, **query: str) -> Any:
        """The JSON that a machine's signed GET is answered with."""
        answer = self.stage.signed("GET", path, query=query, role_arn=self.machine)
        assert answer.status == 200, answer.text
        return answer.json()


class Consumer(ABC):
    """One function behind a queue, a stream or a schedule.

    `name` is a row of the table, `function` is `stack/LogicalId`, `last_queue` is `stack.Output` of where it
    sets aside, `items` is how many the end state of a run has. A crash comes at `effects`, one further with
    each of `crashes` tries; `throttles` of the calls in `throttled` are refused, no more than a delivery's
    tries bear.
    """

    name: ClassVar[str]
    function: ClassVar[str]
    last_queue: ClassVar[str]
    items: ClassVar[int]
    effects: ClassVar[Sequence[str]]
    throttled: ClassVar[Sequence[str]]
    throttles: ClassVar[int] = 4
    crashes: ClassVar[int] = 3
    reads_stream: ClassVar[bool] = False
    comes_twice: ClassVar[bool] = False  # whether a duplicate may also be a message of its own

    def __init__(self, world: World) -> None:
        self.world = world

    def users(self) -> list[str]:
        """The subjects of one run: users that nobody else has."""
        run = secrets.token_hex(5)
        return [f"faults-{self.name.replace('_', '-')}-{run}-{number}" for number in range(2)]

    @abstractmethod
    def inputs(self, users: Sequence[str]) -> list[Any]:
        """What is sent to the consumer for `users`; for others the same but for their ids."""

    @abstractmethod
    def send(self, inputs: Sequence[Any]) -> None:
        """Send `inputs` in this order."""

    @abstractmethod
    def found(self, users: Sequence[str]) -> list[Item]:
        """The items of the end state, without what differs from run to run."""

    @abstractmethod
    def poison(self, users: Sequence[str]) -> str:
        """Send one thing that nobody can make sense of, naming one of `users`; what only it contains."""

    def time_passes(self, users: Sequence[str], is_idle: Callable[[], bool]) -> None:  # noqa: B027 - most need none
        """End what only waits for a clock, such as the lease of an invocation that was killed.

        `is_idle` says whether the function is at work for none of `users`.
        """

    def close(self) -> None:  # noqa: B027 - most have nothing
        """Take back what the observation needed."""


def anonymous(text: str, users: Sequence[str]) -> str:
    """`text` with each of `users` replaced by their place."""
    for number, user in enumerate(users):
        text = text.replace(user, f"user-{number}")
    return text
