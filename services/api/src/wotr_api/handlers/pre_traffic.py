"""Hook of CodeDeploy: may callers reach the new version of a function?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wotr_api import before_traffic
from wotr_api.clients import client, table
from wotr_common import keys, traffic
from wotr_common.items import workout_from_item
from wotr_common.observability import logger
from wotr_common.settings import Settings
from wotr_common.traffic import SANDBOX_USER, Shift
from wotr_common.workout import Workout


class PreTrafficSettings(Settings):
    """What the hook is told by its environment."""

    stack_name: str
    workouts_table: str


settings = PreTrafficSettings.load()


@logger.inject_lambda_context(clear_state=True)
def handler(event: Mapping[str, Any], _context: Any) -> dict[str, Any]:
    """Call the new version with something synthetic, and tell CodeDeploy what came of it."""
    return traffic.answer(event, traffic.Deployments(client("codedeploy")), look)


def look(shift: Shift) -> str:
    """What is to be seen of the new version."""
    versions = traffic.Versions(client("lambda"))
    return before_traffic.check(
        shift.logical_id(settings.stack_name),
        before_traffic.Look(shift, lambda call: versions.call(shift, call), stored),
    )


def stored(shift: Shift) -> Workout | None:
    """The deployment's synthetic workout, once the writer has stored it."""
    key = keys.workout_key(SANDBOX_USER, shift.sandbox_start())
    item = table(settings.workouts_table).get_item(Key=key, ConsistentRead=True).get("Item")
    return workout_from_item(item) if item else None
