"""A desk that answers commands on a table in memory, for one athlete or several."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import boto3
from tests.unit.cloud import TABLE, aws, notes, stored

from wotr_common import keys
from wotr_common.limits import Limits
from wotr_common.messages import Outcome
from wotr_workers.commands.decision import Desk
from wotr_workers.commands.dispatch import answer
from wotr_workers.queue import ImportQueue
from wotr_workers.store import Imports, Item, Table
from wotr_workers.store.sessions import Sessions

LIMITS = Limits(frozenset({"run", "ride", "strength"}), Decimal(1), Decimal(43_200), 1)
NOW = datetime(2026, 3, 1, 18, 30, tzinfo=UTC)
START = "2026-03-01T17:30:00Z"
SQUAT = {"exercise": "Squat", "weightKg": 100, "reps": 5}
BENCH = {"exercise": "Bench Press", "weightKg": 60, "reps": 8}


class Athlete:
    """Sends commands and looks at what is stored. `now` stands still unless a test moves it."""

    def __init__(self, dynamodb: Any, user_id: str = "ada") -> None:
        self.dynamodb = dynamodb
        self.user_id = user_id
        self.notes = notes()
        self.now = NOW
        self.limits = LIMITS
        self.sqs = aws("sqs")
        self.url = self.sqs.create_queue(QueueName="imports")["QueueUrl"]
        self.desk = Desk(
            Table(dynamodb, TABLE, self.notes),
            Sessions(dynamodb, TABLE, self.notes),
            Imports(dynamodb, TABLE),
            ImportQueue(self.sqs, self.url),
            lambda: self.limits,
            lambda: self.now,
        )
        self._numbers = count(1)

    def ask(self, name: str, *, command_id: str | None = None, **arguments: Any) -> Outcome:
        return answer(self.desk, self.payload(name, command_id=command_id, **arguments))

    def payload(self, name: str, *, command_id: str | None = None, **arguments: Any) -> dict[str, Any]:
        command_id = command_id or f"command-{next(self._numbers)}"
        return {
            "version": 1,
            "name": name,
            "userId": self.user_id,
            "commandId": command_id,
            "correlationId": f"of-{command_id}",
            "arguments": arguments,
        }

    def done(self, name: str, *, command_id: str | None = None, **arguments: Any) -> dict[str, Any]:
        """The body of a command's success."""
        outcome = self.ask(name, command_id=command_id, **arguments)
        assert outcome.status < 300, outcome
        return outcome.body

    def began(self, *sets: dict[str, Any], **said: Any) -> dict[str, Any]:
        """A session that was created with `sets`."""
        return self.done("session.create", session={"startedAt": START, "sets": list(sets), **said})

    def completed(self, *sets: dict[str, Any], **said: Any) -> dict[str, Any]:
        """A session that was created with `sets` and completed."""
        session = self.began(*sets)
        return self.done("session.complete", sessionId=session["sessionId"], completion=said)

    def later(self, minutes: float = 1) -> None:
        self.now += timedelta(minutes=minutes)

    def put(self, item: Item) -> None:
        boto3.resource("dynamodb").Table(TABLE).put_item(Item=item)

    def items(self, belongs: Any = lambda sk: True) -> list[Item]:
        found = stored(self.dynamodb, self.notes)
        return sorted((item for item in found if belongs(item["sk"])), key=lambda item: str(item["sk"]))

    def sessions(self) -> list[Item]:
        return self.items(keys.is_session)

    def workouts(self) -> list[Item]:
        return self.items(keys.is_workout)

    def queued(self) -> list[str]:
        found = self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages", [])
        return [message["Body"] for message in found]
