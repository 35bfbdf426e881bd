"""JSON bodies: from whatever arrived to a validated model, or to a problem that says what is wrong where."""

from __future__ import annotations

import base64
import binascii
import json
from collections import Counter
from collections.abc import Mapping
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError

from wotr_api.headers import header
from wotr_common.problems import Problem, field_errors, invalid

MAX_BYTES = 64 * 1024
MAX_BYTES_WITH_SETS = 512 * 1024  # a thousand sets with their notes
_MOST_ERRORS = 50  # a body of thousands of unknown fields must not be answered with a larger one
Model = TypeVar("Model", bound=BaseModel)


def parse(model: type[Model], event: Mapping[str, Any], most_bytes: int = MAX_BYTES) -> Model:
    """The body of `event` as a `model`.

    Problems: 415 not declared as JSON, 413 more than `most_bytes`, 400 not JSON, 422 not a `model`.
    """
    return validated(model, read(event, most_bytes))


def read(event: Mapping[str, Any], most_bytes: int = MAX_BYTES) -> Any:
    """The body of `event` as JSON has it; Problems 415, 413 and 400 as above."""
    _check_content_type(event)
    return _json(_text(event, most_bytes))


def validated(model: type[Model], said: object) -> Model:
    """What a body `said` as a `model`; Problem 422 with at most fifty of pydantic's findings."""
    try:
        return model.model_validate(said)
    except ValidationError as error:
        found = field_errors(error)
    if len(found) <= _MOST_ERRORS:
        raise invalid(found)
    detail = f"{len(found)} fields to correct: see errors for the first {_MOST_ERRORS}"
    raise Problem(422, detail, errors=found[:_MOST_ERRORS])


def _check_content_type(event: Mapping[str, Any]) -> None:
    declared = header(event, "content-type") or ""
    kind, *parameters = (part.strip().lower() for part in declared.split(";"))
    charsets = {value.removeprefix("charset=").strip('"') for value in parameters if "charset=" in value}
    if not (kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))):
        raise Problem(415, "send the body as Content-Type: application/json")
    if not charsets <= {"utf-8", "utf8", "us-ascii"}:
        raise Problem(415, "send the body in UTF-8")


def _text(event: Mapping[str, Any], most_bytes: int) -> str:
    body = event.get("body") or ""
    try:
        raw = base64.b64decode(body, validate=True) if event.get("isBase64Encoded") else body.encode()
        if len(raw) > most_bytes:
            raise Problem(413, f"this body may have at most {most_bytes} bytes; it has {len(raw)}")
        text = raw.decode()
    except binascii.Error as error:
        raise Problem(400, "the body is not valid Base64") from error
    except UnicodeError as error:
        raise Problem(400, "the body is not UTF-8") from error
    if not text.strip():
        raise Problem(400, "the body is empty; a JSON object is expected")
    return text


def _json(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_constant, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        raise Problem(
            400, f"the body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        ) from error
    except RecursionError as error:
        raise Problem(400, "the body is nested too deeply") from error
    except ValueError as error:  # Python refuses to read an integer of more than 4,300 digits
        raise Problem(400, "the body holds a number with too many digits") from error


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object, refused where a name repeats: keeping the last value would lose what the first one said."""
    found = dict(members)
    if len(found) < len(members):
        (name, _), *_ = Counter(name for name, _ in members).most_common(1)
        raise Problem(400, f"the body names {name[:64]!r} more than once in one object")
    return found


def _no_constant(name: str) -> NoReturn:
    raise Problem(400, f"the body is not JSON: {name} is not a JSON number")
