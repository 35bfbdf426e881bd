"""From queued events to imports: what is imported, what is tried again and when, what is set aside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from wotr_common.dead_letters import DeadLetters, correlation_id_of_record
from wotr_common.observability import annotate_span, logger
from wotr_workers.imports.run import Importer
from wotr_workers.queue import ImportQueue
from wotr_workers.uploads import NoUpload, upload_of


@dataclass(slots=True)
class Batch:
    """What became of a batch of messages; `failed_ids` are those to try again."""

    new: int = 0
    rows_set_aside: int = 0
    failed_ids: list[str] = field(default_factory=list)


def import_uploads(
    records: Iterable[Mapping[str, Any]], importer: Importer, queue: ImportQueue, dead_letters: DeadLetters
) -> Batch:
    """Import the uploads that SQS `records` tell of."""
    batch = Batch()
    for record in records:
        logger.set_correlation_id(correlation_id_of_record(record))
        try:
            _import(record, importer, batch)
        except NoUpload as error:
            identity = logger.get_correlation_id() or record["messageId"]
            if not dead_letters.set_aside(record["body"], str(error), identity):
                batch.failed_ids.append(record["messageId"])
        except Exception:  # noqa: BLE001 - whatever it is, what was written stays and the message comes again
            logger.exception("import not finished, its message goes back to the queue")
            batch.failed_ids.append(record["messageId"])
            _come_again_soon(record, queue)
    return batch


def _import(record: Mapping[str, Any], importer: Importer, batch: Batch) -> None:
    upload = upload_of(record["body"])
    logger.set_correlation_id(upload.import_id)
    annotate_span(user_id=upload.user_id)
    tally = importer.run(upload)
    if tally is None:
        return
    batch.new += tally.new
    batch.rows_set_aside += tally.set_aside
    logger.info("import ended", counts=tally.counts())


def _come_again_soon(record: Mapping[str, Any], queue: ImportQueue) -> None:
    try:
        queue.come_again_soon(record)
    except (ClientError, BotoCoreError):
        logger.warning("the message comes again only when its visibility timeout ends", exc_info=True)
