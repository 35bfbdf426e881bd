"""The way back of a letter: what to call with what, so that it is tried again. Plain functions, no AWS.

What stands in the letter decides, and where it says nothing, who fills its queue.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from redriving.letters import Letter

# Said by whoever set the letter aside, about that one failure: not for the next try.
_OF_THE_FAILURE = {"reason", "RequestID", "ErrorCode", "ErrorMessage"}


@dataclass(frozen=True, slots=True)
class Reader:
    """A function that reads a stream and leaves here what it cannot do."""

    function_arn: str


@dataclass(frozen=True, slots=True)
class Fillers:
    """Who fills a dead-letter queue: queues (by ARN) that move what failed, readers of streams, functions."""

    queues: Sequence[str] = ()
    readers: Sequence[Reader] = ()
    functions: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class ToQueue:
    """Send the body to a queue again."""

    queue_arn: str
    body: str
    attributes: Mapping[str, str]

    def __str__(self) -> str:
        return f"queue {_name(self.queue_arn)}"


@dataclass(frozen=True, slots=True)
class ToReader:
    """Call a stream's reader with the records that it left here."""

    function_arn: str
    records: Sequence[Mapping[str, Any]]

    def __str__(self) -> str:
        return f"function {_name(self.function_arn)}"


@dataclass(frozen=True, slots=True)
class FromObject:
    """Call a stream's reader with the records that its event source gave up and Lambda kept in a bucket."""

    reader: Reader
    bucket: str
    key: str

    def __str__(self) -> str:
        return (
            f"function {_name(self.reader.function_arn)}, with the records in s3://{self.bucket}/{self.key}"
        )


@dataclass(frozen=True, slots=True)
class ToFunction:
    """Invoke a function asynchronously with what it was invoked with before."""

    function_arn: str
    payload: str

    def __str__(self) -> str:
        return f"function {_name(self.function_arn)}"


@dataclass(frozen=True, slots=True)
class ToStateMachine:
    """Start a workflow with the input of the execution that failed. One letter starts one execution."""

    state_machine_arn: str
    name: str
    input: str

    def __str__(self) -> str:
        return f"workflow {_name(self.state_machine_arn)}"


@dataclass(frozen=True, slots=True)
class Nowhere:
    """Nobody can say where it came from."""

    why: str

    def __str__(self) -> str:
        return self.why


Way = ToQueue | ToReader | FromObject | ToFunction | ToStateMachine | Nowhere


def way(letter: Letter, fillers: Fillers) -> Way:
    """Where `letter`, found in a queue filled by `fillers`, is to go."""
    content = letter.content
    if isinstance(content, Mapping):
        found = _said_by_the_letter(letter, content, fillers)
        if found is not None:
            return found
    target = letter.attributes.get("TARGET_ARN")
    if target:
        return _to_target(target, letter)
    if len(fillers.queues) == 1 and not fillers.functions:
        return _to_queue(fillers.queues[0], letter)
    if len(fillers.functions) == 1 and not fillers.queues:
        return ToFunction(fillers.functions[0], letter.body)
    return Nowhere("neither the message nor who fills the queue says where it came from")


def _said_by_the_letter(letter: Letter, content: Mapping[str, Any], fillers: Fillers) -> Way | None:
    if isinstance(content.get("stateMachineArn"), str) and "input" in content:
        given = content["input"]
        text = given if isinstance(given, str) else json.dumps(given)
        return ToStateMachine(content["stateMachineArn"], f"redrive-{letter.message_id}", text)
    if content.get("eventSource") == "aws:dynamodb" and isinstance(content.get("dynamodb"), Mapping):
        return _reader(fillers, lambda reader: ToReader(reader.function_arn, [content]))
    if letter.kept:
        bucket, key = letter.kept
        return _reader(fillers, lambda reader: FromObject(reader, bucket, key))
    asked = content.get("requestContext")
    if isinstance(asked, Mapping) and "requestPayload" in content and asked.get("functionArn"):
        return ToFunction(str(asked["functionArn"]), json.dumps(content["requestPayload"]))
    return None


def _reader(fillers: Fillers, go: Any) -> Way:
    if len(fillers.readers) != 1:
        return Nowhere(f"{len(fillers.readers)} functions leave what they cannot do in this queue, not one")
    found: Way = go(fillers.readers[0])
    return found


def _to_target(arn: str, letter: Letter) -> Way:
    service = arn.split(":")[2] if arn.count(":") >= 5 else ""
    if service == "sqs":
        return _to_queue(arn, letter)
    if service == "lambda":
        return ToFunction(arn, letter.body)
    if service == "states":
        return ToStateMachine(arn, f"redrive-{letter.message_id}", letter.body)
    return Nowhere(f"it was meant for {arn}, which this script cannot reach")


def _to_queue(arn: str, letter: Letter) -> ToQueue:
    kept = {
        name: value
        for name, value in letter.attributes.items()
        if name not in _OF_THE_FAILURE and not name.isupper()  # EventBridge's and Scheduler's own are
    }
    return ToQueue(arn, letter.body, kept)


def _name(arn: str) -> str:
    """The part of `arn` that names the thing, without an alias."""
    parts = arn.split(":")
    return parts[6] if len(parts) > 6 else parts[-1]
