"""Query parameters as models: unknown, repeated or malformed ones are refused by name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from wotr_api.export import Format
from wotr_api.load_report import Metric
from wotr_common.problems import FieldError, field_errors, invalid
from wotr_common.workout import Instant, UserId, Version

_TIME = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt ].+"
)  # pydantic would also take a bare number, as seconds since 1970
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _only_iso(value: object) -> object:
    if isinstance(value, str) and not _TIME.fullmatch(value):
        raise ValueError("must be a time like 2026-03-01T17:30:00Z; in an address, write + as %2B")
    return value


def _only_a_date(value: object) -> object:
    if isinstance(value, str) and not _DATE.fullmatch(value):
        raise ValueError("must be a date like 2026-03-01")
    return value


Time = Annotated[Instant, BeforeValidator(_only_iso)]
Day = Annotated[date, BeforeValidator(_only_a_date)]


class Query(BaseModel):
    """The parameters of one route."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def refusals(self) -> list[FieldError]:
        """What is wrong with the parameters together, each being right in itself."""
        return []


class Paged(Query):
    """Which page of a list, and how long it may be."""

    limit: Annotated[int, Field(ge=1, le=100)] = Field(50, description="most entries in one answer")
    next_token: str | None = Field(
        None, alias="nextToken", description="from the answer before, with the same filters, within an hour"
    )

    def filters(self) -> dict[str, Any]:
        """What decides which list this is: not the page."""
        return self.model_dump(mode="json", exclude={"limit", "next_token"}, exclude_none=True)


class History(Paged):
    """Which workouts, and how many of them."""

    start: Time | None = Field(None, alias="from", description="first start, ISO 8601 with a zone")
    end: Time | None = Field(None, alias="to", description="first start that is no longer included")
    type: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")] | None = Field(
        None, description="only this type"
    )

    def refusals(self) -> list[FieldError]:
        """Bounds that leave no time between them."""
        if self.start and self.end and self.start >= self.end:
            return [FieldError("to", "must be later than from")]
        return []


class Everybody(History):
    """A history, or that of one user where `userId` is given."""

    user_id: UserId | None = Field(None, alias="userId", description="only this user's")


class Sessions(Paged):
    """Which sessions, by their dates on the athlete's own clock, and how many of them."""

    start: Day | None = Field(None, alias="from", description="first date, such as 2026-03-01")
    end: Day | None = Field(None, alias="to", description="last date")
    last: Annotated[int, Field(ge=1, le=100)] | None = Field(
        None, description="the newest so many and no more; instead of limit and nextToken"
    )

    def refusals(self) -> list[FieldError]:
        """Dates in the wrong order, and two ways at once to say how many."""
        found = []
        if self.start and self.end and self.start > self.end:
            found.append(FieldError("to", "must not be before from"))
        if self.last is not None and self.model_fields_set & {"limit", "next_token"}:
            found.append(FieldError("last", "goes with neither limit nor nextToken"))
        return found


class Records(Paged):
    """Which records, and how many of them."""

    limit: Annotated[int, Field(ge=1, le=1000)] = Field(1000, description="most entries in one answer")
    kind: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")] | None = Field(
        None, description="only this kind, such as heaviest_weight"
    )


class Imports(Paged):
    """How many imports."""


class Rows(Paged):
    """How many of the rows that an import set aside."""


class Deletion(Query):
    """Which version is meant to be deleted."""

    version: Version | None = Field(
        None, description="the version that you saw; required, here or as If-Match"
    )


class LoadDays(Query):
    """Which days of load, and in which metric."""

    start: Day | None = Field(
        None, alias="from", description="first date, by default the 42nd up to the last; at most 366"
    )
    end: Day | None = Field(None, alias="to", description="last date, by default today on your clock")
    metric: Metric | None = Field(None, description="by default the one that covers most workouts")

    def refusals(self) -> list[FieldError]:
        """Dates so far off that there is nothing, and no calendar around them."""
        named = {"from": self.start, "to": self.end}
        return [
            FieldError(name, "must be within the years 2000 to 2100")
            for name, day in named.items()
            if day is not None and not 2000 <= day.year <= 2100
        ]


class ExportFormat(Query):
    """How an export is written."""

    format: Format = Field("csv", description="one table, or one JSON object")


Asked = TypeVar("Asked", bound=Query)


def parse(model: type[Asked], event: Mapping[str, Any]) -> Asked:
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
    if refusals := found.refusals():
        raise invalid(refusals)
    return found
