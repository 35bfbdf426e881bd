"""What one service asks of another, through a queue or by a call."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from wotr_common.workout import Instant, Record, UserId, WorkoutFields


class AcceptedWorkout(Record):
    """api -> workers: a workout that was accepted and is to be written. Unknown fields are ignored."""

    model_config = ConfigDict(extra="ignore")

    version: Literal[1] = 1
    user_id: UserId
    accepted_at: Instant
    correlation_id: str
    warnings: tuple[str, ...] = ()
    workout: WorkoutFields

    def text(self) -> str:
        """The message's body."""
        return self.model_dump_json(by_alias=True, exclude_none=True)


CommandName = Literal[
    "session.create",
    "session.add_sets",
    "session.complete",
    "session.change",
    "session.delete",
    "workout.change",
    "workout.delete",
    "import.request",
    "import.undo",
    "profile.change",
]


class Command(Record):
    """api -> workers, by a synchronous call: change something of one user's, and say what came of it.

    The same `commandId` is done once, however often it is asked. `arguments` are those of the command: ids of
    the path, and the caller's body as it was validated.
    """

    model_config = ConfigDict(extra="ignore")

    version: Literal[1] = 1
    name: CommandName
    user_id: UserId
    command_id: Annotated[str, Field(min_length=1, max_length=64)]
    correlation_id: str
    arguments: dict[str, Any] = Field(default_factory=dict)

    def text(self) -> str:
        """The call's payload."""
        return self.model_dump_json(by_alias=True, exclude_none=True)


class Outcome(Record):
    """workers -> api: the HTTP status that the change comes to, and the answer's body, or a problem's."""

    model_config = ConfigDict(extra="ignore")

    version: Literal[1] = 1
    status: Annotated[int, Field(ge=200, le=599)]
    body: dict[str, Any] = Field(default_factory=dict)
