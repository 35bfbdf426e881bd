"""Function `reencrypt`: a stretch of the table in, what became of its notes out."""

from __future__ import annotations

from typing import Annotated, Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from wotr_common.envelope import DataKeys
from wotr_common.notes import Notes
from wotr_common.observability import MetricUnit, logger, metrics
from wotr_common.settings import Settings
from wotr_workers import clients
from wotr_workers.reencryption import reencrypt
from wotr_workers.store.sealed import SealedItems


class ReencryptSettings(Settings):
    """Environment of the function."""

    workouts_table: str


class Asked(BaseModel):
    """A stretch: of which segment, after which key, and the id of the KMS key that notes are to be under."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid")

    key_id: Annotated[str, Field(pattern=r"^[0-9a-f-]{36}$")]
    segment: Annotated[int, Field(ge=0)] = 0
    segments: Annotated[int, Field(ge=1, le=64)] = 1
    after: dict[str, str] | None = None
    look_only: bool = False


settings = ReencryptSettings.load()
metrics.set_default_dimensions(stage=settings.wotr_stage)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Counts, and where to go on. pydantic's error where the stretch makes no sense."""
    asked = Asked.model_validate(event)
    items = SealedItems(clients.dynamodb(patient=True), settings.workouts_table)
    # Data keys of this call alone: one that is kept from before could be under the key that is left behind.
    notes = Notes(DataKeys(clients.kms, asked.key_id))
    found = items.stretch(asked.segment, asked.segments, asked.after)
    stretch = reencrypt(items, notes, asked.key_id, found, look_only=asked.look_only)
    metrics.add_metric("NotesReencrypted", MetricUnit.Count, stretch.moved + stretch.sealed)
    logger.info("stretch done", **stretch.said() | {"after": None})
    return stretch.said()
