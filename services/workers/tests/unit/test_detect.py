"""A file's first line tells its format, in any delimiter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import pytest

from wotr_workers.formats import detect
from wotr_workers.formats.detect import opened
from wotr_workers.formats.parsed import Entry, Format, Layout, Remark, Settings
from wotr_workers.texts.rows import Fields, Row


def read(rows: Iterable[Row], _settings: Settings) -> Iterator[Entry]:
    return (Remark(row.line) for row in rows)


def known(*texts: str, headerless: bool = False) -> Format:
    def recognise(first: Sequence[str]) -> Layout | None:
        return Layout(read, headerless=headerless) if tuple(first) == texts else None

    return Format("toy", "toy", "a toy", recognise)


def rows_of(monkeypatch: pytest.MonkeyPatch, toy: Format, content: bytes) -> list[Row]:
    monkeypatch.setattr(detect, "FORMATS", (toy,))
    file = opened([content])
    assert file.format is toy
    return list(file.rows)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_header_is_known_by_any_delimiter(monkeypatch: pytest.MonkeyPatch, delimiter: str) -> None:
    content = delimiter.join(["a", '"b,;\t|c"', "d"]) + "\n" + delimiter.join("123") + "\n"
    found = rows_of(monkeypatch, known("a", "b,;\t|c", "d"), content.encode())
    assert found == [Fields(2, ["1", "2", "3"])]


def test_the_first_line_is_a_row_where_there_is_no_header(monkeypatch: pytest.MonkeyPatch) -> None:
    found = rows_of(monkeypatch, known("1", "2", headerless=True), b"\n1;2\n3;4\n")
    assert found == [Fields(2, ["1", "2"]), Fields(3, ["3", "4"])]


def test_a_section_s_title_is_a_first_line_too(monkeypatch: pytest.MonkeyPatch) -> None:
    found = rows_of(monkeypatch, known("### NAME ####"), b"### NAME ####\n\nrow_id,b\n1,2\n")
    assert found == [Fields(3, ["row_id", "b"]), Fields(4, ["1", "2"])]


def test_lines_of_json_stay_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    found = rows_of(monkeypatch, known('{"items": ['), b'{"items": [\n\n {"a": 1, "b": "x"},\n\xff\n]}\n')
    assert [row.line for row in found] == [3, 4, 5]
    assert found[0] == Fields(3, ['{"a": 1, "b": "x"},'])
