"""Fields accepted the short way: where each value has its field's type and is within its field's bounds.

pydantic calls Python several times for each of our fields; for a million rows that would be most of an
import's time. What is accepted here has the value that pydantic would give it. All else is not refused but
left to pydantic, which is the judge and finds the words. No bound stands here: they are read off the model.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

from annotated_types import Ge, GroupedMetadata, Gt, Le, MaxLen
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    PlainSerializer,
    WithJsonSchema,
)
from pydantic.fields import FieldInfo

Check = Callable[[Any], Any]

_REMEMBERED = 4096  # values of each field
# BeforeValidator: ours only turn away values of other types than the field's.
_NO_BOUNDS = (BeforeValidator, PlainSerializer, WithJsonSchema)


class Acceptance:
    """The short way into `model`, whose fields may be None where that is their default."""

    def __init__(self, model: type[BaseModel]) -> None:
        fields = {field.alias or name: (name, field) for name, field in model.model_fields.items()}
        self._checks = {outside: (name, _check(field)) for outside, (name, field) in fields.items()}
        self._required = {outside for outside, (_, field) in fields.items() if field.is_required()}
        self._defaults = {name: field.default for name, field in fields.values() if not field.is_required()}
        self._optional = {
            outside for outside, (name, _) in fields.items() if self._defaults.get(name, "") is None
        }

    def values(self, said: Mapping[str, object]) -> dict[str, Any] | None:
        """The fields by their Python names, or None where pydantic must decide.

        `said` has them by their outside names.
        """
        if not self._required <= said.keys():
            return None
        values = self._defaults.copy()
        try:
            for outside, value in said.items():
                if value is None and outside in self._optional:
                    continue
                name, check = self._checks[outside]
                values[name] = check(value)
        except (KeyError, ValueError, TypeError):  # TypeError: a value that cannot be remembered
            return None
        return values


def _check(field: FieldInfo) -> Check:
    """What makes an accepted value of `field` canonical, and raises ValueError at all others."""
    annotation, metadata = field.annotation, field.metadata
    if NoneType in get_args(annotation):
        (annotation,) = (each for each in get_args(annotation) if each is not NoneType)
    if get_origin(annotation) is Annotated:
        annotation, *inner = get_args(annotation)
        metadata = [*inner, *metadata]
    steps = [step for each in metadata for step in _steps(each)]
    if annotation is Decimal:
        return _number(steps)
    if annotation is AwareDatetime:
        return _moment(steps)
    if annotation is str:
        return _text(steps)
    if get_origin(annotation) is Literal:
        return _word(get_args(annotation))
    raise TypeError(f"{annotation} has no short way")


def _number(steps: Sequence[Check]) -> Check:
    canonical = _one_after_another(steps)

    def check(value: object) -> Any:
        if type(value) is not Decimal or not value.is_finite():
            raise ValueError
        return canonical(value)

    return _remembered(check)


def _moment(steps: Sequence[Check]) -> Check:
    canonical = _one_after_another(steps)

    def check(value: object) -> Any:
        if type(value) is not datetime or value.tzinfo is not UTC:
            raise ValueError
        return canonical(value)

    return check


def _text(steps: Sequence[Check]) -> Check:
    canonical = _one_after_another(steps)

    def check(value: object) -> Any:
        # What counts as space around a text is pydantic's to know.
        if type(value) is not str or value[:1].isspace() or value[-1:].isspace():
            raise ValueError
        return canonical(value)

    return check


def _remembered(check: Check) -> Check:
    """`check` that knows what it accepted of late, each type by itself: True is no number, though it is 1."""
    return lru_cache(_REMEMBERED, typed=True)(check)


def _word(words: Sequence[str]) -> Check:
    known = dict(zip(words, words, strict=True))

    def check(value: object) -> Any:
        if type(value) is not str or value not in known:
            raise ValueError
        return value

    return check


def _one_after_another(steps: Sequence[Check]) -> Check:
    def all_of_them(value: Any) -> Any:
        for step in steps:
            value = step(value)
        return value

    return all_of_them


def _steps(said: object) -> Iterator[Check]:
    """The checks that one thing said of a type stands for, in the order in which pydantic makes them."""
    match said:
        case FieldInfo():
            yield from (step for each in said.metadata for step in _steps(each))
        case AfterValidator():
            yield said.func  # type: ignore[misc]  # ours take the value alone
        case Gt() | Ge() | Le() | MaxLen():
            yield _holding(_condition(said))
        case GroupedMetadata():
            yield from (step for each in said for step in _steps(each))
        case object(pattern=str(pattern)):
            yield _remembered(_holding(re.compile(pattern).fullmatch))
        case object(allow_inf_nan=False):
            return  # no number that is not finite comes here
        case _ if isinstance(said, _NO_BOUNDS):
            return
        case _:
            raise TypeError(f"{said} has no short way")


def _condition(bound: Gt | Ge | Le | MaxLen) -> Callable[[Any], bool]:
    match bound:
        case Gt(least):
            return lambda value: value > least
        case Ge(least):
            return lambda value: value >= least
        case Le(most):
            return lambda value: value <= most
        case MaxLen(longest):
            return lambda value: len(value) <= longest


def _holding(condition: Callable[[Any], object]) -> Check:
    def check(value: Any) -> Any:
        if not condition(value):
            raise ValueError
        return value

    return check
