"""A damaged file is read to its end or refused with a sentence: every row is told of, and no reader fails."""

from __future__ import annotations

import os
import re
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.unit.exports import LIMITS
from tests.unit.hostile_files import DAMAGES, FILES, Damage, chunked, damaged, endless

from wotr_workers.formats.detect import Opened, opened
from wotr_workers.formats.parsed import Asked, Entry, ParsedSession, ParsedWorkout, Settings, Unrecognised
from wotr_workers.imports.candidates import Candidates, SessionRows
from wotr_workers.imports.provenance import Scope
from wotr_workers.imports.questions import Unsaid, answered
from wotr_workers.texts.columns import plain
from wotr_workers.texts.rows import Fields, Row, SetAside
from wotr_workers.texts.unit_names import divided

SAID = Settings("kg", "km", ZoneInfo("Europe/Berlin"))
UNSAID = Settings()
EACH = int(os.environ.get("WOTR_FUZZ_EXAMPLES", "150"))
MEGABYTES = 24
LONG = 20_000
# Texts at which a pattern that tries each place anew is busy for seconds, one that tries each pair for hours.
STUBBORN = (f"x{' ' * LONG}x", f"### A{' ' * LONG}x", f"1{' ' * LONG}x", "( " * LONG)


def lines(entry: Entry) -> Iterator[int]:
    """The rows that an entry tells of, by the lines where they begin."""
    if isinstance(entry, ParsedSession):
        yield from (each.line for each in entry.sets)
        if entry.line is not None:
            yield entry.line
    else:
        yield entry.line


def frames(row: Row) -> bool:
    """Whether it may be the end of our JSON export, which carries nothing and of which nobody is told."""
    return isinstance(row, Fields) and row.texts in (["]}"], ["]"], ["}"])


def stored(entry: Entry, candidates: Candidates) -> int:
    """How many rows are ready to be stored or set aside, as an import makes of the entry: all that it has."""
    if isinstance(entry, ParsedWorkout):
        found = candidates.of_workout(entry)
        assert found.line == entry.line
        return 1
    if isinstance(entry, ParsedSession):
        rows = candidates.of_session(entry)
        return rows.count if isinstance(rows, SessionRows) else len(rows)
    return 1


def read_to_the_end(chunks: list[bytes], said: Settings) -> int:
    """How many rows the file has, each told of; 0 where it is refused with a sentence, -1 without one."""

    def open_file() -> Opened:
        return opened(chunks)

    try:
        rows = {row.line: frames(row) for row in open_file().rows}
        answers = answered(open_file, said)
        file = open_file()
        entries = list(file.layout.read(file.rows, answers))
    except (Unrecognised, Unsaid, Asked) as refused:
        return 0 if str(refused) else -1
    told = {line for entry in entries for line in lines(entry)}
    assert told <= rows.keys()
    assert all(rows[line] for line in rows.keys() - told), "a row of which nobody is told"
    scope = Scope("ada", "i1", "i1/1", file.format.source, datetime(2026, 3, 1, tzinfo=UTC), LIMITS)
    candidates = Candidates(scope)
    for entry in entries:
        assert stored(entry, candidates) >= 1
        assert not isinstance(entry, SetAside) or entry.reason
    return len(rows)


@pytest.mark.parametrize("name", FILES)
def test_the_files_that_are_damaged_are_sound(name: str) -> None:
    assert read_to_the_end([FILES[name]], SAID) >= 1


@pytest.mark.parametrize("name", FILES)
@settings(
    max_examples=EACH,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)
@given(damages=DAMAGES, size=st.sampled_from([1, 7, 4_096, 1 << 22]), said=st.sampled_from([SAID, UNSAID]))
def test_a_damaged_file_is_read_or_refused_and_never_fails(
    name: str, damages: list[Damage], size: int, said: Settings
) -> None:
    assert read_to_the_end(chunked(damaged(FILES[name], damages), size), said) >= 0


@pytest.mark.parametrize("name", FILES)
def test_a_text_of_any_length_is_read_in_one_go(name: str) -> None:
    sound = FILES[name].rstrip().decode()
    fields = re.split("([,;])", sound.rpartition("\n")[2])
    for text in STUBBORN:
        rows = ["".join([*fields[:at], text, *fields[at + 1 :]]) for at in range(0, len(fields), 2)]
        assert read_to_the_end(["\n".join([sound, *rows]).encode()], SAID) >= 1


@pytest.mark.parametrize("name", FILES)
def test_a_header_without_end_is_refused(name: str) -> None:
    header, *rows = FILES[name].splitlines(keepends=True)
    for text in STUBBORN:
        content = b"".join([header.rstrip(), f",{text * 2}\n".encode(), *rows])
        assert read_to_the_end([content], SAID) == 0


def test_a_column_s_name_of_any_length_is_read_in_one_go() -> None:
    assert divided("( " * LONG + "kg )") == ("", "( " * (LONG - 1) + "kg")
    assert divided("(" * LONG) == ("(" * LONG, "")
    assert plain("<" * LONG + "A>b") == "<" * (LONG - 1) + "b"


@pytest.mark.parametrize("name", FILES)
def test_broken_quotes_without_end_take_bounded_memory(name: str) -> None:
    chunks = endless(FILES[name], 6_000_000)
    tracemalloc.start()
    try:
        file = opened(chunks)
        for _ in file.layout.read(file.rows, SAID):
            pass
        _, peak = tracemalloc.get_traced_memory()
    except Unrecognised:
        return
    finally:
        tracemalloc.stop()
    assert peak < MEGABYTES << 20, f"{peak >> 20} MiB"
