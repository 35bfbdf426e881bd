"""Function `rebuild`: read models from the system of record, a stretch of athletes a call."""

from __future__ import annotations

import time
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from wotr_analytics import clients
from wotr_analytics.rebuild import Asked, Rebuilder
from wotr_analytics.store import Record, Views
from wotr_common.observability import logger
from wotr_common.settings import Settings


class RebuildSettings(Settings):
    """Environment of the function."""

    views_table: str
    workouts_table: str


settings = RebuildSettings.load()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Do a stretch of what `event` asks; the answer says what was changed and where to go on."""
    asked = Asked.model_validate(event)
    end = time.monotonic() + asked.seconds
    rebuilder = Rebuilder(
        Record(clients.dynamodb(), settings.workouts_table), Views(clients.dynamodb(), settings.views_table)
    )
    done = rebuilder.run(asked, lambda: time.monotonic() < end)
    logger.info("views rebuilt", users=done.users, changed=done.changed, failed=len(done.failed))
    return done.model_dump(mode="json", exclude_none=True)
