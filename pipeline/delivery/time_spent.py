"""Where the time of a stage went, in one line: the phases of its build, or its actions."""

from __future__ import annotations

from collections.abc import Sequence

from delivery import history
from delivery.builds import Build
from delivery.definition import Definition
from delivery.history import Run
from delivery.screen import duration

_CALLED = {"DOWNLOAD_SOURCE": "source", "UPLOAD_ARTIFACTS": "cache and artifacts"}


def phases(build: Build) -> str:
    """The phases of a build that took a second or more."""
    told = (each for each in build.phases if each.seconds >= 1)
    return ", ".join(f"{_CALLED.get(each.name, each.name.lower())} {each.seconds} s" for each in told)


def actions(known: Definition, runs: Sequence[Run]) -> str:
    """The actions of one stage in their order, without those that took no time; "" where there is one alone.

    Those that run side by side are told as one.
    """
    latest = history.latest(runs)
    if len(latest) < 2:
        return ""
    together: dict[str, list[Run]] = {}
    for each in sorted(latest, key=lambda run: _place(known, run)):
        order, _ = _place(known, each)
        together.setdefault(f"{order}" if order else each.action, []).append(each)
    return ", ".join(filter(None, map(_together, together.values())))


def _place(known: Definition, run: Run) -> tuple[int, int]:
    """Run order, and place in the definition; what is not in it any more comes first, as it began."""
    found = known.action(run.stage, run.action)
    return (found.order, known.actions.index(found)) if found else (0, 0)


def _together(runs: Sequence[Run]) -> str:
    took = max(each.updated for each in runs) - min(each.started for each in runs)
    if round(took.total_seconds()) < 1:
        return ""
    *others, last = (each.action for each in runs)
    names = f"{', '.join(others)} and {last}" if others else last
    waits = " waiting" if all(each.category == "Approval" for each in runs) else ""
    return f"{names} {duration(took.total_seconds())}{waits}"
