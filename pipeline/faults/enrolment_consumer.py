"""The consumer of who was confirmed."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from consumer import Consumer, Item

from wotr_common import keys
from wotr_common.messages import Command

_OF_ITS_TIME = ("version",)


class Enrol(Consumer):
    """Queue to profiles: one for each athlete."""

    name = "enrol"
    function = "workers/EnrolFunction"
    last_queue = "workers.EnrolmentDeadLetterQueueUrl"
    items = 6
    effects = throttled = ("dynamodb:PutItem",)
    comes_twice = True

    def users(self) -> list[str]:
        run = secrets.token_hex(5)
        return [f"faults-enrol-{run}-{number}" for number in range(self.items)]

    def inputs(self, users: Sequence[str]) -> list[str]:
        return [
            Command(
                name="profile.change",
                user_id=user,
                command_id=f"enrol-{user}",
                correlation_id=f"{user}-confirmed",
                arguments={"profile": {}},
            ).text()
            for user in users
        ]

    def send(self, inputs: Sequence[str]) -> None:
        self.world.send(self.world.stage.outputs("workers")["EnrolmentQueueUrl"], inputs)

    def found(self, users: Sequence[str]) -> list[Item]:
        stored = [
            item
            for user in users
            for item in self.world.stored(user, lambda sk: sk == keys.profile_key("")["sk"])
        ]
        return [{name: value for name, value in item.items() if name not in _OF_ITS_TIME} for item in stored]

    def poison(self, users: Sequence[str]) -> str:
        (said,) = self.inputs(users[:1])
        self.send([said.replace("profile.change", "profile.burn")])
        return "profile.burn"
