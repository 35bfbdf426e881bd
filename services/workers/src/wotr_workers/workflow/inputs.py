"""What the workflow's steps are given and answer, as it travels between them.

Asked    what an execution is started with
OneSet   one set of the session, for the step that the workflow does for each
Weighed  the session and the loads of all its sets
"""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, Field, ValidationError

from wotr_common.problems import field_errors
from wotr_common.session import SESSION_ID_PATTERN
from wotr_common.workout import Instant, Number, Record, UserId, Version, WorkoutType
from wotr_workers.workflow.session_load import SetLoad, SetWork

Given = TypeVar("Given", bound=BaseModel)


class BadInput(Exception):
    """What a step was given can never be worked on; the message names the fields, never their values."""


class Asked(Record):
    """Which session, in which version."""

    user_id: UserId
    session_id: Annotated[str, Field(pattern=SESSION_ID_PATTERN)]
    version: Version
    correlation_id: Annotated[str, Field(min_length=1)]


class Head(Asked):
    """The session itself, as the later steps need it."""

    type: WorkoutType
    started_at: Instant
    rpe: Number | None = None
    duration_min: Number | None = None


class OneSet(Record):
    """One set of a session."""

    set: SetWork


class Weighed(Record):
    """The session and the loads of all of its sets."""

    session: Head
    sets: tuple[SetLoad, ...]


def read(model: type[Given], given: object) -> Given:
    """`given` as a `model`; BadInput names the fields that are wrong."""
    try:
        return model.model_validate(given)
    except ValidationError as error:
        found = (f"{each.field}: {each.message}" for each in field_errors(error))
        raise BadInput(f"no {model.__name__} of a session workflow: {'; '.join(found)}") from None


def said(model: BaseModel) -> dict[str, Any]:
    """`model` as JSON has it, without what it does not say."""
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)
