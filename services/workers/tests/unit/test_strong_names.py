"""What Strong calls things in its languages."""

from __future__ import annotations

import pytest

from wotr_workers.formats.strong_names import row_kind, seconds_in


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1 Std. 5 Min.", 3900),
        ("1 h 5 min", 3900),
        ("01:05:00", 3900),
        ("1時間5分", 3900),
        ("1시간 5분", 3900),
        ("1ч 5м", 3900),
        ("1d 2h", 93_600),
        ("1.5h", 5400),
        ("-", None),
        ("5 apples", None),
    ],
)
def test_lengths_of_time_in_other_languages(text: str, seconds: int | None) -> None:
    assert seconds_in(text) == seconds


def test_kinds_of_rows_in_other_languages() -> None:
    assert [row_kind(word) for word in ("休息计时器", "Minuteur de repos", "3.0", "Hmm")] == [
        "rest",
        "rest",
        "normal",
        None,
    ]
