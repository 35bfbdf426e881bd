"""One import from its upload to its message; tried again after any crash, it ends in the same state."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from wotr_common import keys
from wotr_common.limits import Limits
from wotr_common.observability import logger
from wotr_common.workout import time_text
from wotr_workers.imports.admit import Admission
from wotr_workers.imports.detect import recognised
from wotr_workers.imports.parsed import Entry, Format, SetAside, Unrecognised
from wotr_workers.imports.plan import Known, candidate_item, compared
from wotr_workers.imports.tally import Tally
from wotr_workers.store import READ_ITEMS, Imports, Item, Workouts
from wotr_workers.topics import ImportsTopic
from wotr_workers.uploads import Superseded, Upload, Uploads

RUNNING, DONE, REFUSED = "running", "done", "refused"
# Measured on 1,840 stored workouts: asking for them a hundred at a time takes an eighth of the time that as
# many refused puts take. More than four puts at once gain nothing.
PUTS_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Importer:
    """Imports uploads; `clock` says when one ended."""

    uploads: Uploads
    workouts: Workouts
    imports: Imports
    topic: ImportsTopic
    limits: Callable[[], Limits]
    clock: Callable[[], datetime]

    def run(self, upload: Upload) -> Tally | None:
        """Import `upload` and tell how it ended; the counts, or None where nothing was left to do.

        NoUpload where there is no such object. All other errors are worth another try of the whole.
        """
        chunks = self.uploads.chunks(upload)
        try:
            head = next(chunks, b"")
        except Superseded:
            logger.info("upload was replaced by a newer one, which is imported instead")
            return None
        running = _state(upload)
        ended = self.imports.begin(running)
        if ended is not None:
            self._tell(ended)
            return None
        tally = Tally()
        try:
            known, entries = recognised(chain([head], chunks))
        except Unrecognised as error:
            end: Item = {"state": REFUSED, "reason": str(error), "message": f"refused: {error}"}
        else:
            for fate in self._fates(upload, known, entries):
                tally.add(fate)
            end = {"state": DONE, "format": known.name, "message": tally.sentence()}
        self._end(running, end, tally)
        return tally

    def _fates(self, upload: Upload, known: Format, entries: Iterable[Entry]) -> Iterator[Known | SetAside]:
        """What became of each entry. Memory holds one batch of them."""
        limits = self.limits()
        admission = Admission(upload.user_id, upload.import_id, known.source, upload.at, limits)
        batch: dict[str, tuple[int, Item]] = {}
        with ThreadPoolExecutor(PUTS_AT_ONCE) as pool:
            for entry in entries:
                admitted = entry if isinstance(entry, SetAside) else admission.admit(entry)
                if isinstance(admitted, SetAside):
                    yield admitted
                    continue
                item = candidate_item(admitted, upload.version, limits.shards)
                if item[keys.SK] in batch or len(batch) == READ_ITEMS:
                    # The same start twice: the first must be stored before the second is compared with it.
                    yield from self._store(batch, pool)
                    batch.clear()
                batch[item[keys.SK]] = (admitted.line, item)
            yield from self._store(batch, pool)

    def _store(
        self, batch: dict[str, tuple[int, Item]], pool: ThreadPoolExecutor
    ) -> Iterator[Known | SetAside]:
        """Store what is new of a batch of items with different starts."""
        if not batch:
            return
        stored = self.workouts.stored({"pk": item[keys.PK], "sk": sk} for sk, (_, item) in batch.items())
        new = [found for sk, found in batch.items() if sk not in stored]
        # Somebody else may have stored one of them since.
        raced = pool.map(self.workouts.put_new, (item for _, item in new))
        for (line, item), other in zip(new, raced, strict=True):
            yield Known.NEW if other is None else compared(line, item, other)
        for sk, other in stored.items():
            line, item = batch[sk]
            yield compared(line, item, other)

    def _end(self, running: Item, end: Item, tally: Tally) -> None:
        state = {
            **running,
            **end,
            "counts": tally.counts(),
            "setAsideRows": [asdict(row) for row in sorted(tally.kept, key=lambda row: row.line)],
            "setAsideReasons": dict(tally.reasons),
            "endedAt": time_text(self.clock()),
        }
        if self.imports.replace(running, state) is not None:
            logger.info("told by another import: of a newer upload, or by this one's event delivered again")
            return
        self._tell(state)

    def _tell(self, state: Item) -> None:
        """Publish how an import ended: once, or twice where a crash comes between telling and noting it."""
        if not state["told"]:
            self.topic.tell(message(state))
            self.imports.replace(state, state | {"told": True})


def _state(upload: Upload) -> Item:
    return {
        **keys.import_key(upload.user_id, upload.import_id),
        "userId": upload.user_id,
        "importId": upload.import_id,
        "uploadVersion": upload.version,
        "uploadedAt": time_text(upload.at),
        "state": RUNNING,
        "told": False,
    }


def message(state: Item) -> dict[str, Any]:
    """What the topic is told of an import's end: counts as whole numbers, the reasons counted."""
    names = ("userId", "importId", "state", "message", "format", "reason")
    told: dict[str, Any] = {name: state[name] for name in names if name in state}
    return {
        "version": 1,
        **told,
        "counts": {name: int(count) for name, count in state["counts"].items()},
        "setAsideReasons": {reason: int(count) for reason, count in state["setAsideReasons"].items()},
    }
