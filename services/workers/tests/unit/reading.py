"""A file's content read as an import reads it, without storing anything."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.unit.exports import LIMITS

from wotr_common.workout import Workout
from wotr_workers.imports.admit import Admission, Candidate
from wotr_workers.imports.detect import recognised
from wotr_workers.imports.parsed import Entry, SetAside

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def entries(content: bytes) -> tuple[str, list[Entry]]:
    known, found = recognised([content])
    return known.name, list(found)


def admitted(content: bytes) -> list[Workout | SetAside]:
    known, found = recognised([content])
    admission = Admission("ada", "i1", known.source, NOW, LIMITS)
    said = [entry if isinstance(entry, SetAside) else admission.admit(entry) for entry in found]
    return [each.workout if isinstance(each, Candidate) else each for each in said]


def workout(content: bytes) -> Workout:
    (found,) = admitted(content)
    assert isinstance(found, Workout), found
    return found


def set_aside(content: bytes) -> SetAside:
    (found,) = admitted(content)
    assert isinstance(found, SetAside), found
    return found
