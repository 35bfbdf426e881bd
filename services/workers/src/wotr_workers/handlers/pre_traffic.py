"""Hook of CodeDeploy: may the new version of a function get work?"""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from wotr_common import keys, traffic
from wotr_common.items import workout_from_item
from wotr_common.observability import logger
from wotr_common.settings import Settings
from wotr_common.traffic import SANDBOX_USER, Shift
from wotr_common.workout import Workout
from wotr_workers import before_traffic, clients
from wotr_workers.store import plain, raw


class PreTrafficSettings(Settings):
    """Environment of the function."""

    stack_name: str
    workouts_table: str


settings = PreTrafficSettings.load()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Call the new version with something synthetic, and tell CodeDeploy what came of it."""
    return traffic.answer(event, traffic.Deployments(clients.codedeploy()), look)


def look(shift: Shift) -> str:
    """What is to be seen of the new version."""
    versions = traffic.Versions(clients.functions())
    return before_traffic.check(
        shift.logical_id(settings.stack_name),
        before_traffic.Look(shift, lambda event: versions.call(shift, event), stored),
    )


def stored(shift: Shift) -> Workout | None:
    """The deployment's synthetic workout, where it is stored."""
    key = raw(keys.workout_key(SANDBOX_USER, shift.sandbox_start()))
    found = clients.dynamodb().get_item(TableName=settings.workouts_table, Key=key, ConsistentRead=True)
    return workout_from_item(plain(found["Item"])) if "Item" in found else None
