"""An athlete of a deployed stage: what they do with imports, and what they have."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import boto3
from tests.integration.stage import Ear, eventually

from wotr_common import keys
from wotr_common.messages import Command
from wotr_workers.store import Item, Table

SAID = {"weight-unit": "kg", "distance-unit": "km", "timezone": "Europe/Berlin"}


class Athlete:
    """What one user does with imports, and what they have."""

    def __init__(self, outputs: dict[str, str], topic: Ear, user: str) -> None:
        self._outputs = outputs
        self._topic = topic
        self._user = user
        self._table = Table(boto3.client("dynamodb"), outputs["data.WorkoutsTableName"])

    def upload(self, import_id: str, content: bytes, said: Mapping[str, str]) -> None:
        boto3.client("s3").put_object(
            Bucket=self._outputs["data.UploadsBucketName"],
            Key=f"uploads/{self._user}/{import_id}.csv",
            Body=content,
            Metadata=dict(said),
        )

    def told(self, import_id: str, *states: str) -> dict[str, Any]:
        """The message that the import is in one of `states`."""

        def found() -> list[dict[str, Any]]:
            said = (json.loads(heard["Message"]) for heard in self._topic.heard())
            return [
                each
                for each in said
                if (each["userId"], each["importId"]) == (self._user, import_id) and each["state"] in states
            ]

        return eventually(found, bool)[-1]

    def imported(self, import_id: str, content: bytes, said: Mapping[str, str] = SAID) -> dict[str, Any]:
        self.upload(import_id, content, said)
        return self.told(import_id, "done", "refused")

    def undone(self, import_id: str) -> dict[str, Any]:
        command = Command(
            name="import.undo",
            user_id=self._user,
            command_id=f"undo-{import_id}",
            correlation_id=f"undo-{import_id}",
            arguments={"importId": import_id},
        )
        boto3.client("lambda").invoke(
            FunctionName=self._outputs["workers.CommandFunctionArn"], Payload=command.text().encode()
        )
        return self.told(import_id, "undone")

    def progress(self, import_id: str) -> int:
        """Entries behind the last batch of an import that runs; 0 before the first, and at its end."""
        key = keys.import_key(self._user, import_id)
        state = self._table.get(key["pk"], [key["sk"]]).get(key["sk"], {})
        return int(state.get("checkpoint", {}).get("entries", 0))

    def forget_lease(self) -> None:
        """Let the next import of the athlete begin at once."""
        self._table.delete_all([keys.lease_key(self._user)])

    def history(self) -> list[Item]:
        """Workouts, sessions and ids of apps, without their versions."""
        found = self._table.between(keys.user_pk(self._user), "A", "~")
        wanted: tuple[Callable[[str], bool], ...] = (keys.is_workout, keys.is_session, keys.is_source)
        return [
            {name: value for name, value in item.items() if name != "version"}
            for item in found
            if any(is_one(item[keys.SK]) for is_one in wanted)
        ]
