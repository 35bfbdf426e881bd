"""An upload's bytes as physical lines, decoded and split as they stream in, and numbered from 1.

Lines come many together, as one text, where nothing is wrong with any of them, and else one by one: files
from the wild hold single bad bytes, and those must not cost their neighbours. Memory is bounded by MAX_ROW
whatever comes in.

Which 8-bit encoding a text was in that is no UTF-8 cannot be known, and a guess would change names unseen. So
nothing is guessed: the line says what is wrong with it.
"""

from __future__ import annotations

import codecs
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

MAX_ROW = 1 << 20  # bytes; the largest rows of real exports have some ten thousand
LINE_ENDS = ("\n", "\r")
_TOGETHER = 1 << 18  # bytes that are taken together, about: more of them are not faster
_OVERLONG = b""  # stands for a line longer than MAX_ROW, of which nothing else is kept
_HEAD = 4
_UNDECODABLE = "\udcff"  # cannot be encoded: marks the place in what is recoded
_LINE = re.compile(rb"[^\r\n]*(?:\r\n?|\n)?")


@dataclass(frozen=True, slots=True)
class Line:
    """One physical line with its end; where `fault` says what is wrong, `text` is an approximation."""

    number: int
    text: str
    fault: str = ""
    size: int = 0


class Lines:
    """The lines of UTF-8 (with or without byte order mark) or UTF-16 (with one), each of them once."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._blocks = _blocks(_as_utf8(iter(chunks)))
        self._block = b""
        self._at = 0  # where in the block the lines begin that are still to come
        self._number = 1  # of the first of them
        self._singly = False  # whether they come one by one
        self._sooner: deque[Line] = deque()  # lines that come before them
        self._last = (0, 1)  # place and number of the first of the lines that came together last

    def next(self) -> Line | None:
        """The next line; None at the end."""
        if not self._more():
            return None
        if self._sooner:
            return self._sooner.popleft()
        end = _end(self._block, self._at)
        line = _decoded(self._number, self._block[self._at : end])
        self._at = end
        self._number += 1
        return line

    def together(self) -> tuple[int, str] | None:
        """The next lines as one text, with the number of the first; None where they must come one by one."""
        if not self._more() or self._sooner or self._singly:
            return None
        content = self._block[self._at :]
        try:
            text = content.decode()
        except UnicodeDecodeError:
            text = "\0"
        if "\0" in text:
            self._singly = True
            return None
        self._last = (self._at, self._number)
        self._at = len(self._block)
        self._number += _count(content)
        return self._last[1], text

    def again(self, number: int) -> None:
        """Of the lines that came together last, those from `number` on come once more, one by one."""
        at, first = self._last
        for _ in range(number - first):
            at = _end(self._block, at)
        self._at, self._number, self._singly = at, number, True

    def put_back(self, lines: Sequence[Line]) -> None:
        """Let `lines`, which came one by one, come once more."""
        self._sooner.extendleft(reversed(lines))

    def _more(self) -> bool:
        """Whether any lines are still to come."""
        while not self._sooner and self._at == len(self._block):
            block = next(self._blocks, None)
            if block is None:
                return False
            if block == _OVERLONG:
                fault = f"the line is longer than {MAX_ROW >> 20} MiB"
                self._sooner.append(Line(self._number, "\n", fault, MAX_ROW))
                self._number += 1
            else:
                self._block, self._at, self._singly = block, 0, False
        return True


def _decoded(number: int, content: bytes) -> Line:
    fault = ""
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        text = content.decode(errors="replace")
        fault = f"not valid text in UTF-8 (byte {error.start + 1} of the line): save the file as UTF-8"
    if "\0" in text:
        fault = "holds a NUL byte: save the file as UTF-8"
    return Line(number, text, fault, len(content))


def _end(block: bytes, at: int) -> int:
    """Where the line that begins at `at` ends."""
    found = _LINE.match(block, at)
    return found.end() if found else len(block)


def _count(content: bytes) -> int:
    """How many lines `content` holds, which may end within the last."""
    ends = content.count(b"\n") + content.count(b"\r") - content.count(b"\r\n")
    return ends + (not content.endswith((b"\n", b"\r")))


def _blocks(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Whole lines, at most MAX_ROW bytes of them at once, and _OVERLONG for each line longer than that."""
    rest = b""
    overlong = False  # whether `rest` ends such a line
    for piece in _pieces(chunks):
        content = rest + piece
        # A CR at the very end may be half of a CRLF: it waits for the next piece.
        end = max(content.rfind(b"\n"), content.rfind(b"\r", 0, len(content) - 1)) + 1
        rest = content[end:]
        if end:
            yield from _bounded(content[:end], overlong)
            overlong = False
        if len(rest) > MAX_ROW:
            overlong = True
            rest = rest[-1:]
    if rest:
        yield _OVERLONG if overlong else rest


def _bounded(content: bytes, overlong: bool) -> Iterator[bytes]:
    """`content`, line by line where it is too much or begins with the end of an `overlong` line."""
    if len(content) <= MAX_ROW and not overlong:
        yield content
        return
    for line in content.splitlines(keepends=True):
        yield _OVERLONG if overlong or len(line) > MAX_ROW else line
        overlong = False


def _pieces(chunks: Iterable[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        for start in range(0, len(chunk), _TOGETHER):
            yield chunk[start : start + _TOGETHER]


def _as_utf8(chunks: Iterator[bytes]) -> Iterator[bytes]:
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= _HEAD:
            break
    if head.startswith(codecs.BOM_UTF8):
        yield head.removeprefix(codecs.BOM_UTF8)
        yield from chunks
    elif head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        yield from _recoded(chain([head], chunks), "utf-16")
    else:
        yield head
        yield from chunks


def _recoded(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """UTF-8 in which whatever was undecodable is undecodable again, so that it is found in its row."""
    decoder = codecs.getincrementaldecoder(encoding)("wotr.mark")
    for chunk in chunks:
        yield decoder.decode(chunk).encode(errors="surrogatepass")
    yield decoder.decode(b"", final=True).encode(errors="surrogatepass")


def _mark(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return _UNDECODABLE, error.end


codecs.register_error("wotr.mark", _mark)
