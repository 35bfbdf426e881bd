"""From queued messages to imports and undos: what is done, what comes again and when, what is set aside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel, ValidationError
from pydantic.alias_generators import to_camel

from wotr_common.dead_letters import DeadLetters, correlation_id_of_record
from wotr_common.observability import annotate_span, logger
from wotr_workers.bulk import BulkImports
from wotr_workers.imports.lease import Later
from wotr_workers.imports.run import Importer
from wotr_workers.imports.undo import Undoer
from wotr_workers.queue import ImportQueue
from wotr_workers.uploads import NoUpload, upload_of


class _Undo(BaseModel):
    model_config = {"alias_generator": to_camel}

    user_id: str
    import_id: str


class _UndoMessage(BaseModel):
    """A request to take an import back, as `ImportQueue.ask_undo` sends it."""

    undo: _Undo


@dataclass(slots=True)
class Batch:
    """What became of a batch of messages; `failed_ids` are those to try again."""

    new: int = 0
    rows_set_aside: int = 0
    undone: int = 0
    failed_ids: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Inbox:
    """Takes messages of the import queue, one after the other, until the invocation's time is over.

    What is too large for it goes to `bulk`; where that is None, to as many invocations as it takes.
    """

    importer: Importer
    undoer: Undoer
    queue: ImportQueue
    dead_letters: DeadLetters
    bulk: BulkImports | None = None

    def take(self, records: Iterable[Mapping[str, Any]], until: datetime) -> Batch:
        """Do what the SQS `records` ask for."""
        batch = Batch()
        for record in records:
            logger.set_correlation_id(correlation_id_of_record(record))
            try:
                self._take(record, until, batch)
            except NoUpload as error:
                identity = logger.get_correlation_id() or record["messageId"]
                if not self.dead_letters.set_aside(record["body"], str(error), identity):
                    batch.failed_ids.append(record["messageId"])
            except Exception:  # noqa: BLE001 - whatever it is, what was written stays and the message comes again
                logger.exception("import not finished, its message goes back to the queue")
                batch.failed_ids.append(record["messageId"])
                self._come_again_soon(record)
        return batch

    def _take(self, record: Mapping[str, Any], until: datetime, batch: Batch) -> None:
        """Do what one message asks for; where the rest of it is another invocation's, it is sent again."""
        try:
            undo = _undo(record["body"])
            if undo is None:
                self._import(record, until, batch)
            else:
                self._undo(undo, until, batch)
        except Later as later:
            logger.info("to be continued", why=str(later), delay_s=later.delay_s)
            self.queue.send_again(record, later.delay_s)

    def _import(self, record: Mapping[str, Any], until: datetime, batch: Batch) -> None:
        upload = upload_of(record["body"])
        logger.set_correlation_id(upload.import_id)
        annotate_span(user_id=upload.user_id)
        if self.bulk is not None and self.bulk.takes(upload):
            started = self.bulk.start(upload, record["body"])
            logger.info("left to a bulk import", size=upload.size, started=started)
            return
        tally = self.importer.run(upload, until)
        if tally is None:
            return
        batch.new += tally.new
        batch.rows_set_aside += tally.set_aside
        logger.info("import ended", counts=tally.counts())

    def _undo(self, undo: _Undo, until: datetime, batch: Batch) -> None:
        logger.set_correlation_id(undo.import_id)
        annotate_span(user_id=undo.user_id)
        if self.undoer.run(undo.user_id, undo.import_id, until):
            batch.undone += 1
            logger.info("import taken back")

    def _come_again_soon(self, record: Mapping[str, Any]) -> None:
        try:
            self.queue.come_again_soon(record)
        except (ClientError, BotoCoreError):
            logger.warning("the message comes again only when its visibility timeout ends", exc_info=True)


def _undo(body: str) -> _Undo | None:
    """The request to take an import back in a message's body; None where it asks for something else."""
    try:
        return _UndoMessage.model_validate_json(body).undo
    except ValidationError:
        return None
