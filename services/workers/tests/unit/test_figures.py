"""Numbers, lengths and dates as apps and spreadsheets write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from wotr_workers.texts.dates import moment, month
from wotr_workers.texts.figures import amount, figure, seconds
from wotr_workers.texts.values import BadText


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("45.5", "45.5"),
        (" 45 ", "45"),
        ("+.5", "0.5"),
        ("-12", "-12"),
        ("1,000", "1000"),
        ("1,234,567.5", "1234567.5"),
        ("4,73", "4.73"),
        ("1000,5", "1000.5"),
        ("1.234,5", "1234.5"),
        ("12 345,6", "12345.6"),
        ("12\u202f345", "12345"),
        ("'-12", "-12"),
        ("1.5e-05", "0.000015"),
    ],
)
def test_numbers(text: str, value: str) -> None:
    assert figure(text) == Decimal(value)


@pytest.mark.parametrize("text", ["", " ", "--", "-", "—", "NaN", "null", "None", "N/A"])
def test_texts_of_no_number(text: str) -> None:
    assert figure(text) is None


@pytest.mark.parametrize("text", ["far", "1,00,0", "1.2.3", "12:30", "1e999", "٣", "0x10", "inf", "9" * 40])
def test_texts_that_are_not_numbers(text: str) -> None:
    with pytest.raises(BadText, match=r"must be a number such as 45\.5"):
        figure(text)


def test_an_amount_is_above_zero_or_missing() -> None:
    assert (amount("3"), amount("0.0"), amount("--")) == (Decimal(3), None, None)
    with pytest.raises(BadText, match="must not be negative, and is '-3'"):
        amount("-3")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("01:02:03", 3723),
        ("00:00:02.5", 2.5),
        ("00:00:02,5", 2.5),
        ("32:11", 1931),
        ("264:01:00", 950_460),
        ("1 days 01:00:00", 90_000),
        ("1 day, 1:00:00", 90_000),
        ("0:00", None),
        ("--", None),
        ("--:--:--", None),
        ("00:NaN:NaN", None),
    ],
)
def test_lengths_of_time(text: str, value: float | None) -> None:
    assert seconds(text) == value


@pytest.mark.parametrize("text", ["an hour", "1h", "90", "1:2:3:4"])
def test_texts_that_are_no_length(text: str) -> None:
    with pytest.raises(BadText, match="must be a length of time such as 01:05:30"):
        seconds(text)


WHEN = datetime(2022, 10, 6, 20, 19, 20)  # noqa: DTZ001 - on nobody's clock


@pytest.mark.parametrize(
    "text",
    [
        "2022-10-06 20:19:20",
        "2022-10-06T20:19:20",
        "2022-10-06 20:19:20.5",
        "2022/10/06 20:19:20",
        "2022.10.06. 20:19:20",
        "06.10.2022, 20:19:20",
        "Oct 6, 2022, 8:19:20 PM",
        "Oct 6, 2022, 8:19:20\u202fp. m.",
        "October 6, 2022 at 20:19:20",
        "6 oct. 2022 à 20:19:20",
        "6. Okt. 2022 um 20:19:20",
        "6 ott 2022, 20:19:20",
        "6 de out. de 2022, 20:19:20",
        "6 paź 2022, 20:19:20",
    ],
)
def test_spellings_of_a_time(text: str) -> None:
    assert moment(text).replace(microsecond=0) == WHEN


def test_a_time_without_seconds_and_one_with_an_offset() -> None:
    assert moment("2022-10-06 20:19") == WHEN.replace(second=0)
    ahead = timezone(timedelta(hours=5, minutes=30))
    assert moment("2022-10-06 20:19:20 +0530") == WHEN.replace(tzinfo=ahead)
    assert moment("2022-10-06 20:19:20 -05:30") == WHEN.replace(tzinfo=timezone(-ahead.utcoffset(None)))
    assert moment("2022-10-06T20:19:20Z") == moment("2022-10-06 20:19:20 UTC") == WHEN.replace(tzinfo=UTC)


def test_day_and_month_are_told_apart_or_not_guessed() -> None:
    assert moment("30/10/2022 20:19") == moment("10/30/2022 20:19") == moment("2022-10-30 20:19")
    assert moment("6/6/2022 20:19").day == 6
    with pytest.raises(BadText, match="may be read with the day or the month first"):
        moment("06/10/2022 20:19:20")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "some day",
        "2022-02-30 10:00:00",
        "2022-10-06 25:00:00",
        "6 Foo 2022, 1:00:00",
        "2022-10-06 20:19:20 +9900",
    ],
)
def test_texts_that_are_no_time(text: str) -> None:
    with pytest.raises(BadText, match=r"must be a time such as|is no time that exists|is no offset"):
        moment(text)


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("January jan. janv. Jän januari gennaio ene sty", 1),
        ("March mrt März mars marzo maart", 3),
        ("May mei Mai mag maj", 5),
        ("June juin giu jún czerwca", 6),
        ("July juil. lug Juli lip", 7),
        ("August août ago sie", 8),
        ("okt ott out październik október", 10),
        ("Dec Dez dic déc. grudnia", 12),
    ],
)
def test_months(words: str, number: int) -> None:
    assert [month(word) for word in words.split()] == [number] * len(words.split())
