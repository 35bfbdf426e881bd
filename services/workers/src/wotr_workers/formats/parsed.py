"""What a format's reader makes of rows, and how a format says that a file is its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, NamedTuple
from zoneinfo import ZoneInfo

from wotr_common.session import TrainingSet
from wotr_common.units import DistanceUnit, WeightUnit
from wotr_workers.texts.rows import Row, SetAside
from wotr_workers.texts.sets import Question

if TYPE_CHECKING:
    from wotr_workers.texts.accept import Accepted


@dataclass(frozen=True, slots=True)
class Settings:
    """What is known of a file beyond its content; None: nobody said."""

    weight_unit: WeightUnit | None = None
    distance_unit: DistanceUnit | None = None
    timezone: ZoneInfo | None = None


class ParsedWorkout(NamedTuple):
    """A workout as its row says it; `fields` are those of WorkoutFields by their outside names.

    A `durationMin` of None says that nobody knows how long it took; without it, a row is set aside. A reader
    may have had the fields accepted already.

    `source_id` is its identity in the app it came from; None where the start alone is its identity. `source`
    is set only by our own export, which says where its workouts came from before.
    """

    line: int
    fields: Mapping[str, object] | Accepted
    source_id: str | None = None
    warnings: tuple[str, ...] = ()
    source: str | None = None


class ParsedSet(NamedTuple):
    """A set as its row says it, in canonical units and with its warnings."""

    line: int
    training_set: TrainingSet


@dataclass(frozen=True, slots=True)
class ParsedSession:
    """Neighbouring rows of one session.

    `identity` tells the session from all others of its source, in the same text in every export and in any
    unit or zone. `local` is its start on the athlete's own clock, without a zone. Where the file says no more
    than the date, `date_only` is true and the start is noon. `sets` are in the order of rows; a session whose
    rows are not neighbours comes as several of these, which continue each other.

    The fields from `source` on are set only by our own export, which says them as they were stored; `line` is
    that of the session's own row, which alone tells of a session without sets.
    """

    identity: str
    local: datetime
    started_at: datetime
    sets: tuple[ParsedSet, ...]
    title: str | None = None
    notes: str | None = None
    duration_min: Decimal | None = None
    rpe: Decimal | None = None
    calories_burned: Decimal | None = None
    avg_heart_rate: Decimal | None = None
    type: str = "strength"
    date_only: bool = False
    warnings: tuple[str, ...] = ()
    source: str | None = None
    source_id: str | None = None
    session_id: str | None = None
    state: Literal["open", "completed"] = "completed"
    line: int | None = None
    distance_m: Decimal | None = None
    intensity: str | None = None
    photo_key: str | None = None


@dataclass(frozen=True, slots=True)
class Remark:
    """A row that carries neither a workout nor a set: a rest timer, a note, a section's title."""

    line: int


Entry = ParsedWorkout | ParsedSession | SetAside | Remark


@dataclass(frozen=True, slots=True)
class Layout:
    """How the file at hand is read, told by its header.

    `read` makes entries of the rows below the header; it raises Asked at the first row that cannot be
    understood without a setting that nobody said. `may_ask` are the settings it may need. `survey` looks
    through all rows for what answers its questions, and returns the settings with these answers, or raises
    Asked; without a `survey` of its own a layout is surveyed by reading it to the end. A layout's own survey
    is asked even where all settings are said: what a file gives away overrules them.
    `headerless`: the first line is no header but the first row.
    """

    read: Callable[[Iterable[Row], Settings], Iterator[Entry]]
    may_ask: frozenset[Question] = frozenset()
    survey: Callable[[Iterable[Row], Settings], Settings] | None = None
    headerless: bool = False


@dataclass(frozen=True, slots=True)
class Format:
    """An export format.

    `recognise` makes a layout where the texts of the first line are the format's own, and returns None where
    they are not; it raises Unrecognised where they are nearly so. `expects` describes the header to a person.
    """

    name: str
    source: str
    expects: str
    recognise: Callable[[Sequence[str]], Layout | None]


class Unrecognised(Exception):
    """The file cannot be read in any format; the message says what was found and what is expected."""


class Asked(Exception):
    """A row cannot be understood without a setting that nobody said."""

    def __init__(self, question: Question, line: int) -> None:
        super().__init__(question)
        self.question = question
        self.line = line
