"""Garmin Connect's `Activities.csv`: columns by sport, settings and language, and what they leave unsaid.

Times are on the athlete's own clock. Distances have two decimals in kilometres or miles, and none in metres:
pool and open-water swims, runs on a track. No column says which of kilometres and miles; see `strides`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from wotr_common.units import METRES
from wotr_workers.formats.parsed import Asked, Entry, Format, Layout, ParsedWorkout, Settings
from wotr_workers.formats.strides import Evidence
from wotr_workers.texts.columns import (
    BadField,
    first_places,
    fitting,
    numbers,
    plain,
    spelled,
    width,
)
from wotr_workers.texts.dates import moment
from wotr_workers.texts.figures import amount, seconds
from wotr_workers.texts.lengths import minutes
from wotr_workers.texts.notes import notes
from wotr_workers.texts.rows import Fields, Row, SetAside
from wotr_workers.texts.sets import Question
from wotr_workers.texts.sports import sport
from wotr_workers.texts.times import utc
from wotr_workers.texts.values import BadText

# English, Danish, Swedish, Norwegian, German, Polish, Spanish, Portuguese, French, Italian, Dutch, Hungarian,
# Finnish, Czech, Japanese, Chinese.
_SPELLINGS = spelled(
    {
        "type": "activity type|aktivitetstype|aktivitetstyp|aktivitätstyp|typ aktywności|tipo de actividad|"
        "tipo de atividade|type d'activité|tipo di attività|tipo attività|activiteittype|activiteitstype|"
        "type activiteit|soort activiteit|tevékenység típusa|aktiviteetin tyyppi|aktiviteettityyppi|"
        "lajityyppi|suoritustyyppi|typ aktivity|アクティビティタイプ|活动类型|活動類型|運動類型",
        "date": "date|dato|datum|data|fecha|dátum|päivämäärä|päiväys|日付|日期",
        "title": "title|titel|namn|tittel|tytuł|título|titre|titolo|cím|otsikko|nimi|název|タイトル|"
        "标题|標題",
        "distance": "distance|distans|distanse|distanz|dystans|distancia|distância|distanza|afstand|távolság|"
        "matka|etäisyys|vzdálenost|距離|距离",
        "calories": "calories|kalorier|kalorien|kalorie|calorías|calorias|calorie|calorieën|kalóriaszám|"
        "kalóriák|kalorit|total calories|totale kalorier|suma kalorii|カロリー|热量消耗|卡路里|消耗熱量",
        "heart_rate": "avg hr|avg heart rate|average hr|average heart rate|gennemsnitlig puls|medelpuls|"
        "gjennomsnittlig puls|gj.snittlig puls|gjennomsnittspuls|ø herzfrequenz|ø hf|"
        "durchschnittliche herzfrequenz|średnie tętno|frecuencia cardiaca media|frecuencia cardíaca media|"
        "fc media|fc média|fréquence cardiaque moyenne|fc moyenne|gem. hs|gemiddelde hs|gem. hartslag|"
        "gemiddelde hartslag|átlagos pulzusszám|átl. pulzus|keskisyke|keskim. syke|keskimääräinen syke|"
        "průměrný st|prům. st|průměrná tepová frekvence|平均心拍数|平均心率",
        "time": "time|tid|zeit|czas|tiempo|tempo|durée|temps|tijd|idő|aika|čas|タイム|時間|时间",
        "elapsed": "elapsed time|tidsforbrug|total tid|medgått tid|verstrichene zeit|upłynęło czasu|"
        "tiempo transcurrido|duração|tempo decorrido|temps écoulé|tempo trascorso|verstreken tijd|"
        "eltelt idő|kulunut aika|uplynulý čas|経過時間|全程耗时|经过时间",
        "moving": "moving time|tid i bevægelse|färdtid|tid i bevegelse|zeit in bewegung|czas ruchu|"
        "tiempo en movimiento|tempo em movimento|temps de déplacement|tempo in movimento|"
        "tijd in beweging|bewegingstijd|menetidő|liikkumisaika|čas v pohybu|移動時間|移动时间",
        "stride": "avg stride length|gennemsnitlig skridtlængde|medelsteglängd|gjennomsnittlig skrittlengde|"
        "ø schrittlänge|średnia długość kroku|longitud media de zancada|comprimento médio da passada|"
        "longueur moyenne des foulées|longueur de foulée moyenne|lunghezza media passo|gem. staplengte|"
        "gemiddelde staplengte|átlagos lépéshossz|keskimääräinen askelpituus|průměrná délka kroku|"
        "平均歩幅|平均步长|平均步幅",
        "warmest": "max temp|maksimum temperatur|maximal temperatur|makstemperatur|maximale temperatur|"
        "maksymalna temperatura|temperatura máxima|temp máxima|température maximale|temperatura max|"
        "maximale temperatuur|max. hőmérséklet|最高気温|最高温度",
    }
)
# The cadence of the commonest sport names the column for all: steps stand in `Avg Bike Cadence` too.
_CADENCE = re.compile(
    r"cad|kaden|schrittfrequenz|frekvens|rytm|pedálütem|avg strokes|gem slagen|ピッチ|步频|踏频"
)
_HIGHEST = re.compile(r"\bma(x|ks)|máx|最高|最大")

# A whole number of kilometres or miles that would be faster than this an hour is one of metres.
_FASTEST = {"swim": 8, "walk": 15, "hike": 15, "run": 30, "row": 30}
_FASTEST_OF_ALL = 250
_UNTIMED = 500  # the same where nobody knows how long it took
_AMOUNTS = ("calories", "heart_rate")
_LENGTHS = ("time", "moving", "elapsed")


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where each thing stands in a row; -1 where it does not. `names` are the file's own, for messages."""

    names: Sequence[str]
    type: int
    date: int
    title: int
    distance: int
    stride: int
    warmest: int
    cadences: tuple[int, ...]
    amounts: tuple[tuple[str, int], ...]
    lengths: tuple[tuple[str, int], ...]


def recognise(header: Sequence[str]) -> Layout | None:
    """A layout where the header is one of Garmin's."""
    names = [plain(text) for text in header[: width(header)]]
    first = first_places(names, _SPELLINGS)
    if (
        not {"type", "date"} <= first.keys()
        or not {"distance", "calories", "title", *_LENGTHS} & first.keys()
    ):
        return None
    columns = _Columns(
        names=[text.strip() for text in header[: len(names)]],
        **{
            thing: first.get(thing, -1)
            for thing in ("type", "date", "title", "distance", "stride", "warmest")
        },
        cadences=tuple(
            place for place, name in enumerate(names) if _CADENCE.search(name) and not _HIGHEST.search(name)
        ),
        amounts=tuple((thing, first[thing]) for thing in _AMOUNTS if thing in first),
        lengths=tuple((thing, first[thing]) for thing in _LENGTHS if thing in first),
    )

    def read(rows: Iterable[Row], settings: Settings) -> Iterator[Entry]:
        for row in rows:
            fields = fitting(row, len(columns.names))
            yield fields if isinstance(fields, SetAside) else _entry(fields, columns, settings)

    def survey(rows: Iterable[Row], settings: Settings) -> Settings:
        return _surveyed(rows, columns, settings)

    may_ask: set[Question] = {"timezone"}
    if columns.distance >= 0:
        may_ask.add("distanceUnit")
    return Layout(read, frozenset(may_ask), survey)


FORMAT = Format(
    "garmin", "garmin", "Garmin Connect's Activities.csv (Activity Type, Date, Favorite, Title, …)", recognise
)


def _entry(row: Fields, columns: _Columns, settings: Settings) -> Entry:
    texts = row.texts
    ours = sport(texts[columns.type])
    try:
        local = _local(texts, columns.date)
        if settings.timezone is None:
            raise Asked("timezone", row.line)
        said = numbers(amount, texts, columns.amounts)
        took, elapsed = _lengths(texts, columns)
        duration, warnings = _duration(ours, took, elapsed, columns)
        distance, in_metres = _distance(texts, columns, ours, took)
        started_at = utc(local, settings.timezone)
    except BadField as error:
        return SetAside(row.line, columns.names[error.place], str(error))
    except BadText as error:
        return SetAside(row.line, columns.names[columns.date], str(error))
    if distance and not in_metres:
        if settings.distance_unit is None:
            raise Asked("distanceUnit", row.line)
        distance *= METRES[settings.distance_unit]
    text, cut = notes(texts[columns.title] if columns.title >= 0 else "")
    fields: dict[str, object] = {
        "type": ours,
        "startedAt": started_at,
        **duration,
        "caloriesBurned": said.get("calories"),
        "distanceM": distance,
        "avgHeartRate": said.get("heart_rate"),
        "notes": text,
    }
    return ParsedWorkout(row.line, fields, _source_id(local, ours), warnings + cut)


def _source_id(local: datetime, ours: str) -> str:
    """Start and type, whatever the language, zone and units: Garmin gives no number."""
    return hashlib.sha256(f"{local.isoformat()}|{ours}".encode()).hexdigest()[:16]


def _local(texts: Sequence[str], place: int) -> datetime:
    try:
        return moment(texts[place]).replace(tzinfo=None)
    except BadText as error:
        raise BadField(place, str(error)) from None


def _lengths(texts: Sequence[str], columns: _Columns) -> tuple[Decimal | None, Decimal | None]:
    """Seconds that it took, and from start to end, as far as they are said."""
    said = numbers(seconds, texts, columns.lengths)
    took, elapsed = said.get("time"), said.get("elapsed")
    other = elapsed or said.get("moving")
    # Spreadsheets cut `01:05:30` to `1:05`, which elsewhere is a minute and five seconds.
    if took and other and abs(took * 60 - other) < abs(took - other):
        took *= 60
    return took or said.get("moving") or elapsed, elapsed


def _duration(
    ours: str, took: Decimal | None, elapsed: Decimal | None, columns: _Columns
) -> tuple[dict[str, object], tuple[str, ...]]:
    try:
        return minutes(ours, took, elapsed)
    except BadText as error:
        raise BadField(columns.lengths[-1][1], str(error)) from None


def _distance(
    texts: Sequence[str], columns: _Columns, ours: str, took: Decimal | None
) -> tuple[Decimal | None, bool]:
    """The distance as it is said, and whether it is in metres."""
    if columns.distance < 0:
        return None, False
    text = texts[columns.distance]
    try:
        value = amount(text)
    except BadText as error:
        raise BadField(columns.distance, str(error)) from None
    if value is None or value != value.to_integral_value() or text.rstrip().endswith(".00"):
        return value, False
    if took is None:
        return value, value > _UNTIMED
    return value, value * 3600 / took > _FASTEST.get(ours, _FASTEST_OF_ALL)


def _surveyed(rows: Iterable[Row], columns: _Columns, settings: Settings) -> Settings:
    """The settings with the unit that the strides or the temperatures give away; Asked where they do not."""
    evidence = Evidence()
    in_question = None
    for found in rows:
        row = fitting(found, len(columns.names))
        if isinstance(row, SetAside):
            continue
        try:
            _local(row.texts, columns.date)
            took, _elapsed = _lengths(row.texts, columns)
            distance, in_metres = _distance(row.texts, columns, sport(row.texts[columns.type]), took)
            if settings.timezone is None:
                raise Asked("timezone", row.line)
            if distance and not in_metres:
                in_question = in_question or row.line
                _take(evidence, row.texts, columns, distance, took)
        except BadField:
            continue
        if settings.distance_unit or evidence.enough:
            break
    if settings.distance_unit or in_question is None:
        return settings
    unit = evidence.unit
    if unit is None:
        raise Asked("distanceUnit", in_question)
    return replace(settings, distance_unit=unit)


def _take(
    evidence: Evidence, texts: Sequence[str], columns: _Columns, distance: Decimal, took: Decimal | None
) -> None:
    evidence.degrees(_float(texts, columns.warmest))
    stride = _float(texts, columns.stride) * float(took or 0) / 60 / float(distance)
    evidence.walked([stride * _float(texts, place) for place in columns.cadences])


def _float(texts: Sequence[str], place: int) -> float:
    """The amount at a place, 0 where there is none: what cannot be read speaks for nothing."""
    try:
        return float(amount(texts[place]) or 0) if place >= 0 else 0.0
    except BadText:
        return 0.0
