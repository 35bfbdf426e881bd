"""One import from its upload to its message; interrupted anywhere and tried again, it ends in the same state.

Progress is noted after each batch: the next try reads past the entries before, and stores none of them again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from wotr_common import keys
from wotr_common.limits import Limits
from wotr_common.observability import logger
from wotr_common.workout import time_text
from wotr_workers.formats.detect import Opened, opened
from wotr_workers.formats.parsed import Asked, Settings, Unrecognised
from wotr_workers.imports.batches import Batch, batches
from wotr_workers.imports.begin import begun
from wotr_workers.imports.candidates import Candidates
from wotr_workers.imports.lease import Invocation, Turn, held
from wotr_workers.imports.provenance import Scope
from wotr_workers.imports.questions import Unsaid, answered, known_settings, restored, stored
from wotr_workers.imports.tally import Tally
from wotr_workers.imports.told import Records, tell
from wotr_workers.imports.writing import WRITES_AT_ONCE, Writer
from wotr_workers.store import Imports, Item, Leases, Table
from wotr_workers.store.imports import DONE, REFUSED
from wotr_workers.texts.rows import SetAside
from wotr_workers.topics import ImportsTopic
from wotr_workers.uploads import Superseded, Upload, Uploads

# Rows in a row, from the first, that cannot be taken: more of them would only fill the table.
HOPELESS_ROWS = 5000
# Rows set aside that are listed, each an item: a file can hold millions of them below one that can be taken.
# All of them are counted, by their reasons.
LISTED_ROWS = 10_000


class _Overtaken(Exception):
    """The import is no longer this upload's: a newer one is there, or it is to be taken back."""


@dataclass(frozen=True, slots=True)
class Importer:
    """Imports uploads; `clock` gives versions and says when one ended, `opened` knows the formats."""

    uploads: Uploads
    table: Table
    imports: Imports
    leases: Leases
    topic: ImportsTopic
    records: Records
    limits: Callable[[], Limits]
    clock: Callable[[], datetime]
    opened: Callable[[Iterable[bytes]], Opened] = opened

    def run(self, upload: Upload, until: datetime) -> Tally | None:
        """Import `upload` and tell how it ended; the counts, or None where nothing was left to do.

        NoUpload where there is no such object, Later where time (it ends at `until`) or the athlete's turn is
        over. All other errors are worth another try.
        """
        return self.run_in(upload, Invocation(self.clock, until))

    def run_in(self, upload: Upload, turn: Turn) -> Tally | None:
        """The same, in a turn that may last longer than an invocation."""
        try:
            with held(self.leases, upload.user_id, upload.import_id, turn):
                return self._run(upload, turn)
        except (Superseded, _Overtaken):
            logger.info("the import is not this upload's any more")
            return None

    def _run(self, upload: Upload, turn: Turn) -> Tally | None:
        metadata = self.uploads.metadata(upload)
        running, ended = begun(self.imports, upload)
        if ended is not None:
            tell(self.imports, self.topic, ended)
            return None
        if running is None:
            return None
        try:
            running, settings = self._settings(running, upload, metadata)
            return self._import(running, upload, settings, turn)
        except Unsaid as error:
            return self._refuse(running, error, {"questions": list(error.questions)})
        except Asked as error:  # which looking through the file did not find: what was stored before it stays
            return self._refuse(running, Unsaid([error.question]), {"questions": [error.question]})
        except Unrecognised as error:
            return self._refuse(running, error, {})

    def _open(self, upload: Upload) -> Opened:
        return self.opened(self.uploads.chunks(upload))

    def _settings(self, running: Item, upload: Upload, metadata: dict[str, str]) -> tuple[Item, Settings]:
        """What the file does not say: asked for once, so that every try reads it in the same way."""
        if "settings" in running:
            return running, restored(running["settings"])
        self._forget_rows(upload)
        pk, sk = keys.profile_key(upload.user_id).values()
        profile = self.table.get(str(pk), [str(sk)]).get(str(sk), {})
        known = known_settings(running, metadata, profile)
        found = answered(lambda: self._open(upload), known)
        return self._replaced(running, {**running, "settings": stored(found)}), found

    def _forget_rows(self, upload: Upload) -> None:
        """The rows that an earlier upload of this import set aside are no longer its."""
        pk = keys.import_pk(upload.user_id, upload.import_id)
        self.table.delete_all(
            {"pk": pk, "sk": item[keys.SK]} for item in self.table.beginning(pk, keys.set_aside_prefix())
        )

    def _import(self, running: Item, upload: Upload, settings: Settings, turn: Turn) -> Tally:
        file = self._open(upload)
        scope = Scope(
            upload.user_id,
            upload.import_id,
            f"{upload.import_id}/{upload.version}",
            file.format.source,
            upload.at,
            self.limits(),
        )
        entries = file.layout.read(file.rows, settings)
        tally = Tally.of(running)
        done = int(running.get("checkpoint", {}).get("entries", 0))
        if done:
            logger.info("the import goes on", entries=done, counts=tally.counts())
        with ThreadPoolExecutor(WRITES_AT_ONCE) as pool:
            writer = Writer(self.table, pool, self.clock)
            for batch in batches(entries, Candidates(scope), done):
                self._store(batch, scope, writer, tally)
                progress = {"checkpoint": {"entries": batch.end}, "format": file.format.name}
                running = self._replaced(running, {**running, **progress, **_counted(tally)})
                if tally.set_aside >= HOPELESS_ROWS and tally.set_aside == tally.rows:
                    return self._refuse(running, Unrecognised(_hopeless(tally)), {}, tally)
                turn.check()  # after the batch, so that every invocation gets further
        records = self.records.rebuild(upload.user_id, upload.import_id)
        end = {"format": file.format.name, "message": tally.sentence(), "records": records}
        return self._end(running, {"state": DONE, **end}, tally)

    def _store(self, batch: Batch, scope: Scope, writer: Writer, tally: Tally) -> None:
        outcomes = [*writer.store(scope, batch.candidates), *batch.set_aside]
        aside = [each for each in outcomes if isinstance(each, SetAside)]
        self.table.put_all(_aside_items(aside[: max(0, LISTED_ROWS - tally.set_aside)], scope))
        tally.remarks += batch.remarks
        tally.add(outcomes)

    def _refuse(self, running: Item, error: Exception, more: Item, tally: Tally | None = None) -> Tally:
        end = {"state": REFUSED, "reason": str(error), "message": f"refused: {error}", **more}
        return self._end(running, end, tally or Tally())

    def _end(self, running: Item, end: Item, tally: Tally) -> Tally:
        kept = {name: value for name, value in running.items() if name not in ("checkpoint", "settings")}
        state = {**kept, **end, **_counted(tally), "endedAt": time_text(self.clock())}
        tell(self.imports, self.topic, self._replaced(running, state))
        return tally

    def _replaced(self, before: Item, state: Item) -> Item:
        if self.imports.replace(before, state) is not None:
            raise _Overtaken
        return state


def _hopeless(tally: Tally) -> str:
    (reason, _), *_ = tally.reasons.most_common(1)
    return f"none of the first {tally.rows} rows can be stored, most of them for: {reason}"


def _counted(tally: Tally) -> Item:
    return {"counts": tally.counts(), "setAsideReasons": dict(tally.reasons)}


def _aside_items(rows: Iterable[SetAside], scope: Scope) -> list[Item]:
    """One item for each line; where a line holds several sets, what is wrong with all of them."""
    pk = keys.import_pk(scope.user_id, scope.import_id)
    found: dict[int, Item] = {}
    for row in rows:
        item = {"line": row.line, "field": row.field, "reason": row.reason}
        if row.line in found:
            item = {**found[row.line], "reason": f"{found[row.line]['reason']}; {row.field}: {row.reason}"}
        found[row.line] = item
    return [{keys.PK: pk, keys.SK: keys.set_aside_sk(line), **item} for line, item in found.items()]
