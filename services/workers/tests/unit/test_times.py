"""Local times of exports become moments, also on the nights when clocks change."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from wotr_workers.imports.parsed import BadText
from wotr_workers.imports.times import UnknownZone, utc, zone


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
