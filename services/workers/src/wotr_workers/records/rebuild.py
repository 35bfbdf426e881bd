"""Records made again from a user's whole history, at the end of an import and of its undo."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypedDict

from wotr_common.observability import logger
from wotr_workers.records.candidates import MOST_REPS
from wotr_workers.records.kept import TRIES, Contended, KeptRecords
from wotr_workers.records.sentences import sentence
from wotr_workers.records.staircase import Staircase, Subject

_WRITES_AT_ONCE = 4  # as with the import's own writes: more at once gain nothing
_TOP = 10


class Digest(TypedDict):
    """The records that an import brought: how many, and ten of them, as an item of the table holds them."""

    count: int
    top: list[dict[str, Any]]


class Rebuilder:
    """Makes all records of a user again, while other workouts may be coming in.

    Whoever calls it holds the user's lease. Versions are read before the history: what is stored after that
    and is not in the history as it was read changes the version, and its subject is made once more.
    """

    def __init__(self, records: KeptRecords) -> None:
        self._records = records

    def rebuild(self, user_id: str, import_id: str) -> Digest:
        """Store what the history of `user_id` amounts to; the records in it that `import_id` brought.

        Contended and botocore's errors are worth another try.
        """
        stored = self._records.all(user_id)
        made = self._records.climbed(user_id)
        pending = self._write(user_id, stored, made, set(stored) | set(made))
        for _ in range(TRIES):
            if not pending:
                return digest(made.values(), import_id)
            logger.info("records changed meanwhile, made once more", subjects=len(pending))
            stored = self._records.some(user_id, pending)
            again = self._records.climbed(user_id, pending)
            made = {subject: each for subject, each in made.items() if subject not in pending} | again
            pending = self._write(user_id, stored, made, pending)
        raise Contended(f"{len(pending)} records changed under every try")

    def _write(
        self,
        user_id: str,
        stored: Mapping[Subject, Staircase],
        made: Mapping[Subject, Staircase],
        subjects: Iterable[Subject],
    ) -> set[Subject]:
        """Store what differs; the subjects that somebody else changed meanwhile."""

        def written(subject: Subject) -> bool:
            return self._records.write(user_id, stored.get(subject), made.get(subject))

        wanted = list(subjects)
        with ThreadPoolExecutor(_WRITES_AT_ONCE) as pool:
            results = list(zip(wanted, pool.map(written, wanted), strict=True))
        return {subject for subject, done in results if not done}


def digest(staircases: Iterable[Staircase], import_id: str) -> Digest:
    """What of the current records `import_id` brought, told newest first, numbers of repetitions last."""
    brought = [each for each in staircases if each.record and each.record.import_id == import_id]
    brought.sort(key=lambda each: each.subject)
    brought.sort(key=lambda each: each.steps[-1].started_at, reverse=True)
    brought.sort(key=lambda each: each.subject.kind == MOST_REPS)
    return {"count": len(brought), "top": [_shown(each) for each in brought[:_TOP]]}


def _shown(staircase: Staircase) -> dict[str, Any]:
    *_, before, best = staircase.steps
    return {
        "kind": staircase.subject.kind,
        "subject": staircase.subject.name,
        "label": staircase.label,
        "unit": staircase.unit,
        "value": best.value,
        "previous": before.value,
        "startedAt": best.started_at,
        "message": sentence(staircase),
    }
