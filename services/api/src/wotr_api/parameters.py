"""Query parameters as models: unknown, repeated or malformed ones are refused by name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from wotr_common.problems import FieldError, field_errors, invalid
from wotr_common.workout import Instant, UserId

_TIME = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt ].+"
)  # pydantic would also take a bare number, as seconds since 1970


def _only_iso(value: object) -> object:
    if isinstance(value, str) and not _TIME.fullmatch(value):
        raise ValueError("must be a time like 2026-03-01T17:30:00Z; in an address, write + as %2B")
    return value


Time = Annotated[Instant, BeforeValidator(_only_iso)]


class History(BaseModel):
    """Which workouts, and how many of them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    start: Time | None = Field(None, alias="from", description="first start, ISO 8601 with a zone")
    end: Time | None = Field(None, alias="to", description="first start that is no longer included")
    type: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")] | None = Field(
        None, description="only this type"
    )
    limit: Annotated[int, Field(ge=1, le=100)] = Field(50, description="most workouts in one answer")
    next_token: str | None = Field(
        None, alias="nextToken", description="from the answer before, with the same filters, within an hour"
    )

    def filters(self) -> dict[str, Any]:
        """What decides which list this is: not the page."""
        return self.model_dump(mode="json", exclude={"limit", "next_token"}, exclude_none=True)


class Everybody(History):
    """A history, or that of one user where `userId` is given."""

    user_id: UserId | None = Field(None, alias="userId", description="only this user's")


Query = TypeVar("Query", bound=BaseModel)


def parse(model: type[Query], event: Mapping[str, Any]) -> Query:
    """The query of `event`; Problem 422 names each parameter that is wrong."""
    sent: Mapping[str, list[str]] = event.get("multiValueQueryStringParameters") or {}
    repeated = [
        FieldError(name, "is given more than once") for name, values in sent.items() if len(values) > 1
    ]
    if repeated:
        raise invalid(repeated)
    try:
        found = model.model_validate({name: values[0] for name, values in sent.items()})
    except ValidationError as error:
        raise invalid(FieldError(each.field, each.message) for each in field_errors(error)) from error
    if isinstance(found, History) and found.start and found.end and found.start >= found.end:
        raise invalid([FieldError("to", "must be later than from")])
    return found
