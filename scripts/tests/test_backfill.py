"""A backfill keeps its place, and goes on from there however it ended."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pytest
from backfill import Progress, again, begun, show, walk

FUNCTION = "arn:aws:lambda:eu-central-1:123456789012:function:rebuild:live"
ATHLETES = [f"athlete-{number}" for number in range(6)]


class Rebuild:
    """The function as the script sees it: one athlete a call, and Ctrl-C before one of the calls."""

    def __init__(self, interrupted_at: int = -1, failing: dict[str, int] | None = None) -> None:
        self.done: list[str] = []
        self._interrupted_at = interrupted_at
        self._failing = failing or {}

    def __call__(self, asked: dict[str, Any]) -> dict[str, Any]:
        number = asked.get("place", {"after": 0})["after"]
        if number == self._interrupted_at:
            raise KeyboardInterrupt
        user = asked.get("user", ATHLETES[number])
        self._failing[user] = self._failing.get(user, 0) - 1
        failed = {user: "totals: too fast"} if self._failing[user] >= 0 else {}
        if not failed:
            self.done.append(user)
        answer = {"users": 1, "changed": {"workouts": 2}, "failed": failed, "set_aside": {}}
        last = "user" in asked or number + 1 == len(ATHLETES)
        return answer if last else answer | {"place": {"walk": "record", "after": number + 1}}


def said(**options: Any) -> argparse.Namespace:
    return argparse.Namespace(
        **{"view": "all", "user": None, "restart": False, "stage": "dev", "state": None} | options
    )


def run(rebuild: Rebuild, path: Path, function: str = FUNCTION, **options: Any) -> Progress:
    progress = begun(said(**options), function, path)
    walk(progress, rebuild, path, lambda _: None)
    return progress


@pytest.mark.parametrize("interrupted_at", range(1, len(ATHLETES)))
def test_an_interrupted_backfill_goes_on_where_it_was(tmp_path: Path, interrupted_at: int) -> None:
    first, second = Rebuild(interrupted_at), Rebuild()
    with pytest.raises(KeyboardInterrupt):
        run(first, tmp_path / "state")
    progress = run(second, tmp_path / "state")

    assert first.done + second.done == ATHLETES
    assert (progress.users, progress.changed) == (6, {"workouts": 12})


@pytest.mark.parametrize(
    "other", [{"view": "totals"}, {"function": FUNCTION + "-of-another-stage"}, {"restart": True}]
)
def test_it_begins_anew_where_something_else_is_asked(tmp_path: Path, other: dict[str, Any]) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(Rebuild(3), tmp_path / "state")
    rebuild = Rebuild()
    run(rebuild, tmp_path / "state", **other)

    assert rebuild.done == ATHLETES


def test_a_state_that_makes_no_sense_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("{")
    rebuild = Rebuild()
    run(rebuild, tmp_path / "state")

    assert rebuild.done == ATHLETES


def test_athletes_that_changed_too_fast_are_asked_for_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rebuild = Rebuild(failing={"athlete-2": 2, "athlete-4": 99})
    progress = run(rebuild, tmp_path / "state")
    again(progress, rebuild)
    show(progress, said())

    assert sorted(rebuild.done) == [each for each in ATHLETES if each != "athlete-4"]
    assert progress.failed == {"athlete-4": "totals: too fast"}
    assert progress.users == 6
    assert "not rebuilt: athlete-4: totals: too fast" in capsys.readouterr().err
