"""Tables with one row a set: where what stands, in which units, and what must be asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import islice
from operator import itemgetter

from wotr_common.units import METRES, WeightUnit
from wotr_workers.formats.gather import Head, Table, Texts, entries
from wotr_workers.formats.parsed import Asked, Entry, Layout, Settings
from wotr_workers.texts.columns import BadField, first_places, plain, width
from wotr_workers.texts.days import start
from wotr_workers.texts.figures import figure
from wotr_workers.texts.notes import printable
from wotr_workers.texts.rows import Broken, Row
from wotr_workers.texts.sets import LINE_MAX, Found, Question, bare, cut
from wotr_workers.texts.typed import exported_in
from wotr_workers.texts.unit_names import divided, metres, weight_unit
from wotr_workers.texts.values import BadText

_DISTINCT = 20_000  # amounts of a file that are looked at for their unit


@dataclass(frozen=True, slots=True)
class Columns:
    """The header's own names, where each thing stands, and the units that the header says.

    Things have the same names in all formats: date, title, exercise, weight, weight_unit, reps, distance,
    distance_unit, duration, rpe, notes, session_notes and more.
    """

    names: Texts
    places: Mapping[str, int]
    weight_unit: WeightUnit | None
    metres: Decimal | None

    def text(self, texts: Texts, thing: str) -> str:
        """What a row says of a thing, empty where there is no column for it."""
        place = self.places.get(thing)
        return "" if place is None else texts[place]


Meaning = Callable[[Mapping[str, str], "Units"], Found]


@dataclass(frozen=True, slots=True)
class Units:
    """The units of a table's amounts, where a row does not say its own."""

    weight: WeightUnit | None
    metres: Decimal | None

    def weight_of(self, said: Mapping[str, str]) -> WeightUnit | None:
        """The unit of a row's weight; None where nobody says it."""
        return weight_unit(said.get("weight_unit", "")) or self.weight

    def metres_of(self, said: Mapping[str, str]) -> Decimal | None:
        """How many metres the unit of a row's distance has; None where nobody says it."""
        return metres(said.get("distance_unit", "")) or self.metres


def columns_of(header: Texts, spellings: Mapping[str, Iterable[str]]) -> Columns:
    """The columns of a header whose names are spelled so, with or without their unit."""
    header = header[: width(header)]
    names = [plain(text) for text in header]
    known = {spelling for each in spellings.values() for spelling in each}
    parts = [(name, "") if name in known else divided(name) for name in names]
    places = first_places([name for name, _unit in parts], spellings)
    said = {thing: parts[place][1] for thing, place in places.items()}
    return Columns(header, places, weight_unit(said.get("weight", "")), metres(said.get("distance", "")))


@dataclass(frozen=True, slots=True)
class Reading:
    """How a format reads its table.

    `required` things tell sessions and exercises; those of `telling` tell sessions apart. `begun` makes a
    session of its first row and `meaning` says what a row means by the texts of `meant` things. `fitted`
    makes a row that is too wide fit the header.
    """

    required: frozenset[str]
    telling: tuple[str, ...]
    meant: tuple[str, ...]
    begun: Callable[[Texts, Columns, Settings], Head]
    meaning: Meaning
    fitted: Callable[[Texts, Columns], Texts | None] | None = None

    def layout(self, columns: Columns, *, headerless: bool = False) -> Layout:
        """The layout of a file with these columns."""
        asked: set[Question] = {"timezone"}
        if columns.weight_unit is None and "weight" in columns.places:
            asked.add("weightUnit")
        if columns.metres is None and "distance" in columns.places:
            asked.add("distanceUnit")

        def read(rows: Iterable[Row], settings: Settings) -> Iterator[Entry]:
            return entries(rows, self.table(columns, settings))

        def survey(rows: Iterable[Row], settings: Settings) -> Settings:
            return _surveyed(rows, columns, self.table(columns, settings), settings)

        return Layout(read, frozenset(asked), survey if "weightUnit" in asked else None, headerless)

    def table(self, columns: Columns, settings: Settings) -> Table:
        """The table with these columns, its units being those of the settings where it does not say them."""
        places = columns.places
        meant = [thing for thing in self.meant if thing in places]
        said_metres = METRES[settings.distance_unit] if settings.distance_unit else None
        units = Units(columns.weight_unit or settings.weight_unit, columns.metres or said_metres)
        fitted = self.fitted

        def begun(texts: Texts) -> Head:
            return self.begun(texts, columns, settings)

        def meaning(texts: tuple[str, ...]) -> Found:
            return self.meaning(dict(zip(meant, texts, strict=True)), units)

        return Table(
            names=columns.names,
            needed=1 + max(places[thing] for thing in self.required),
            things={thing: columns.names[place] for thing, place in places.items()},
            telling=itemgetter(*(places[thing] for thing in self.telling)),
            begun=begun,
            chosen=itemgetter(*(places[thing] for thing in meant)),
            meaning=meaning,
            notes=places.get("session_notes", -1),
            fitted=None if fitted is None else lambda texts: fitted(texts, columns),
        )


def titled(texts: Texts, columns: Columns, settings: Settings) -> Head:
    """The session of a row, told from others by its local start and its title, which every export has.

    BadField where the row says no time; Unsaid.
    """
    place = columns.places["date"]
    try:
        local, started_at, date_only = start(texts[place], settings.timezone)
    except BadText as error:
        raise BadField(place, str(error)) from None
    title = printable(columns.text(texts, "title"))
    return Head(
        identity=f"{local.isoformat()}|{title}",
        local=local,
        started_at=started_at,
        date_only=date_only,
        title=cut(title, LINE_MAX) or None,
    )


def is_number(text: str) -> bool:
    """Whether `text` is a number in any spelling."""
    try:
        return figure(text) is not None
    except BadText:
        return False


_TELLING_ROWS = 20_000  # whose weights tell their unit, where nothing else is to be asked


def _surveyed(rows: Iterable[Row], columns: Columns, table: Table, settings: Settings) -> Settings:
    """The settings with the unit that the weights give away; Asked for what nobody says."""
    weights = _Doubtful(columns, "weight", columns.weight_unit, weight_unit)
    lengths = _Doubtful(columns, "distance", columns.metres, metres)
    first = 0
    said = (settings.weight_unit, settings.distance_unit, settings.timezone)
    for row in islice(rows, None if None in said else _TELLING_ROWS):
        if isinstance(row, Broken):
            continue
        texts = row.texts if len(row.texts) == len(columns.names) else table.fit(row.texts)
        if texts is not None:
            first = first or row.line
            weights.take(row.line, texts)
            lengths.take(row.line, texts)
    settings = replace(settings, weight_unit=exported_in(weights.seen) or settings.weight_unit)
    if weights.line and settings.weight_unit is None:
        raise Asked("weightUnit", weights.line)
    if lengths.line and settings.distance_unit is None:
        raise Asked("distanceUnit", lengths.line)
    if first and settings.timezone is None:
        raise Asked("timezone", first)
    return settings


class _Doubtful:
    """The amounts of a thing whose unit the file does not say: those `seen`, and the `line` of the first."""

    def __init__(
        self, columns: Columns, thing: str, unit: object | None, known: Callable[[str], object | None]
    ) -> None:
        self._place = columns.places.get(thing, -1) if unit is None else -1
        self._unit = columns.places.get(f"{thing}_unit", -1)
        self._known = known
        self.seen: set[str] = set()
        self.line = 0

    def take(self, line: int, texts: Texts) -> None:
        """Look at a row."""
        text = texts[self._place] if self._place >= 0 else ""
        if text in self.seen or bare(text) or len(self.seen) >= _DISTINCT:
            return
        if (self._unit < 0 or self._known(texts[self._unit]) is None) and is_number(text):
            self.seen.add(text)
            self.line = self.line or line
