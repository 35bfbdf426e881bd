"""Bytes become rows with their lines; what cannot be read costs one row and no neighbour."""

from __future__ import annotations

import codecs
import csv
import io
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wotr_workers.texts.lines import MAX_ROW, Lines
from wotr_workers.texts.rows import Broken, Fields, Row, rows


def read(content: bytes, chunk: int = 7) -> list[Row]:
    return list(rows(Lines(content[i : i + chunk] for i in range(0, len(content), chunk)), ","))


class Single(Lines):
    """Lines that all come one by one."""

    def together(self) -> None:
        return None


def texts(content: bytes, chunk: int = 7) -> list[list[str]]:
    return [row.texts for row in read(content, chunk) if isinstance(row, Fields)]


def broken(found: list[Row]) -> list[tuple[int, str]]:
    return [(row.line, row.reason) for row in found if isinstance(row, Broken)]


@pytest.mark.parametrize(
    "encode",
    [
        str.encode,
        lambda text: codecs.BOM_UTF8 + text.encode(),
        lambda text: text.encode("utf-16"),
        lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
    ],
    ids=["utf-8", "utf-8 with mark", "utf-16 little", "utf-16 big"],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(encode: object, end: str) -> None:
    assert callable(encode)
    content = encode(f"a,ü{end}😀,2")
    for chunk in (1, 2, 3, 100):
        assert texts(content, chunk) == [["a", "ü"], ["😀", "2"]]


def test_a_row_has_the_line_on_which_it_begins() -> None:
    found = read(b'a,b\n"one\ntwo\r\nthree",2\n\n  ,\nc,d')
    assert [(row.line, row.texts) for row in found if isinstance(row, Fields)] == [
        (1, ["a", "b"]),
        (2, ["one\ntwo\r\nthree", "2"]),
        (7, ["c", "d"]),
    ]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [(b"caf\xe9,2", "UTF-8 (byte 4"), (b"x\0y,2", "NUL"), (b'"a\nb\xff",2', "UTF-8 (byte 2")],
)
def test_bad_bytes_cost_their_row_only(bad: bytes, reason: str) -> None:
    found = read(b"a,1\n" + bad + b"\nc,3\n")
    assert [row.texts for row in found if isinstance(row, Fields)] == [["a", "1"], ["c", "3"]]
    ((line, said),) = broken(found)
    assert line == 2
    assert reason in said


def test_broken_utf_16_is_found_in_its_row() -> None:
    content = "a,1\nb,2\nc,3\n".encode("utf-16-le")
    damaged = codecs.BOM_UTF16_LE + content.replace("b".encode("utf-16-le"), b"\x00\xdc")
    assert texts(damaged) == [["a", "1"], ["c", "3"]]
    assert [line for line, _ in broken(read(damaged))] == [2]
    assert [line for line, _ in broken(read(codecs.BOM_UTF16_LE + content + b"x"))] == [4]


def test_an_overlong_line_is_set_aside_and_the_next_row_goes_on() -> None:
    found = read(b"a,1\n" + b"x" * (3 * MAX_ROW) + b"\nc,3\n", chunk=1 << 16)
    assert [row.texts for row in found if isinstance(row, Fields)] == [["a", "1"], ["c", "3"]]
    assert broken(found) == [(2, "the line is longer than 1 MiB")]


def test_a_quote_that_never_closes_costs_its_row_only() -> None:
    found = read(b'a,1\n"b,2\nc,3\nd,4\n')
    assert [row.texts for row in found if isinstance(row, Fields)] == [["a", "1"], ["c", "3"], ["d", "4"]]
    ((line, reason),) = broken(found)
    assert line == 2
    assert "quote missing" in reason


@pytest.mark.parametrize(
    "bad", [b'"b,2\nc,3\n"d,4\n', b'b,"2\nc,3\nd,"4\n', b'b,"2" feet\nc,3\nd,"4" feet\n']
)
def test_the_rows_between_two_quotes_that_never_close_are_not_swallowed(bad: bytes) -> None:
    found = read(b"a,1\n" + bad + b'"e",5\n')
    assert [row.texts for row in found if isinstance(row, Fields)] == [["a", "1"], ["c", "3"], ["e", "5"]]
    assert [line for line, _ in broken(found)] == [2, 4]


def test_a_quote_that_never_closes_in_every_row_costs_each_its_own_row_only() -> None:
    found = read(b'b,"2\n' * 1000 + b"c,3\n")
    assert [line for line, _ in broken(found)] == list(range(1, 1001))
    assert found[-1] == Fields(1001, ["c", "3"])


def test_a_quote_that_closes_too_late_costs_its_row_only() -> None:
    many = b"c,3\n" * (MAX_ROW // 4 + 10)
    found = read(b'a,1\n"b,2\n' + many + b'"\n', chunk=1 << 16)
    assert broken(found)[0][0] == 2
    assert sum(isinstance(row, Fields) for row in found) >= MAX_ROW // 4 + 10


def test_broken_quotes_everywhere_end_in_bounded_work() -> None:
    # Each of these lines leaves a quote open, whether it began inside one or not.
    found = read(b'a","\n' * (MAX_ROW // 5 * 3), chunk=1 << 16)
    assert all(isinstance(row, Broken) for row in found)
    assert "lines 17 to" in broken(found)[16][1]
    assert len(found) < 50


def endless(size: int) -> Iterator[bytes]:
    yield b"a,1\n"
    for _ in range(size >> 16):
        yield b'"' + b"x" * 65535


def test_memory_is_bounded_by_the_longest_row() -> None:
    tracemalloc.start()
    assert len(list(rows(Lines(endless(1 << 26)), ","))) == 2
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 12 * MAX_ROW


FIELD = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(st.lists(st.lists(FIELD, min_size=1, max_size=4), max_size=8), st.integers(1, 40))
def test_what_the_csv_module_writes_is_read_back(table: list[list[str]], chunk: int) -> None:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(table)
    content = out.getvalue().encode()
    wanted = [row for row in table if any(map(str.strip, row))]
    if not content.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE)):
        assert texts(content, chunk) == wanted


PIECES = st.sampled_from(
    [b"a", b",", b'"', b'""', b"\n", b"\r\n", b"\r", b" ", b'"b\nc",', b"\xff", b"\0", "ü".encode()]
)
CONTENT = st.binary(max_size=300) | st.lists(PIECES, max_size=60).map(b"".join)


def test_a_row_within_which_the_file_ends_is_not_read_as_if_it_were_whole() -> None:
    found = read(b"squat,5,100\nbench,5,1")
    assert broken(found) == []
    assert found[-1] == Fields(2, ["bench", "5", "1"])

    found = read(b"squat,5,100,\nbench,5,1")
    assert broken(found) == [(2, "the file ends within this row: was it cut off?")]
    assert read(b"squat,5,100,\nbench,5,1\n")[-1] == Fields(2, ["bench", "5", "1"])
    assert broken(read(b'squat,5,100,\n"ben\nch",5')) == [
        (2, "the file ends within this row: was it cut off?")
    ]


def test_a_last_line_of_one_text_is_for_readers_to_judge() -> None:
    assert read(b"squat,5\n### CARDIO ####")[-1] == Fields(2, ["### CARDIO ####"])


@given(CONTENT, st.integers(1, 40))
@example(b'a,1\nb,"2\n3",4\n\n"c\nd",5', 9)
def test_any_bytes_are_read_alike_in_any_chunks_and_line_by_line(content: bytes, chunk: int) -> None:
    found = read(content, chunk)
    assert found == read(content, 1000)
    assert found == list(rows(Single([content]), ","))


def test_lines_come_together_up_to_a_broken_row_and_again_below_its_block() -> None:
    good = b'a,"1\n2"\n' * 1000
    together = []

    class Watched(Lines):
        def together(self) -> tuple[int, str] | None:
            found = super().together()
            together.append(found and found[0])
            return found

    found = list(rows(Watched([good + b'"x" y,1\n' + good, good, b'z,"1\n', b'2"\n', good]), ","))
    assert found == list(rows(Single([good + b'"x" y,1\n' + good + good + b'z,"1\n2"\n' + good]), ","))
    assert [number for number in together if number] == [1, 4002, 6002, 6004]


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ('"8 x 20"/40" easy",5', ['8 x 20"/40" easy', "5"]),
        ('1,"a"b,"c"', ["1", 'a"b,"c']),
        ('"a"b,c', ['"a"b', "c"]),
        ('"a,b"c,', ['"a', 'b"c', ""]),
    ],
)
def test_a_row_with_broken_quotes_says_what_its_first_line_may_mean(line: str, meant: list[str]) -> None:
    (found,) = read(line.encode() + b"\n")
    assert isinstance(found, Broken)
    assert found.texts == meant


def test_what_broken_quotes_may_mean_is_told_in_one_go_over_the_line() -> None:
    line = b'"a,' * (MAX_ROW // 4) + b"b"
    (found,) = read(line, chunk=1 << 16)
    assert isinstance(found, Broken)
    assert len(found.texts or ()) == MAX_ROW // 4 + 1
