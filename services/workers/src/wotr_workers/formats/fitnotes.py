"""FitNotes's export: one row a set, under a date and no more; a day's rows are its session.

FitNotes does not quote the names of exercises: a comma in one makes the row wider than the header. Where the
name ends is told by what stands behind it. Identical rows are real sets.
"""

from __future__ import annotations

from collections.abc import Mapping

from wotr_workers.formats.gather import Head, Texts
from wotr_workers.formats.parsed import Format, Layout, Settings
from wotr_workers.formats.tables import Columns, Reading, Units, columns_of, titled
from wotr_workers.texts.columns import spelled
from wotr_workers.texts.figures import figure, seconds
from wotr_workers.texts.sets import Found, Nothing, SetTexts, bare, training_set
from wotr_workers.texts.unit_names import metres, weight_unit
from wotr_workers.texts.values import BadText

_SPELLINGS = spelled(
    {
        "date": "date|datum|fecha|data",
        "exercise": "exercise|übung|ejercicio|exercice|esercizio|exercício|oefening",
        "category": "category|kategorie|categoría|catégorie|categoria|categorie",
        "weight": "weight|gewicht|peso|poids",
        "weight_unit": "weight unit|gewichtseinheit|unidad de peso|unité de poids|unità di peso|"
        "unidade de peso",
        "reps": "reps|wiederholungen|repeticiones|répétitions|ripetizioni|repetições|herhalingen",
        "distance": "distance|distanz|distancia|distanza|distância|afstand",
        "distance_unit": "distance unit|distanzeinheit|unidad de distancia|unité de distance|"
        "unità di distanza|unidade de distância",
        "duration": "time|duration|zeit|tiempo|temps|tempo|tijd",
        "notes": "comment|comments|notes|kommentar|comentario|commentaire|commento|comentário",
    }
)


def recognise(header: Texts) -> Layout | None:
    """A layout where the header is one of FitNotes's."""
    found = columns_of(header, _SPELLINGS)
    return _READING.layout(found) if found.places.keys() >= _READING.required else None


FORMAT = Format("fitnotes", "fitnotes", "FitNotes's export (Date, Exercise, Category, Weight, …)", recognise)


def _begun(texts: Texts, columns: Columns, settings: Settings) -> Head:
    """The session of a row's date."""
    session = titled(texts, columns, settings)
    return session._replace(identity=session.local.date().isoformat()) if session.date_only else session


def _meaning(said: Mapping[str, str], units: Units) -> Found:
    """The set that a row says."""
    if not said["exercise"].strip() and all(bare(text) for text in said.values()):
        return Nothing()
    return training_set(
        SetTexts(
            exercise=said["exercise"],
            weight=said.get("weight", ""),
            weight_unit=units.weight_of(said),
            reps=said.get("reps", ""),
            distance=said.get("distance", ""),
            metres=units.metres_of(said),
            duration=said.get("duration", ""),
            notes=said.get("notes", ""),
        )
    )


def _fitted(texts: Texts, columns: Columns) -> Texts | None:
    """A row that is too wide as one that fits, the name of the exercise put together again.

    As few commas as possible are the name's; the rest must be delimiters to spare, at the end.
    """
    count, place = len(columns.names), columns.places["exercise"]
    for commas in range(len(texts) - count + 1):
        end = place + commas + 1
        fitted = [*texts[:place], ",".join(texts[place:end]), *texts[end:]]
        if not any(map(str.strip, fitted[count:])) and _fits(fitted, columns):
            return fitted[:count]
    return None


def _fits(texts: Texts, columns: Columns) -> bool:
    """Whether there are amounts, units and a time where they belong."""
    try:
        for thing in ("weight", "reps", "distance"):
            figure(columns.text(texts, thing))
        time = columns.text(texts, "duration")
        if ":" in time:
            seconds(time)
        else:
            figure(time)
    except BadText:
        return False
    units = columns.text(texts, "weight_unit").strip(), columns.text(texts, "distance_unit").strip()
    return (not units[0] or weight_unit(units[0]) is not None) and (
        not units[1] or metres(units[1]) is not None
    )


_READING = Reading(
    required=frozenset({"date", "exercise", "category", "reps"}),
    telling=("date",),
    meant=("exercise", "weight", "weight_unit", "reps", "distance", "distance_unit", "duration", "notes"),
    begun=_begun,
    meaning=_meaning,
    fitted=_fitted,
)
