"""Problems as callers see them: RFC 9457 `application/problem+json`, built in one place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

CONTENT_TYPE = "application/problem+json"

_TITLES = {
    400: "Bad request",
    401: "Not signed in",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    413: "Too large",
    415: "Unsupported media type",
    422: "Validation failed",
    429: "Too many requests",
    500: "Internal error",
    503: "Temporarily unavailable",
}
_WHOLE_NUMBER = "must be a whole number"
_DATE = "must be a date like 2026-03-01"
_LIST = "must be a list"
_OBJECT = "must be a JSON object"
_SENTENCES = {  # by pydantic's kind of error
    "extra_forbidden": "is not a known field",
    "missing": "is required",
    "timezone_aware": "must name its zone, as in 2026-03-01T17:30:00Z or +01:00",
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "dict_type": _OBJECT,
    "tuple_type": _LIST,
    "list_type": _LIST,
    "string_type": "must be a text",
    "string_unicode": "must be a text of whole Unicode characters",
    "int_type": _WHOLE_NUMBER,
    "int_parsing": _WHOLE_NUMBER,
    "int_parsing_size": _WHOLE_NUMBER,
    "int_from_float": _WHOLE_NUMBER,
    "date_type": _DATE,
    "date_parsing": _DATE,
    "date_from_datetime_parsing": _DATE,
    "date_from_datetime_inexact": _DATE,
}


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field: `pointer` is a JSON pointer (RFC 6901), or a parameter's name."""

    pointer: str
    message: str

    @property
    def field(self) -> str:
        """The field's name without the pointer's slash."""
        return self.pointer.removeprefix("/")


class Problem(Exception):
    """An answer that is not a success, with all that its receiver needs to act."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        errors: Iterable[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        **extra: object,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.title = _TITLES.get(status, "Error")
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.extra = extra

    def body(self, correlation_id: str | None = None) -> dict[str, Any]:
        """The problem as a JSON object."""
        answer: dict[str, Any] = {
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            **self.extra,
        }
        if self.errors:
            answer["errors"] = [{"pointer": error.pointer, "message": error.message} for error in self.errors]
        if correlation_id:
            answer["correlationId"] = correlation_id
        return answer


def invalid(errors: Iterable[FieldError]) -> Problem:
    """422: one or more fields are wrong."""
    found = tuple(errors)
    return Problem(422, f"{len(found)} field{'s' * (len(found) != 1)} to correct: see errors", errors=found)


def unavailable(detail: str, retry_after_s: int = 1) -> Problem:
    """503 with `Retry-After`: nothing was accepted, the same call may work shortly."""
    return Problem(503, detail, headers={"Retry-After": str(retry_after_s)})


def field_errors(error: ValidationError) -> tuple[FieldError, ...]:
    """pydantic's findings as pointers and sentences; the input's value is never repeated."""
    return tuple(
        FieldError(_pointer(found["loc"]), _sentence(found["type"], found["msg"], found.get("ctx", {})))
        for found in error.errors(include_url=False, include_input=False)
    )


def _pointer(location: tuple[int | str, ...]) -> str:
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in location)


def _sentence(kind: str, message: str, context: Mapping[str, Any]) -> str:
    """What is wrong, without Python's names for it: callers send JSON, or upload tables."""
    if kind in _SENTENCES:
        return _SENTENCES[kind]
    match kind:
        case "too_long":
            return f"must have at most {context['max_length']} items, not {context['actual_length']}"
        case "too_short":
            return f"must have at least {context['min_length']} items, not {context['actual_length']}"
        case "string_pattern_mismatch":
            return f"must match the pattern {context['pattern']}"
        case _:
            said = message.removeprefix("Value error, ")
            return said.replace("Input should be", "must be").replace("String should have", "must have")
