"""The scripts of the nightly jobs refuse what makes no sense, and print plain lines in a pipe."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime

import clean_up
import daily_summary
import pytest

Capture = pytest.CaptureFixture[str]
REPORT = {
    "version": 1,
    "day": "2026-11-24",
    "totals": {"workouts": 1200, "athletes": 2, "minutes": 95.5, "calories": 610, "distanceM": 0},
    "byType": {"run": {"workouts": 1200, "athletes": 2, "minutes": 95.5, "calories": 610, "distanceM": 0}},
    "bySource": {},
}


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--day", datetime.now(UTC).date().isoformat()], "is not over"),
        (["--day", "24.11.2026"], "is no date"),
        (["--through", "2026-11-24"], "needs a --day"),
        (["--day", "2026-11-24", "--through", "2026-11-01"], "not after it"),
    ],
)
def test_days_that_cannot_be_summed_up_are_refused(
    words: list[str], why: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setattr(sys, "argv", ["daily_summary.py", *words])

    with pytest.raises(SystemExit) as ended:
        daily_summary.main()

    assert ended.value.code == 2
    assert why in capsys.readouterr().err


@pytest.mark.parametrize("script", [daily_summary, clean_up])
def test_a_stage_that_is_not_there_is_said_in_words(
    script: object, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setattr(sys, "argv", ["script.py"])

    assert script.main() == 1  # type: ignore[attr-defined]
    assert "wotr-analytics-dev is not there" in capsys.readouterr().err


def test_a_pipe_gets_a_line_for_each_sum(capsys: Capture) -> None:
    daily_summary.show(REPORT)

    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "2026-11-24 (UTC)"
    assert lines[3].split() == ["everything", "1,200", "2", "95.5", "610", "0"]
    assert lines[4].split() == ["type", "run", "1,200", "2", "95.5", "610", "0"]


def test_a_stretch_has_both_its_ends() -> None:
    chosen = list(daily_summary.days(date(2026, 10, 31), date(2026, 11, 2)))
    assert [each.isoformat() for each in chosen] == ["2026-10-31", "2026-11-01", "2026-11-02"]
