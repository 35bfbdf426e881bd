"""A file's content read as an import reads it, without storing anything."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.unit.exports import LIMITS

from wotr_common.workout import Workout
from wotr_workers.formats.detect import opened
from wotr_workers.formats.parsed import Entry, ParsedWorkout, Settings
from wotr_workers.imports.admit import Admission, Candidate
from wotr_workers.texts.rows import SetAside

NOW = datetime(2026, 3, 1, tzinfo=UTC)
UNSAID = Settings()


def entries(content: bytes, settings: Settings = UNSAID) -> tuple[str, list[Entry]]:
    file = opened([content])
    return file.format.name, list(file.layout.read(file.rows, settings))


def admitted(content: bytes, settings: Settings = UNSAID) -> list[Workout | SetAside]:
    file = opened([content])
    admission = Admission("ada", "i1", file.format.source, NOW, LIMITS)
    said = [
        admission.admit(entry) if isinstance(entry, ParsedWorkout) else entry
        for entry in file.layout.read(file.rows, settings)
        if isinstance(entry, ParsedWorkout | SetAside)
    ]
    return [each.workout if isinstance(each, Candidate) else each for each in said]


def workout(content: bytes) -> Workout:
    (found,) = admitted(content)
    assert isinstance(found, Workout), found
    return found


def set_aside(content: bytes) -> SetAside:
    (found,) = admitted(content)
    assert isinstance(found, SetAside), found
    return found
