"""Local times of exports become moments, also on the nights when clocks change."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from wotr_common.workout import Instant
from wotr_workers.texts.times import UnknownZone, utc, zone, zoned
from wotr_workers.texts.values import BadText


@pytest.mark.parametrize(
    ("local", "moment"),
    [
        ("2026-01-15 17:30", "2026-01-15 16:30Z"),
        ("2026-07-15 17:30", "2026-07-15 15:30Z"),
        ("2026-10-25 02:30", "2026-10-25 00:30Z"),
        ("2026-03-29 02:30", "2026-03-29 01:30Z"),
    ],
    ids=["winter", "summer", "shown twice: the first", "skipped: 3:30 in summer time"],
)
@pytest.mark.parametrize("fold", [0, 1])
def test_a_local_time_is_a_moment(local: str, moment: str, fold: int) -> None:
    found = utc(datetime.fromisoformat(local).replace(fold=fold), zone("Europe/Berlin"))
    assert found == datetime.fromisoformat(moment)
    assert found.tzinfo is UTC


def test_a_time_before_the_first_year_in_utc_is_no_time() -> None:
    with pytest.raises(BadText, match="outside the years"):
        utc(datetime.fromisoformat("0001-01-01"), zone("Asia/Tokyo"))


@pytest.mark.parametrize("name", ["Europe/Berlyn", "", "America", "../Europe/Berlin", "/etc/passwd", "x\0y"])
def test_what_is_no_zone_is_refused_by_name(name: str) -> None:
    with pytest.raises(UnknownZone, match="no time zone; they look like Europe/Berlin"):
        zone(name)


INSTANT: TypeAdapter[datetime] = TypeAdapter(Instant)
ISO = st.datetimes(timezones=st.timezones()).map(datetime.isoformat)
PARTS = st.from_regex(
    r"[0-9]{4}-[01][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-6][0-9](:[0-6][0-9](\.[0-9]{1,7})?)?"
    r"(Z|[+-][0-2][0-9]:[0-6][0-9])"
)


@given(ISO | PARTS | st.text(max_size=30))
@example("2026-02-01T07:00:00.123456Z")
@example("2026-02-01T07:00+01:00")
@example("0001-01-01T00:00:00+14:00")
@example("2026-02-01T24:00:00Z")
@example("2026-02-01T07:00-00:60")
def test_a_time_with_its_zone_is_what_pydantic_makes_of_it(text: str) -> None:
    found = zoned(text)
    try:
        said = INSTANT.validate_python(text)
    except ValidationError:
        assert found == text
    else:
        assert found == text or INSTANT.validate_python(found) == said


def test_a_usual_time_is_told_without_pydantic() -> None:
    assert zoned("2026-02-01T08:00:00.000+01:00") == datetime(2026, 2, 1, 7, tzinfo=UTC)
