"""Strong's export: one row a set, in every layout and language that we know, and without any header.

A plain `Weight` is in the unit the app was set to, which the file does not say: it has to be asked for,
unless the numbers give it away. Where they do they overrule what was said: a file full of 44.09245243697551
is in pounds, whatever unit the athlete trains in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from wotr_workers.formats.gather import Head, Texts, session_minutes
from wotr_workers.formats.parsed import Format, Layout, Settings
from wotr_workers.formats.strong_names import SPELLINGS, row_kind, seconds_in
from wotr_workers.formats.tables import Columns, Reading, Units, columns_of, is_number, titled
from wotr_workers.texts.notes import printable
from wotr_workers.texts.sets import Found, Note, Nothing, Rest, SetTexts, bare, training_set
from wotr_workers.texts.unit_names import metres, weight_unit
from wotr_workers.texts.values import shown

_SETS = "Weight,Reps,Distance,Seconds"
_SETS_WITH_UNITS = "Weight,Weight Unit,Reps,RPE,Distance,Distance Unit,Seconds"
# Headers that a file without one may be meant to have.
_HEADERS = (
    f"Date,Workout Name,Duration,Exercise Name,Set Order,{_SETS},Notes,Workout Notes,RPE",
    f"Date,Workout Name,Exercise Name,Set Order,{_SETS_WITH_UNITS},Notes,Workout Notes",
    f"Date,Workout Name,Exercise Name,Set Order,{_SETS_WITH_UNITS},Notes,Workout Notes,Workout Duration",
    f"Date,Workout Name,Exercise Name,Set Order,{_SETS},Notes,Workout Notes",
    f"Date,Workout Name,Exercise Name,Set Order,{_SETS},Notes,Workout Notes,RPE",
    f"Date,Workout Name,Duration,Exercise Name,Set Order,{_SETS},RPE",
)
_NUMBERS = ("Weight", "Reps", "Distance", "Seconds", "RPE")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[ T]\d{1,2}:\d{2}(:\d{2})?(\s?[APap]\.?[Mm]\.?)?")


def recognise(header: Texts) -> Layout | None:
    """A layout where the texts are Strong's header, or a row of its export without one."""
    found = columns_of(header, SPELLINGS)
    if found.places.keys() >= _READING.required and found.places.keys() & {"weight", "reps"}:
        return _READING.layout(found)
    for line in _HEADERS:
        names = line.split(",")
        if len(names) == len(header) and _is_row(header, names):
            return _READING.layout(columns_of(names, SPELLINGS), headerless=True)
    return None


FORMAT = Format(
    "strong", "strong", "Strong's export (Date, Workout Name, Exercise Name, Set Order, Weight, …)", recognise
)


def _is_row(texts: Texts, names: Texts) -> bool:
    """Whether `texts` are a row below a header of these names rather than anything else."""
    said = dict(zip(names, map(str.strip, texts), strict=False))
    return (
        _TIME.fullmatch(said["Date"]) is not None
        and bool(said["Set Order"])
        and row_kind(said["Set Order"]) is not None
        and bool(said["Exercise Name"])
        and not is_number(said["Exercise Name"])
        and all(not said.get(name) or is_number(said[name]) for name in _NUMBERS)
        and all(seconds_in(said[name]) is not None for name in said if "Duration" in name and said[name])
        and (not said.get("Weight Unit") or weight_unit(said["Weight Unit"]) is not None)
        and (not said.get("Distance Unit") or metres(said["Distance Unit"]) is not None)
    )


def _begun(texts: Texts, columns: Columns, settings: Settings) -> Head:
    """The session of a row."""
    minutes, warnings = _minutes(columns.text(texts, "length"))
    return titled(texts, columns, settings)._replace(duration_min=minutes, warnings=warnings)


def _minutes(text: str) -> tuple[Decimal | None, tuple[str, ...]]:
    if not text.strip():
        return None, ()
    seconds = seconds_in(text)
    if seconds is None:
        return None, (f"durationMin: left out, for {shown(text.strip())} is no length of time that we know",)
    return session_minutes(seconds / 60)


def _meaning(said: Mapping[str, str], units: Units) -> Found:
    """What a row means: most are sets, up to half are rest timers, some are notes."""
    kind = row_kind(said["order"])
    if kind is None and _measureless(said):
        kind = "note" if bare(said.get("duration", "")) else "rest"
    if kind == "rest":
        return Rest(printable(said["exercise"]), seconds_in(said.get("duration", "")))
    if kind == "note":
        return Note(printable(said["exercise"]), said.get("notes", ""))
    if not said["exercise"].strip() and _measureless(said) and bare(said.get("duration", "")):
        return Nothing()
    return training_set(
        SetTexts(
            exercise=said["exercise"],
            set_type=kind or "normal",
            weight=said.get("weight", ""),
            weight_unit=units.weight_of(said),
            reps=said.get("reps", ""),
            distance=said.get("distance", ""),
            metres=units.metres_of(said),
            duration=said.get("duration", ""),
            rpe=said.get("rpe", ""),
            notes=said.get("notes", ""),
            doubt="" if kind else f"setType: {shown(said['order'].strip())} is no kind of set that we know",
        )
    )


def _measureless(said: Mapping[str, str]) -> bool:
    return all(bare(said.get(thing, "")) for thing in ("weight", "reps", "distance"))


_READING = Reading(
    required=frozenset({"date", "title", "exercise", "order"}),
    telling=("date", "title"),
    meant=(
        *("exercise", "order", "weight", "weight_unit", "reps"),
        *("distance", "distance_unit", "duration", "notes", "rpe"),
    ),
    begun=_begun,
    meaning=_meaning,
)
