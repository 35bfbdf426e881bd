"""One sound file of each layout of each format, and strategies that damage them."""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable
from itertools import chain

from hypothesis import strategies as st
from tests.unit.exports import STRAVA, strava_row, text
from tests.unit.headers import below, header_lines

from tests.unit import (
    test_apple_health,
    test_fitnotes,
    test_garmin,
    test_hevy,
    test_jefit,
    test_own_export,
    test_strong,
)
from wotr_common import exports

_OWN_OBJECTS = (
    exports.exported_workout(test_own_export.RUN),
    exports.exported_session(test_own_export.SESSION, test_own_export.ITS_WORKOUT, date_only=False),
)
_WITH_UNITS = next(line for line in header_lines("strong") if "Weight;Weight Unit" in line)
_STRONG = (test_strong.SET, {**test_strong.SET, "Set Order": "2", "Weight": "82,5"})
_HEVY = (test_hevy.SET, {**test_hevy.SET, "set_index": "1", "exercise_notes": 'belt\non, "tight"'})
_FITNOTES = (test_fitnotes.SET, {**test_fitnotes.SET, "Date": "2023-11-22", "Weight": "12.5"})

FILES: dict[str, bytes] = {
    "own, few columns": b"type,startedAt,durationMin,notes\n"
    b'run,2026-02-01T07:00:00+01:00,45.5,"first,\nsecond"\nride,2026-02-02T07:00:00Z,61,\n',
    "own, csv": test_own_export.as_csv(*_OWN_OBJECTS),
    "own, json": test_own_export.as_json(*_OWN_OBJECTS),
    "strava": text([STRAVA, strava_row(), strava_row(Activity_ID="102", Activity_Name='"Quoted", run')]),
    "strong": below(test_strong.LINE, *_STRONG),
    "strong, newer": below(_WITH_UNITS.replace(";", ","), test_strong.NEW, test_strong.NEW),
    "strong, no header": f"{test_strong.HEADERLESS}\n{test_strong.HEADERLESS}\n".encode(),
    "hevy": below(test_hevy.METRIC, *_HEVY),
    "fitnotes": below(test_fitnotes.COMMENT, *_FITNOTES),
    "garmin": below(test_garmin.LINE, test_garmin.RUN, test_garmin.RIDE, test_garmin.SWIM),
    "apple health": below(test_apple_health.XML, test_apple_health.RUN, test_apple_health.RUN),
    "health auto export": below(test_apple_health.AUTO_EXPORT, test_apple_health.AUTO),
    "jefit, packed": test_jefit.export(test_jefit.SESSIONS + test_jefit.LOGS + test_jefit.BENCH),
    "jefit, sets": test_jefit.export(
        test_jefit.SESSIONS + test_jefit.LOGS + test_jefit.BENCH,
        test_jefit.SET_LOGS + "1,7,1,0,100,10,0,0,0,0,0\n",
        test_jefit.CARDIO + "1,2024-01-15 18:00:00,7,1,3,1,1800,10,5,300,2024-01-15\n",
    ),
}

# What fields hold that mean harm, or that no app ever wrote.
VALUES = (
    *("", " ", "-", "-1", "-0", "1e400", "-1e400", "1e-400", "NaN", "Infinity", "9" * 400, "0." + "9" * 400),
    *("99999999999999999999", "0x1F", "1_000", "١٢", "½", "1,000.5", "1.000,5", "1'000", "∞", "TRUE", "null"),
    *(
        "0000-00-00",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999Z",
        "9999-12-31 23:59:59 -1200",
        "24:00:61",
    ),
    *("2024-02-30", "2016-12-31T23:59:60Z", "1970-01-01T00:00:00+99:99", "-9999-01-01", "13/13/13", "now"),
    *(
        "=cmd|' /C calc'!A0",
        "+1+1",
        "@SUM(A1)",
        "\t=1",
        "'; DROP TABLE x; --",
        "<script>",
        "${jndi:ldap://x}",
        "../..",
    ),
    *(
        '"',
        '""',
        '"""',
        "a\nb",
        "a\r\nb",
        "\0",
        "\x1b[31m",
        "\u2028",
        "\u202e",
        "\ufeff",
        "\ufffe",
        "👩‍👩‍👧‍👧",
        "e" + "\u0301" * 500,
    ),
    *(
        "a" * 5_000,
        "{",
        "[" * 2_000,
        '{"a":' * 500,
        "###",
        "##########",
        "USER#",
        "WORKOUT#2026",
        "photos/x/../y",
    ),
)
_BYTES = (
    b'"',
    b",",
    b";",
    b"\t",
    b"|",
    b"\n",
    b"\r",
    b"\r\n",
    b"\0",
    b"\x1a",
    b"\xff",
    b"\xfe\xff",
    b"\xed\xa0\x80",
)
_PIECES = (
    *_BYTES,
    b"\xc0\xaf",
    b"\xf8\x88\x80\x80\x80",
    b"'",
    b"\\",
    b"[",
    b"{",
    b"}",
    b"]",
    codecs.BOM_UTF8,
)
Damage = Callable[[bytes], bytes]


def _at(content: bytes, place: float) -> int:
    return int(place * len(content))


def _put(place: float, piece: bytes) -> Damage:
    return lambda content: content[: _at(content, place)] + piece + content[_at(content, place) :]


def _flipped(place: float, bit: int) -> Damage:
    def damage(content: bytes) -> bytes:
        changed = bytearray(content)
        if changed:
            changed[min(_at(content, place), len(changed) - 1)] ^= 1 << bit
        return bytes(changed)

    return damage


def _taken_out(place: float, length: int) -> Damage:
    return lambda content: content[: _at(content, place)] + content[_at(content, place) + length :]


def _repeated(place: float, length: int, times: int) -> Damage:
    def damage(content: bytes) -> bytes:
        at = _at(content, place)
        return content[:at] + content[at : at + length] * times + content[at:]

    return damage


def _field(place: float, value: str) -> Damage:
    """Another value between two commas; in JSON, a member's."""

    def damage(content: bytes) -> bytes:
        if content.lstrip().startswith(b"{"):
            parts, cut, said = content.split(b":"), b":", json.dumps(value).encode()
        else:
            parts, cut, said = content.split(b","), b",", value.encode(errors="surrogatepass")
        parts[min(int(place * len(parts)), len(parts) - 1)] = said
        return cut.join(parts)

    return damage


def _recoded(encoding: str) -> Damage:
    return lambda content: content.decode(errors="replace").encode(encoding, errors="replace")


_PLACE = st.floats(0, 1, exclude_max=True)
DAMAGES: st.SearchStrategy[list[Damage]] = st.lists(
    st.one_of(
        st.builds(_field, _PLACE, st.sampled_from(VALUES)),
        st.builds(_field, _PLACE, st.text(max_size=20)),
        st.builds(_put, _PLACE, st.sampled_from(_PIECES) | st.binary(max_size=6)),
        st.builds(_flipped, _PLACE, st.integers(0, 7)),
        st.builds(_taken_out, _PLACE, st.integers(1, 200)),
        st.builds(_repeated, _PLACE, st.integers(1, 200), st.integers(1, 30)),
        st.builds(_recoded, st.sampled_from(["utf-16", "utf-16-be", "utf-8-sig", "latin-1", "cp1252"])),
    ),
    min_size=1,
    max_size=6,
)


def damaged(content: bytes, damages: list[Damage]) -> bytes:
    """The file after all of them, at most some megabytes."""
    for damage in damages:
        content = damage(content)[: 1 << 21]
    return content


def chunked(content: bytes, size: int) -> list[bytes]:
    """The file as it comes from a bucket."""
    return [content[at : at + size] for at in range(0, len(content), size)] or [b""]


def endless(content: bytes, size: int) -> list[bytes]:
    """The header, and behind it `size` bytes in which every quote opens a field that never closes."""
    header = content.split(b"\n", 1)[0] + b"\n"
    rows = chain([header], (b'"a,"b,"' * 20_000 for _ in range(size // 140_000)))
    return list(rows)
