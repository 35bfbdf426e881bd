"""Strava's `activities.csv`, as exported since 2018, in several languages, and as saved again by pandas or R.

Which column is meant, where a name repeats: the second block (from the second `Elapsed Time` on) is what
machines read. Its `Distance`, the last one, is in metres with a decimal point; the first is in the athlete's
locale and in kilometres, or metres for some sports. Times are UTC.

Duration is the moving time, for it is what Strava shows and divides by for speed, and what athletes expect
totals to be made of; the elapsed time takes its place where there is none, and says whether a timer was left
running.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal

from wotr_workers.formats.parsed import Entry, Format, Layout, ParsedWorkout, Settings
from wotr_workers.texts.accept import Accepted, Column, checked
from wotr_workers.texts.columns import (
    BadField,
    first_places,
    fitting,
    last_places,
    numbers,
    plain,
    spelled,
    width,
)
from wotr_workers.texts.dates import moment
from wotr_workers.texts.figures import amount
from wotr_workers.texts.lengths import minutes
from wotr_workers.texts.notes import notes
from wotr_workers.texts.rows import Fields, Row, SetAside
from wotr_workers.texts.sports import OTHER, sport
from wotr_workers.texts.values import BadText, shown

# English, Dutch, German, French, Spanish, Italian, Portuguese, Japanese; 2018 had short English names.
_SPELLINGS = spelled(
    {
        "id": "activity id|activiteits-id|aktivitäts-id|id de l'activité|id de actividad|id de la actividad|"
        "id attività|id dell'attività|id da atividade|アクティビティID|id",
        "date": "activity date|datum van activiteit|aktivitätsdatum|date de l'activité|fecha de la actividad|"
        "data dell'attività|data attività|data da atividade|アクティビティ実行日|アクティビティ日|date",
        "name": "activity name|naam activiteit|name der aktivität|nom de l'activité|nombre de la actividad|"
        "nome dell'attività|nome attività|nome da atividade|アクティビティ名|name",
        "type": "activity type|activiteitstype|aktivitätsart|type d'activité|tipo de actividad|"
        "tipo di attività|tipo attività|tipo de atividade|アクティビティタイプ|type",
        "description": "activity description|beschrijving van activiteit|beschreibung der aktivität|"
        "aktivitätsbeschreibung|description de l'activité|descripción de la actividad|"
        "descrizione dell'attività|descrição da atividade|アクティビティの説明|description",
        "elapsed": "elapsed time|verstreken tijd|verstrichene zeit|temps écoulé|tiempo transcurrido|"
        "tempo trascorso|tempo decorrido|経過時間",
        "moving": "moving time|beweegtijd|bewegungszeit|durée de déplacement|temps de déplacement|"
        "tiempo en movimiento|tempo in movimento|tempo em movimento|tempo de movimentação|移動時間",
        "distance": "distance|afstand|distanz|distancia|distanza|distância|距離",
        "calories": "calories|calorieën|kalorien|calorías|calorie|calorias|カロリー",
        "heart_rate": "average heart rate|gemiddelde hartslag|durchschnittliche herzfrequenz|"
        "durchschnittliche hf|"
        "fréquence cardiaque moyenne|ritmo cardiaco promedio|ritmo cardíaco promedio|"
        "frecuencia cardiaca media|frecuencia cardíaca media|frequenza cardiaca media|"
        "frequência cardíaca média|平均心拍数",
        "rpe": "perceived exertion|ervaren inspanning|empfundene anstrengung|wahrgenommene anstrengung|"
        "effort perçu|effort ressenti|esfuerzo percibido|sforzo percepito|esforço percebido|自覚的運動強度",
    }
)
_GENERAL_DATE = plain("date")  # other exports have one too
_OF_2018 = {plain(name) for name in ("id", "date", "elapsed_time", "filename")}

_AMOUNTS = ("elapsed", "moving", "calories", "heart_rate", "rpe")
_IN_METRES = frozenset({"swim", "row"})
_NAUTICAL = re.compile(r"\b(sail|zeil|segel|voile|vela)", re.IGNORECASE)
_NAUTICAL_MILE_M = 1852
_POINT_GROUPS = re.compile(r"\d{1,3}(\.\d{3})+", re.ASCII)
_ID_LONGEST = 64
_ID = re.compile(rf"[0-9A-Za-z_-]{{1,{_ID_LONGEST}}}")
_ID_AS_FLOAT = re.compile(r"(\d+)\.0+", re.ASCII)
_ID_ROUNDED = re.compile(r"\d(\.\d+)?[eE]\+?\d{1,2}")  # a spreadsheet has lost its last digits


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where each thing stands in a row; -1 where it does not. `names` are the file's own, for messages."""

    names: Sequence[str]
    id: int
    date: int
    name: int
    type: int
    description: int
    elapsed: int
    distance_shown: int
    amounts: tuple[tuple[str, int], ...]


def recognise(header: Sequence[str]) -> Layout | None:
    """A layout where the header is one of Strava's."""
    names = [plain(text) for text in header]
    first = first_places(names, _SPELLINGS)
    if "date" not in first or not {"elapsed", "moving"} & first.keys():
        return None
    of_2018 = set(names) >= _OF_2018
    if names[first["date"]] == _GENERAL_DATE and not of_2018:
        return None
    columns = _columns(header, names, first, of_2018)
    plainly = _Plainly(columns)

    def read(rows: Iterable[Row], _settings: Settings) -> Iterator[Entry]:
        for row in rows:
            fields = fitting(row, len(columns.names))
            if isinstance(fields, SetAside):
                yield fields
            else:
                yield plainly.entry(fields) or _entry(fields, columns)

    return Layout(read)


FORMAT = Format(
    "strava", "strava", "Strava's activities.csv (Activity ID, Activity Date, Activity Name, …)", recognise
)


def _columns(header: Sequence[str], names: Sequence[str], first: dict[str, int], of_2018: bool) -> _Columns:
    """The second block's columns where there are two, and the first's beside them."""
    last = last_places(names, _SPELLINGS)
    amounts_at = {thing: last[thing] for thing in _AMOUNTS if thing in last}
    distance, shown_at = last.get("distance", -1), first.get("distance", -1)
    # The last one is in metres where it is a second one or stands where the second block has it.
    if of_2018 or distance > shown_at or distance > last.get("moving", len(names)):
        amounts_at["distance"] = distance
    if first.get("elapsed") != last.get("elapsed"):
        amounts_at["elapsed_shown"] = first["elapsed"]
    return _Columns(
        names=[text.strip() for text in header[: width(header)]],
        **{thing: first.get(thing, -1) for thing in ("id", "date", "name", "type", "description")},
        elapsed=last.get("elapsed", last.get("moving", -1)),
        distance_shown=-1 if "distance" in amounts_at else shown_at,
        amounts=tuple(amounts_at.items()),
    )


class _Plainly:
    """Rows in which every figure is accepted as it stands: most of them, and read several times faster."""

    def __init__(self, columns: _Columns) -> None:
        at = dict(columns.amounts)
        self._columns = columns
        self._amounts = [
            (Column(outside, reader, as_said=reader is amount), at.get(thing, -1))
            for outside, thing, reader in (
                ("caloriesBurned", "calories", amount),
                ("distanceM", "distance", amount),
                ("avgHeartRate", "heart_rate", amount),
                ("rpe", "rpe", _halves),
            )
        ]
        self._times = tuple(at.get(thing, -1) for thing in ("moving", "elapsed", "elapsed_shown"))

    def entry(self, row: Fields) -> ParsedWorkout | None:
        """The workout of a row; None where it takes more than a look to tell what it says."""
        line, texts = row
        columns = self._columns
        if columns.distance_shown >= 0:
            return None
        ours = sport(texts[columns.type]) if columns.type >= 0 else OTHER
        try:
            duration, odd = _known_duration(
                ours, *[texts[place] if place >= 0 else "" for place in self._times]
            )
            calories, distance, heart_rate, rpe = [
                known[texts[place]] if place >= 0 else None for known, place in self._amounts
            ]
            started_at = _utc(texts, columns.date)
            source_id = _source_id(texts, columns.id) if columns.id >= 0 else None
        except (BadField, BadText, ValueError):
            return None
        text, cut = _notes(texts, columns)
        fields = Accepted(ours, started_at, duration, calories, distance, heart_rate, rpe, notes=text)
        return ParsedWorkout(line, fields, source_id, odd + cut)


def _halves(text: str) -> Decimal | None:
    value = amount(text)
    return value and (value * 2).quantize(Decimal(1), ROUND_HALF_EVEN) / 2


def _known_duration(
    ours: str, moving: str, elapsed: str, elapsed_shown: str
) -> tuple[Decimal | None, tuple[str, ...]]:
    """Minutes that are accepted, None where nobody knows them, and warnings; BadText, ValueError."""
    shown_too = amount(elapsed_shown)
    fields, odd = minutes(ours, amount(moving), amount(elapsed) or shown_too)
    return checked("durationMin", fields["durationMin"]), odd


def _entry(row: Fields, columns: _Columns) -> Entry:
    texts = row.texts
    kind = texts[columns.type] if columns.type >= 0 else ""
    ours = sport(kind)
    try:
        started_at = _utc(texts, columns.date)
        source_id = _source_id(texts, columns.id) if columns.id >= 0 else None
        said = numbers(amount, texts, columns.amounts)
        distance = said.get("distance") or _distance_shown(texts, columns.distance_shown, ours, kind)
        duration, warnings = _duration(ours, said, columns.elapsed)
    except BadField as error:
        return SetAside(row.line, columns.names[error.place], str(error))
    text, cut = _notes(texts, columns)
    rpe = said.get("rpe")
    fields: dict[str, object] = {
        "type": ours,
        "startedAt": started_at,
        **duration,
        "caloriesBurned": said.get("calories"),
        "distanceM": distance,
        "avgHeartRate": said.get("heart_rate"),
        "rpe": rpe and (rpe * 2).quantize(Decimal(1), ROUND_HALF_EVEN) / 2,
        "notes": text,
    }
    return ParsedWorkout(row.line, fields, source_id, warnings + cut)


def _notes(texts: Sequence[str], columns: _Columns) -> tuple[str | None, tuple[str, ...]]:
    return notes(
        texts[columns.name] if columns.name >= 0 else "",
        texts[columns.description] if columns.description >= 0 else "",
    )


def _utc(texts: Sequence[str], place: int) -> datetime:
    try:
        found = moment(texts[place])
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (BadText, OverflowError) as error:
        raise BadField(place, str(error)) from None


def _source_id(texts: Sequence[str], place: int) -> str | None:
    text = texts[place].strip()
    if text.isdecimal() and text.isascii() and len(text) <= _ID_LONGEST:
        return text
    as_float = _ID_AS_FLOAT.fullmatch(text)  # where pandas saved the file again
    if as_float:
        return as_float[1]
    if not text or _ID_ROUNDED.fullmatch(text):
        return None
    if not _ID.fullmatch(text):
        raise BadField(place, f"must be Strava's number of the activity, not {shown(text)}")
    return text


def _duration(ours: str, said: dict[str, Decimal], place: int) -> tuple[dict[str, object], tuple[str, ...]]:
    elapsed = said.get("elapsed") or said.get("elapsed_shown")
    try:
        return minutes(ours, said.get("moving"), elapsed)
    except BadText as error:
        raise BadField(place, str(error)) from None


def _distance_shown(texts: Sequence[str], place: int, ours: str, kind: str) -> Decimal | None:
    """Metres of the first distance, which is as the app shows it: hundredths of a kilometre, or metres."""
    if place < 0:
        return None
    text = texts[place].strip()
    in_metres = ours in _IN_METRES
    if in_metres and _POINT_GROUPS.fullmatch(text):
        text = text.replace(".", "")
    try:
        value = amount(text)
    except BadText as error:
        raise BadField(place, str(error)) from None
    if value is None or in_metres:
        return value
    return value * (_NAUTICAL_MILE_M if _NAUTICAL.search(kind) else 1000)
