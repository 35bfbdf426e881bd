"""A queue of its own that listens to the bus, as a downstream service would."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Sequence
from typing import Any

from consumer import World


class BusListener:
    """Hears the events of the users that it was told to listen for, from then on."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._bus = world.stage.outputs("platform")["EventBusName"]
        self._rules: list[str] = []
        self._heard: list[dict[str, Any]] = []
        self._lock = threading.Lock()
        self._url = world.sqs.create_queue(QueueName=f"wotr-faults-{secrets.token_hex(6)}")["QueueUrl"]
        found = world.sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])
        self._arn = found["Attributes"]["QueueArn"]
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": self._arn,
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        world.sqs.set_queue_attributes(QueueUrl=self._url, Attributes={"Policy": policy})

    def listen_for(self, users: Sequence[str]) -> None:
        """Hear the events of `users` too."""
        name = f"wotr-faults-{secrets.token_hex(6)}"
        pattern = json.dumps({"detail": {"userId": list(users)}})
        self._world.events.put_rule(Name=name, EventBusName=self._bus, EventPattern=pattern)
        self._rules.append(name)
        self._world.events.put_targets(
            Rule=name, EventBusName=self._bus, Targets=[{"Id": "listener", "Arn": self._arn}]
        )

    def heard(self, users: Sequence[str]) -> list[dict[str, Any]]:
        """The events of `users` that came so far, in the order in which they came."""
        sqs = self._world.sqs
        with self._lock:
            while got := sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10).get("Messages", []):
                for message in got:
                    self._heard.append(json.loads(message["Body"])["detail"])
                    sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
            return [event for event in self._heard if event["userId"] in users]

    def close(self) -> None:
        """Remove the rules and the queue."""
        for name in self._rules:
            self._world.events.remove_targets(Rule=name, EventBusName=self._bus, Ids=["listener"])
            self._world.events.delete_rule(Name=name, EventBusName=self._bus)
        self._world.sqs.delete_queue(QueueUrl=self._url)
