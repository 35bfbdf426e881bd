"""A workout's fields accepted the short way: where values have their field's type and are within its bounds.

pydantic calls Python several times for each of our fields; for a million rows that would be most of an
import's time. What is accepted here has the value that pydantic would give it. All else is not refused but
left to pydantic, which is the judge and finds the words. No bound stands here: they are read off the model.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from operator import getitem, itemgetter
from types import NoneType
from typing import Annotated, Any, Literal, NamedTuple, get_args, get_origin

from annotated_types import Ge, GroupedMetadata, Gt, Le, MaxLen
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, PlainSerializer, WithJsonSchema
from pydantic.fields import FieldInfo

from wotr_common.workout import WorkoutFields, canonical_number
from wotr_workers.texts.values import BadText

Check = Callable[[Any], Any]
Reader = Callable[[str], object]

_REMEMBERED = 16_384  # values or texts of each field
# Positive numbers to a thousandth: their first group or else their second is canonical.
_PLAIN = re.compile(r"([1-9]\d{0,11})(?:\.0*)?|([1-9]\d{0,11}\.\d{0,2}[1-9])0*", re.ASCII)
_SHORT = 32  # characters of a text that is worth remembering
_NEVER_TWICE = frozenset({"startedAt", "distanceM"})  # hardly ever
# BeforeValidator: ours only turn away values of other types than the field's.
_NO_BOUNDS = (BeforeValidator, PlainSerializer, WithJsonSchema)


class Accepted(NamedTuple):
    """The fields of WorkoutFields, with canonical values that it accepts.

    It has one freedom more: a `duration_min` of None is one that nobody knows.
    """

    type: str
    started_at: datetime
    duration_min: Decimal | None = None
    calories_burned: Decimal | None = None
    distance_m: Decimal | None = None
    avg_heart_rate: Decimal | None = None
    rpe: Decimal | None = None
    intensity: str = "moderate"
    notes: str | None = None
    photo_key: str | None = None


def accepted(said: Mapping[str, object]) -> Accepted | None:
    """What is `said`, by outside names, or None where pydantic must decide.

    A duration of None is one that nobody knows. Where there is no word of it, pydantic must.
    """
    try:
        values = {
            _NAMES[outside]: _REMEMBERING[outside](value)
            for outside, value in said.items()
            if value is not None or outside not in _OPTIONAL
        }
        return Accepted(**values) if "durationMin" in said else None
    except (KeyError, ValueError, TypeError):  # TypeError: a field is missing, a value cannot be remembered
        return None


def checked(outside: str, value: object) -> Any:
    """A field's value in canonical form, None where there is none and need be none; ValueError."""
    return None if value is None and outside in _OPTIONAL else _CHECKS[outside](value)


class Columns:
    """The texts of rows as accepted fields; `readers` are the place and the reader of each field there is.

    A reader returns None where a text says nothing, and raises BadText where it is not to be understood.
    Those of `as_said` take plain positive numbers for themselves.
    """

    def __init__(self, readers: Mapping[str, tuple[int, Reader]], as_said: Container[Reader] = ()) -> None:
        found = [readers.get(_OUTSIDE[name], (0, _nothing)) for name in Accepted._fields]
        self._chosen = itemgetter(*(place for place, _ in found))
        self._columns = [
            Column(_OUTSIDE[name], reader, as_said=reader in as_said)
            for name, (_, reader) in zip(Accepted._fields, found, strict=True)
        ]

    def fields(self, texts: Sequence[str]) -> Accepted | None:
        """The fields that `texts` say; None where not all of them are accepted as they stand."""
        try:
            return Accepted._make(map(getitem, self._columns, self._chosen(texts)))
        except (ValueError, BadText):
            return None


class Column(dict[str, Any]):
    """What the texts of one field come to, accepted; what they came to lately is known.

    ValueError or BadText where they come to nothing that is. A dictionary, and no lru_cache: most texts are
    found in it, and it is the fastest thing to find them in. `as_said`: `reader` takes plain positive numbers
    for themselves.
    """

    def __init__(self, outside: str, reader: Reader, *, as_said: bool = False) -> None:
        super().__init__()
        self._reader = reader
        self._check = _CHECKS[outside]
        self._may_be_absent = outside not in _REQUIRED
        self._absent = Accepted._field_defaults.get(_NAMES[outside])
        self._kept = 0 if outside in _NEVER_TWICE else _REMEMBERED
        _, steps = _said_of(WorkoutFields.model_fields[_NAMES[outside]])
        self._bounds = [step for step in steps if step is not canonical_number]
        self._plain = _PLAIN.fullmatch if as_said else _never

    def __missing__(self, text: str) -> Any:
        plain = self._plain(text)
        if plain:
            value: Any = Decimal(plain[plain.lastindex or 0])
            for step in self._bounds:
                value = step(value)
        else:
            value = self._reader(text)
            value = self._absent if value is None and self._may_be_absent else self._check(value)
        if self._kept and len(text) <= _SHORT:
            if len(self) >= self._kept:
                self.clear()
            self[text] = value
        return value


def _nothing(_text: str) -> None:
    """Of a field that a file does not have."""


def _never(_text: str) -> None:
    """Of a field whose texts are not told as numbers."""


def _check(field: FieldInfo) -> Check:
    """What makes an accepted value of `field` canonical, and raises ValueError at all others."""
    annotation, steps = _said_of(field)
    if annotation is Decimal:
        return _number(steps)
    if annotation is AwareDatetime:
        return _moment(steps)
    if annotation is str:
        return _text(steps)
    if get_origin(annotation) is Literal:
        return _word(get_args(annotation))
    raise TypeError(f"{annotation} has no short way")


def _said_of(field: FieldInfo) -> tuple[Any, list[Check]]:
    """The type of `field`, which may be None, too, and the checks of its values."""
    annotation: Any = field.annotation
    metadata = field.metadata
    if NoneType in get_args(annotation):
        (annotation,) = (each for each in get_args(annotation) if each is not NoneType)
    if get_origin(annotation) is Annotated:
        annotation, *inner = get_args(annotation)
        metadata = [*inner, *metadata]
    return annotation, [step for each in metadata for step in _steps(each)]


def _number(steps: Sequence[Check]) -> Check:
    canonical = _one_after_another(steps)

    def check(value: object) -> Any:
        if type(value) is not Decimal or not value.is_finite():
            raise ValueError
        return canonical(value)

    return check


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
    # Comparing the other way round calls no Python.
    match bound:
        case Gt(int(least)):
            return Decimal(least).__lt__
        case Ge(int(least)):
            return Decimal(least).__le__
        case Le(int(most)):
            return Decimal(most).__ge__
        case MaxLen(longest):
            return lambda value: len(value) <= longest
        case _:
            raise TypeError(f"{bound} has no short way")


def _holding(condition: Callable[[Any], object]) -> Check:
    def check(value: Any) -> Any:
        if not condition(value):
            raise ValueError
        return value

    return check


_NAMES = {field.alias or name: name for name, field in WorkoutFields.model_fields.items()}
_OUTSIDE = {name: outside for outside, name in _NAMES.items()}
_CHECKS = {outside: _check(WorkoutFields.model_fields[name]) for outside, name in _NAMES.items()}
# Times come once, and texts are checked as fast as they are found.
_REMEMBERING = {
    outside: check if outside in {"startedAt", "notes"} else _remembered(check)
    for outside, check in _CHECKS.items()
}
_REQUIRED = {outside for outside, name in _NAMES.items() if WorkoutFields.model_fields[name].is_required()}
_OPTIONAL = {outside for outside, name in _NAMES.items() if Accepted._field_defaults.get(name, "") is None}
