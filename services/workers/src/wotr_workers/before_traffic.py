"""What is asked of a new version of each function before anything is sent to it. Plain functions: AWS is
passed in.

Everything is asked for the sandbox user. Only `write` stores something, one workout a deployment; others are
given work about what is not there, or an empty batch, which still finds whatever keeps them from starting.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from wotr_common import keys, traffic
from wotr_common.messages import AcceptedWorkout, Command
from wotr_common.traffic import SANDBOX_USER, Shift, Unfit
from wotr_common.workout import Workout, WorkoutFields


@dataclass(frozen=True, slots=True)
class Look:
    """A deployment, its new version as a function from event to answer, and what is stored by now."""

    shift: Shift
    call: Callable[[Mapping[str, Any]], Any]
    stored: Callable[[Shift], Workout | None]


def check(name: str, look: Look) -> str:
    """Ask the new version of function `name`, by its logical id; in words what was seen, else Unfit."""
    if name not in CHECKS:
        raise Unfit(f"nobody has said what to ask {name}")
    return CHECKS[name](look)


def writes(look: Look) -> str:
    """An accepted workout is stored with what was sent."""
    sent = traffic.sandbox_workout(look.shift)
    message = AcceptedWorkout(
        user_id=SANDBOX_USER,
        accepted_at=look.shift.began,
        correlation_id=look.shift.deployment_id,
        workout=WorkoutFields.model_validate(sent),
    )
    _all_done(look.call({"Records": [_message(look.shift, message.text())]}))
    found = look.stored(look.shift)
    if found is None:
        raise Unfit("what it took was not stored")
    if wrong := traffic.differences(sent, found.answer()):
        raise Unfit(f"what it took is stored with another {wrong}")
    return f"wrote workout {found.workout_id} as it was sent"


def commands(look: Look) -> str:
    """A workout that is not there cannot be deleted."""
    nobody = keys.workout_id(look.shift.sandbox_start().replace(year=1999))
    command = Command(
        name="workout.delete",
        user_id=SANDBOX_USER,
        command_id=look.shift.deployment_id,
        correlation_id=look.shift.deployment_id,
        arguments={"workoutId": nobody, "version": 1},
    )
    status = _member(look.call(command.model_dump(mode="json", by_alias=True)), "status")
    if status != 404:
        raise Unfit(f"deleting what is not there comes to {status} instead of 404")
    return "decides a command, and knows what is not there"


def takes_a_batch(look: Look) -> str:
    """An empty batch has nothing to try again."""
    _all_done(look.call({"Records": []}))
    return "takes a batch"


def validates(look: Look) -> str:
    """A session that is not there is gone."""
    if _member(look.call(_no_session(look.shift)), "current") is not False:
        raise Unfit("a session that is not there is taken for one")
    return "knows that a session is gone"


def weighs_a_set(look: Look) -> str:
    """Five times 100 kg are 500 kg."""
    work = {"position": 1, "exercise": 0, "weightKg": 100, "reps": 5}
    volume = _member(look.call({"set": work, "correlationId": look.shift.deployment_id}), "volumeKg")
    if volume != 500:
        raise Unfit(f"five times 100 kg are {volume} kg")
    return "weighs a set"


def weighs_a_session(look: Look) -> str:
    """Nothing is stored of a session that is not there."""
    head = {**_no_session(look.shift), "type": "strength", "startedAt": "2000-01-01T00:00:00.000Z"}
    if _member(look.call({"session": head, "sets": []}), "current") is not False:
        raise Unfit("the load of a session that is not there is stored")
    return "stores no load of a session that is gone"


def looks_at_notes(look: Look) -> str:
    """A page of the table is looked at, and no note is touched."""
    nobodys = "00000000-0000-0000-0000-000000000000"
    said = look.call({"keyId": nobodys, "segments": 64, "lookOnly": True})
    if (_member(said, "moved"), _member(said, "sealed")) != (0, 0):
        raise Unfit("it changes notes where it was to look only")
    return f"looks at {_member(said, 'seen')} items"


CHECKS: Mapping[str, Callable[[Look], str]] = {
    "WriteFunction": writes,
    "CommandFunction": commands,
    "ImportCsvFunction": takes_a_batch,
    "PublishFunction": takes_a_batch,
    "RecordsFunction": takes_a_batch,
    "PrLogFunction": takes_a_batch,
    "EnrolFunction": takes_a_batch,
    "StartWorkflowFunction": takes_a_batch,
    "ValidateSessionFunction": validates,
    "SetLoadFunction": weighs_a_set,
    "SessionLoadFunction": weighs_a_session,
    "ReencryptFunction": looks_at_notes,
}


def _message(shift: Shift, body: str) -> dict[str, Any]:
    """A message of SQS as Lambda hands it over."""
    return {
        "messageId": shift.deployment_id,
        "body": body,
        "attributes": {"ApproximateReceiveCount": "1"},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
    }


def _no_session(shift: Shift) -> dict[str, Any]:
    return {
        "userId": SANDBOX_USER,
        "sessionId": "20000101T000000-sandbox",
        "version": 1,
        "correlationId": shift.deployment_id,
    }


def _all_done(answer: Any) -> None:
    if _member(answer, "batchItemFailures") != []:
        raise Unfit("a batch is not done, or nothing is said of it")


def _member(answer: Any, name: str) -> Any:
    if not isinstance(answer, dict) or name not in answer:
        raise Unfit(f"it answers without {name}")
    return answer[name]
