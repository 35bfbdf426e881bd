"""The changes of prod among a pipeline's executions: which arrived, which were good."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from delivery.definition import Action, Definition
from delivery.history import Execution, Run

COMMITTED = ("AuthorDate", "CommitDate")  # what a source action tells of the commit's time


@dataclass(frozen=True)
class Release:
    """An execution that executed prod's change set, from ``began`` to ``ended``.

    ``committed``: when its commit was written. ``arrived``: prod took it; one that did not was taken back by
    CloudFormation itself. ``good``: the checks of later stages passed as well. ``reason``: why not.
    """

    execution: Execution
    began: datetime
    ended: datetime
    committed: datetime | None
    arrived: bool
    good: bool
    reason: str = ""

    @property
    def rolls_back(self) -> bool:
        """Whether it brought an earlier version back."""
        return bool(self.execution.rolls_back_to)


def releases(known: Definition, executions: Iterable[Execution], runs: Iterable[Run]) -> list[Release]:
    """Every change of prod that has ended, newest first; executions that never got there are none."""
    release = known.release
    if release is None:
        return []
    by_execution: dict[str, list[Run]] = {}
    for run in runs:
        by_execution.setdefault(run.execution_id, []).append(run)
    made = (
        _release(each, by_execution.get(each.execution_id, []), release, known.after_release())
        for each in executions
    )
    return sorted((each for each in made if each), key=lambda each: each.began, reverse=True)


def current(found: Sequence[Release]) -> Release | None:
    """The release whose version prod runs: the newest that arrived, or the one that it went back to."""
    newest = next((each for each in found if each.arrived), None)
    if newest is None or not newest.rolls_back:
        return newest
    origin = newest.execution.rolls_back_to
    return next((each for each in found if each.execution.execution_id == origin), newest)


def _release(
    execution: Execution, runs: Sequence[Run], release: Action, later: Sequence[str]
) -> Release | None:
    tries = [each for each in runs if (each.stage, each.action) == (release.stage, release.name)]
    last = max(tries, key=lambda each: each.started, default=None)
    if last is None or last.status == "InProgress":
        return None
    refused = next((each for each in runs if each.status == "Failed" and each.stage in later), None)
    arrived = last.status == "Succeeded"
    why = last if not arrived else refused
    told: Mapping[str, str] = next((each.told for each in runs if each.category == "Source"), {})
    return Release(
        execution,
        last.started,
        last.updated,
        _committed(told),
        arrived,
        arrived and refused is None,
        f"{why.action}: {why.reason or 'no reason given'}" if why else "",
    )


def _committed(told: Mapping[str, str]) -> datetime | None:
    for name in COMMITTED:
        if told.get(name):
            try:
                moment = datetime.fromisoformat(told[name])
            except ValueError:
                continue
            return moment if moment.tzinfo else None
    return None
