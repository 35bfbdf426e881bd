"""As an import reads: opened, asked what it leaves unsaid, read and admitted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench.reading.given import IMPORT, LIMITS, NOW, USER, ZONE

# The scripts are checked without the services' code on the path.
from wotr_workers.formats.detect import opened  # type: ignore[import-not-found]
from wotr_workers.formats.parsed import ParsedSession, ParsedWorkout, Settings  # type: ignore[import-not-found]
from wotr_workers.imports.admit import Admission  # type: ignore[import-not-found]
from wotr_workers.imports.questions import answered  # type: ignore[import-not-found]
from wotr_workers.texts.rows import SetAside  # type: ignore[import-not-found]

_CHUNK = 1 << 18  # as an upload is read


def read(_sample: str, path: Path) -> tuple[int, int]:
    """(rows, rows set aside) of the file at `path`."""
    settings = answered(lambda: opened(_chunks(path)), Settings("kg", "km", ZONE))
    file = opened(_chunks(path))
    admission = Admission(USER, IMPORT, file.format.source, NOW, LIMITS)
    rows = set_aside = 0
    for entry in file.layout.read(file.rows, settings):
        if isinstance(entry, ParsedWorkout):
            rows += 1
            set_aside += isinstance(admission.admit(entry), SetAside)
        elif isinstance(entry, ParsedSession):
            found = admission.admit_session(entry)
            rows += len(entry.sets)
            set_aside += 0 if isinstance(found, ParsedSession) else len(entry.sets)
        elif isinstance(entry, SetAside):
            rows += 1
            set_aside += 1
    return rows, set_aside


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk
