"""Which changes broke a record that somebody is to be told of, and the words. Plain functions, no AWS."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from wotr_common import keys
from wotr_common.workout import json_number
from wotr_workers.records.candidates import EVERYTHING, LONGEST_30_DAYS, LONGEST_DURATION, MINUTES, Image
from wotr_workers.records.changes import Change
from wotr_workers.records.sentences import told
from wotr_workers.records.staircase import Candidate, Staircase, Step, Subject, is_better
from wotr_workers.workouts import CORRELATION_ID, IMPORT_ID

LATELY = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Broken:
    """A record that a logged workout or session of `type` broke; `previous` was the best before it."""

    user_id: str
    subject: Subject
    label: str
    unit: str
    step: Step
    previous: Decimal
    type: str
    less_is_better: bool = False
    correlation_id: str | None = None

    @property
    def key(self) -> keys.Key:
        """Key of the note that it was told of."""
        return keys.record_log_key(self.user_id, _time(self.step.started_at), *self.subject)

    def message(self) -> dict[str, Any]:
        """What the topic is told; `noting.ToldRecord` reads it."""
        said = {
            "version": 1,
            "userId": self.user_id,
            "kind": self.subject.kind,
            "subject": self.subject.name,
            "label": self.label,
            "value": json_number(self.step.value),
            "unit": self.unit,
            "previous": json_number(self.previous),
            "type": self.type,
            "workoutId": self.step.workout_id,
            "sessionId": self.step.session_id,
            "startedAt": self.step.started_at,
            "message": self._sentence(),
        }
        return {name: value for name, value in said.items() if value is not None}

    def _sentence(self) -> str:
        return told(
            self.subject.kind,
            self.label,
            self.step.value,
            self.previous,
            self.unit,
            less_is_better=self.less_is_better,
        )


def broken(change: Change, staircases: Mapping[Subject, Staircase]) -> Iterator[Broken]:
    """The records that stand in `staircases` because of `change`; the first value of all is none."""
    for candidate in _fresh(change):
        staircase = staircases[candidate.subject]
        if staircase.record is None or staircase.record.owner != candidate.step.owner:
            continue
        yield _broken(change, candidate, staircase.steps[-2].value)


def window(change: Change) -> tuple[datetime, datetime] | None:
    """From when until when workouts are to be compared with the one of `change`, None where none are."""
    found = _duration(change)
    if found is None:
        return None
    start = _time(found.step.started_at)
    return start - LATELY, start


def longest_lately(change: Change, others: Iterable[Image]) -> Broken | None:
    """The workout of `change` where it took longer than all `others`, of which there must be one.

    `others` are the workouts of its window; those that look odd or whose duration nobody knows do not count.
    """
    found = _duration(change)
    counted = [each["durationMin"] for each in others if each.get("durationMin") and not each.get("warnings")]
    if found is None or not counted or found.step.value <= max(counted):
        return None
    lately = Candidate(Subject(LONGEST_30_DAYS, EVERYTHING), "workout", MINUTES, found.step)
    return _broken(change, lately, max(counted))


def _duration(change: Change) -> Candidate | None:
    fresh = (each for each in _fresh(change) if each.subject.kind == LONGEST_DURATION)
    return next(fresh, None)


def _fresh(change: Change) -> Iterator[Candidate]:
    """What a logged workout, or a session that has ended, may be a record of since the change."""
    if not change.new or not change.is_by_athlete or not _is_told(change.new):
        return
    before = {}
    if change.old and _is_told(change.old):
        before = {each.subject: each for each in change.before()}
    for candidate in change.after():
        old = before.get(candidate.subject)
        if old is None or is_better(
            candidate.step.value, old.step.value, less_is_better=candidate.less_is_better
        ):
            yield candidate


def _is_told(image: Image) -> bool:
    """Imported history is told of in one digest, and an open session when it ends."""
    return not image.get(IMPORT_ID) and image.get("state") != "open"


def _broken(change: Change, candidate: Candidate, previous: Decimal) -> Broken:
    image = change.new or {}
    return Broken(
        change.user_id,
        candidate.subject,
        candidate.label,
        candidate.unit,
        candidate.step,
        previous,
        image["type"],
        candidate.less_is_better,
        image.get(CORRELATION_ID),
    )


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
