"""Problems tell a caller which field is wrong and how, and never repeat what was sent."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError
from tests.given import fields

from wotr_common.changes import SessionChange
from wotr_common.problems import FieldError, Problem, field_errors, invalid, unavailable

SECRET = "s3cret"  # pragma: allowlist secret - a word to look for
SAID: list[tuple[dict[str, Any], str, str]] = [
    ({"colour": SECRET}, "/colour", "is not a known field"),
    (
        {"startedAt": "2026-11-16T06:30:00"},
        "/startedAt",
        "must name its zone, as in 2026-03-01T17:30:00Z or +01:00",
    ),
    ({"durationMin": SECRET}, "/durationMin", "must be a number, not a text or another type"),
    ({"durationMin": 0}, "/durationMin", "must be greater than 0"),
    ({"rpe": 7.2}, "/rpe", "must be a multiple of 0.5"),
    ({"intensity": SECRET}, "/intensity", "must be 'low', 'moderate' or 'high'"),
]


def refused(**said: Any) -> tuple[FieldError, ...]:
    with pytest.raises(ValidationError) as error:
        fields(**said)
    return field_errors(error.value)


@pytest.mark.parametrize(("said", "pointer", "message"), SAID)
def test_each_error_is_a_pointer_and_a_sentence(said: dict[str, Any], pointer: str, message: str) -> None:
    assert refused(**said) == (FieldError(pointer, message),)


def test_what_is_missing_is_required_and_what_is_no_object_must_be_one() -> None:
    class Outer(BaseModel):
        inner: dict[str, int]

    with pytest.raises(ValidationError) as missing:
        Outer.model_validate({})
    with pytest.raises(ValidationError) as no_object:
        Outer.model_validate([])

    assert field_errors(missing.value) == (FieldError("/inner", "is required"),)
    assert field_errors(no_object.value) == (FieldError("", "must be a JSON object"),)


CHANGED: list[tuple[dict[str, Any], str, str]] = [
    ({"sets": None}, "/sets", "must be a list"),
    ({"sets": [{"exercise": "Squat"}] * 1001}, "/sets", "must have at most 1000 items, not 1001"),
    ({"sets": [{"exercise": ""}]}, "/sets/0/exercise", "must have at least 1 character"),
    ({"sets": [{"exercise": "Squat", "reps": 5.5}]}, "/sets/0/reps", "must be a whole number"),
    ({"sets": [{"exercise": "Squat", "notes": 7}]}, "/sets/0/notes", "must be a text"),
    ({"title": "\ud800"}, "/title", "must be a text of whole Unicode characters"),
    ({"version": "new"}, "/version", "must be a whole number"),
]


@pytest.mark.parametrize(("said", "pointer", "message"), CHANGED)
def test_no_error_names_a_type_of_python(said: dict[str, Any], pointer: str, message: str) -> None:
    with pytest.raises(ValidationError) as error:
        SessionChange.model_validate({"version": 1, **said})

    assert field_errors(error.value) == (FieldError(pointer, message),)


def test_a_date_that_does_not_exist_is_told_by_one_that_does() -> None:
    with pytest.raises(ValidationError) as error:
        TypeAdapter(date).validate_python("2026-13-01")

    assert field_errors(error.value) == (FieldError("", "must be a date like 2026-03-01"),)


def test_pointers_escape_as_rfc_6901_says() -> None:
    assert refused(**{"a/b~c": 1})[0].pointer == "/a~1b~0c"


def test_a_problem_is_what_rfc_9457_describes() -> None:
    problem = invalid(refused(rpe=7.2, colour="red"))

    body = problem.body("req-1")
    assert (problem.status, body["status"], body["type"]) == (422, 422, "about:blank")
    assert body["title"] == "Validation failed"
    assert body["detail"] == "2 fields to correct: see errors"
    assert {"pointer": "/rpe", "message": "must be a multiple of 0.5"} in body["errors"]
    assert body["correlationId"] == "req-1"


def test_a_problem_says_only_what_it_knows() -> None:
    assert Problem(404, "no such workout").body() == {
        "type": "about:blank",
        "title": "Not found",
        "status": 404,
        "detail": "no such workout",
    }
    assert Problem(409, "it has changed", currentVersion=3).body()["currentVersion"] == 3


def test_one_field_is_one_field() -> None:
    assert invalid([FieldError("/rpe", "is wrong")]).detail == "1 field to correct: see errors"


def test_unavailable_says_when_to_come_again() -> None:
    problem = unavailable("the queue did not answer", 3)

    assert (problem.status, problem.headers) == (503, {"Retry-After": "3"})


def test_a_field_goes_without_its_slash() -> None:
    assert FieldError("/durationMin", "x").field == "durationMin"
