"""Runs that a schedule asks for: each is recorded like a request, once, or set aside with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from wotr_analytics.collector.request import NotARun, from_schedule
from wotr_analytics.collector.store import NotRecorded, Requests
from wotr_common.dead_letters import DeadLetters
from wotr_common.observability import logger


def record(records: Iterable[Mapping[str, Any]], requests: Requests, dead_letters: DeadLetters) -> list[str]:
    """Record the runs in SQS `records`; the ids of the messages that are to come again."""
    again = []
    for message in records:
        message_id = str(message["messageId"])
        try:
            run = from_schedule(message["body"])
        except NotARun as error:
            if not dead_letters.set_aside(message["body"], str(error), message_id):
                again.append(message_id)
            continue
        try:
            new = requests.record(run)
        except NotRecorded:
            logger.exception("run not recorded, it comes again", request_id=run.request_id)
            again.append(message_id)
        else:
            logger.info("run recorded" if new else "run was recorded before", request_id=run.request_id)
    return again
