"""Our own CSV says the right workouts; what is no export is refused by name."""

from __future__ import annotations

import gzip
from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.exports import LIMITS, text
from tests.unit.reading import admitted, entries, set_aside, workout

from wotr_common.workout import Workout
from wotr_workers.formats import own
from wotr_workers.formats.detect import opened
from wotr_workers.formats.parsed import ParsedWorkout, Unrecognised
from wotr_workers.texts.rows import SetAside

OWN = b"type,startedAt,durationMin,caloriesBurned,distanceM,avgHeartRate,rpe,intensity,notes\n"


def test_our_own_row_says_all_its_fields() -> None:
    found = workout(OWN + b'run,2026-02-01T07:00:00+01:00,45.5,520,9000,148,7.5,high,"first,\nsecond"\n')
    answer = found.answer()
    assert (
        answer
        | {
            "type": "run",
            "startedAt": "2026-02-01T06:00:00.000Z",
            "durationMin": 45.5,
            "caloriesBurned": 520,
            "distanceM": 9000,
            "avgHeartRate": 148,
            "rpe": 7.5,
            "intensity": "high",
            "notes": "first,\nsecond",
            "source": "csv",
            "importId": "i1",
        }
        == answer
    )


@pytest.mark.parametrize(
    "content",
    [
        b"STARTEDAT, durationmin ,Type\n2026-02-01T07:00:00Z,45,Run\n",
        b"\xef\xbb\xbftype;startedAt;durationMin\nrun;2026-02-01T07:00:00Z;45\n",
        b"\n\ntype\tstartedAt\tdurationMin\trpe\nrun\t2026-02-01T07:00:00Z\t45",
        "type,startedAt,durationMin\nrun,2026-02-01T07:00:00Z,45".encode("utf-16"),
        b"type,startedAt,durationMin,avgHeartRate,distanceM\nrun,2026-02-01T07:00:00Z,45,0,0\n",
        b"type;startedAt;durationMin;;\nrun;2026-02-01T07:00:00Z;45;;\n",
    ],
    ids=[
        "any order and case",
        "semicolons and mark",
        "tabs, blank lines, short row",
        "utf-16",
        "zeros",
        "delimiters to spare",
    ],
)
def test_our_own_csv_in_other_clothes(content: bytes) -> None:
    found = workout(content)
    assert (found.type, found.duration_min) == ("run", Decimal(45))
    assert (found.avg_heart_rate, found.distance_m) == (None, None)


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("run,yesterday,45,,,,,,", "startedAt"),
        ("run,2026-02-01T07:00:00,45,,,,,,", "startedAt"),
        ("run,2026-02-01T07:00:00Z,,,,,,,", "durationMin"),
        ("run,2026-02-01T07:00:00Z,0,,,,,,", "durationMin"),
        ('run,2026-02-01T07:00:00Z,"45,5",,,,,,', "durationMin"),
        ("run,2026-02-01T07:00:00Z,1e9,,,,,,", "durationMin"),
        ("run,2026-02-01T07:00:00Z,NaN,,,,,,", "durationMin"),
        (f"run,2026-02-01T07:00:00Z,{'9' * 500},,,,,,", "durationMin"),
        ("quidditch,2026-02-01T07:00:00Z,45,,,,,,", "type"),
        ("run,1999-12-31T23:00:00Z,45,,,,,,", "startedAt"),
        ("run,2026-02-01T07:00:00Z,45,9999,,,,,", "caloriesBurned"),
        ("run,2026-02-01T07:00:00Z,45,,-1,,,,", "distanceM"),
        ("run,2026-02-01T07:00:00Z,45,,100000,,,,", "distanceM"),
        ("run,2026-02-01T07:00:00Z,45,,,500,,,", "avgHeartRate"),
        ("run,2026-02-01T07:00:00Z,45,,,,11,,", "rpe"),
        ("run,2026-02-01T07:00:00Z,45,,,,,furious,", "intensity"),
        ("run,2026-02-01T07:00:00Z,45,,,,,," + "x" * 2001, "notes"),
        ("run,2026-02-01T07:00:00Z,45,,,,,,,,surplus", ""),
    ],
)
def test_a_bad_row_is_set_aside_with_line_field_and_reason(row: str, field: str) -> None:
    found = set_aside(OWN + row.encode() + b"\n")
    assert (found.line, found.field) == (2, field)
    assert 0 < len(found.reason) <= 300


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"\n \n\r\n", "empty"),
        (b"type,startedAt\nrun,2026-01-01T00:00:00Z\n", "Found: type,startedAt Expected: our own CSV (type"),
        (b"type,startedAt,durationMin,colour\n", "'colour' is not known"),
        (b"type,startedAt,durationMin,TYPE\n", "type is there more than once"),
        (b"x" * 3_000_000, "longer than 1 MiB"),
        (b"caf\xe9,x\n", "UTF-8"),
        (b"PK\x03\x04\x14\0\xff\xfe", "a ZIP archive or a spreadsheet: upload the CSV itself"),
        (gzip.compress(OWN, mtime=0), "a gzip file: upload the CSV itself"),
        (b"t\0y\0p\0e\0", "NUL"),
    ],
)
def test_what_is_no_export_is_refused_by_name(content: bytes, said: str) -> None:
    with pytest.raises(Unrecognised) as error:
        opened([content])
    assert said in str(error.value)


YEARS = (datetime(2000, 1, 1), datetime(2026, 1, 1))  # noqa: DTZ001 - what the strategy asks for
NUMBERS = st.decimals(1, 2000, places=2)


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "type": st.sampled_from(sorted(LIMITS.supported_types - {"run"})),
                "startedAt": st.datetimes(*YEARS),
                "durationMin": NUMBERS,
                "distanceM": st.none() | NUMBERS,
                "notes": st.none() | st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=50),
            }
        ),
        max_size=10,
    )
)
def test_what_our_own_csv_says_is_read_back(said: list[dict[str, object]]) -> None:
    header = ["type", "startedAt", "durationMin", "distanceM", "notes"]
    rows = [
        [f"{row['startedAt']}Z" if n == "startedAt" else str(row[n] or "") for n in header] for row in said
    ]
    found = admitted(text([header, *rows]))
    assert len(found) == len(said)
    for each, row in zip(found, said, strict=True):
        assert isinstance(each, Workout), each
        assert (each.type, each.duration_min) == (row["type"], row["durationMin"])
        assert each.distance_m == row["distanceM"]
        assert (each.notes or "") == str(row["notes"] or "").strip()
        assert isinstance(row["startedAt"], datetime)
        assert abs((each.started_at.replace(tzinfo=None) - row["startedAt"]).total_seconds()) < 0.001


@given(st.lists(st.binary(max_size=60).map(lambda row: row.replace(b"\n", b"")), max_size=8))
def test_any_bytes_below_a_header_become_entries(rows: list[bytes]) -> None:
    _, found = entries(OWN + b"\n".join(rows))
    assert all(isinstance(each, ParsedWorkout | SetAside) for each in found)
    assert len(admitted(OWN + b"\n".join(rows))) == len(found)


def test_the_columns_are_those_of_the_api() -> None:
    assert set(own.COLUMNS) < {"photoKey", *Workout.model_json_schema(by_alias=True)["properties"]}
