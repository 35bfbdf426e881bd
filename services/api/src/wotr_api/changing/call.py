"""One call for a change: who asks, what they say, and doing it once."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeVar

from aws_lambda_powertools.event_handler.api_gateway import Router
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel

from wotr_api import bodies, callers, commands, door, headers, parameters
from wotr_api.clients import client
from wotr_api.functions import CommandFunction
from wotr_api.objects import UploadForms
from wotr_common.messages import Command, CommandName
from wotr_common.observability import annotate_span, logger
from wotr_common.settings import Settings

Body = TypeVar("Body", bound=BaseModel)
Said = dict[str, Any]


class ChangeSettings(Settings):
    """What `change` is told by its environment."""

    command_function: str
    uploads_bucket: str
    media_bucket: str
    idempotency_table: str


settings = ChangeSettings.load()


@dataclass(frozen=True)
class Call:
    """A call of `athlete`; `key` is its Idempotency-Key, where it is a POST that carries one."""

    event: Mapping[str, Any]
    context: Any
    athlete: str
    key: str | None

    @classmethod
    def of(cls, router: Router) -> Call:
        """The call that `router` is answering; Problem 401 where nobody is signed in."""
        event = router.current_event.raw_event
        athlete = callers.athlete(event)
        annotate_span(user_id=athlete)
        key = headers.idempotency_key(event) if event["httpMethod"] == "POST" else None
        return cls(event, router.lambda_context, athlete, key)

    def body(self, model: type[Body], most_bytes: int = bodies.MAX_BYTES) -> Body:
        """The body as a `model`; Problems as `bodies.parse` has them."""
        return bodies.parse(model, self.event, most_bytes)

    def change(self, model: type[Body], most_bytes: int = bodies.MAX_BYTES) -> Said:
        """The members that a merge patch names, null included; `If-Match` is taken for `version`."""
        said = bodies.read(self.event, most_bytes)
        seen = headers.if_match(self.event)
        if seen is not None and isinstance(said, dict) and said.setdefault("version", seen) != seen:
            raise door.refused_parameter("If-Match", "names another version than the body")
        return named(bodies.validated(model, said))

    def version(self) -> int:
        """The version that a deletion names, or `If-Match`; Problem 422 where neither does."""
        asked = parameters.parse(parameters.Deletion, self.event).version
        seen = headers.if_match(self.event)
        if asked is None and seen is None:
            raise door.refused_parameter(
                "version", "is required: the version that you saw, here or as If-Match"
            )
        if None not in (asked, seen) and asked != seen:
            raise door.refused_parameter("If-Match", "names another version than the parameter")
        return asked or seen or 0

    def ask(self, name: CommandName, arguments: Said, said: object = None) -> Said:
        """Have the change made, once where the call has a key; what it came to, or the Problem.

        `said`: what must be the same when the key comes again, where that is not all of `arguments`.
        """
        command = Command(
            name=name,
            user_id=self.athlete,
            command_id=commands.command_id(self.athlete, self.key),
            correlation_id=logger.get_correlation_id() or "",
            arguments=arguments,
        )
        payload = {"command": name, "said": arguments if said is None else said}
        return self.once(payload, lambda: commands.answered(_outcome(command)))

    def once(self, payload: object, work: Callable[[], Said]) -> Said:
        """What `work` says, or said when the call came first; under one key, `payload` must be the same."""
        if self.key is None:
            return work()
        from wotr_api.idempotency import Call as Keyed  # noqa: PLC0415 - 40 ms only with a key

        keyed = Keyed(self.athlete, self.key, payload)
        return _unpacked(_remembered().run(keyed, lambda: _packed(work()), self.context))


def named(model: BaseModel) -> Said:
    """The members of `model` that somebody named, as JSON has them."""
    return model.model_dump(mode="json", by_alias=True, exclude_unset=True)


def export_forms() -> UploadForms:
    """Forms for exports to import."""
    return _forms(settings.uploads_bucket)


def photo_forms() -> UploadForms:
    """Forms for photos."""
    return _forms(settings.media_bucket)


def _outcome(command: Command) -> Any:
    try:
        return _commands().run(command)
    except (BotoCoreError, ClientError, commands.NoOutcome) as error:
        logger.error("no outcome", command=command.name, exc_info=error)
        raise commands.unknown() from error


def _packed(said: Said) -> Said:
    """An answer small enough to be remembered: a long session's is near the most that one item may hold."""
    return {"zlib": base64.b64encode(zlib.compress(json.dumps(said).encode())).decode()}


def _unpacked(packed: Said) -> Said:
    said: Said = json.loads(zlib.decompress(base64.b64decode(packed["zlib"])))
    return said


@cache
def _commands() -> CommandFunction:
    return CommandFunction(client("lambda"), settings.command_function)


@cache
def _forms(bucket: str) -> UploadForms:
    return UploadForms(client("s3"), bucket, lambda: datetime.now(UTC))


@cache
def _remembered() -> Any:
    from wotr_api.idempotency import Once  # noqa: PLC0415 - as above

    return Once(client("dynamodb"), settings.idempotency_table)
