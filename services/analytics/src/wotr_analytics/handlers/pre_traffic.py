"""Hook of CodeDeploy: may the new version of a function get work?"""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from wotr_analytics import before_traffic, clients
from wotr_common import traffic
from wotr_common.observability import logger
from wotr_common.settings import Settings
from wotr_common.traffic import Shift


class PreTrafficSettings(Settings):
    """Environment of the function."""

    stack_name: str


settings = PreTrafficSettings.load()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Call the new version with something synthetic, and tell CodeDeploy what came of it."""
    return traffic.answer(event, traffic.Deployments(clients.codedeploy()), look)


def look(shift: Shift) -> str:
    """What is to be seen of the new version."""
    versions = traffic.Versions(clients.functions())
    name = shift.logical_id(settings.stack_name)
    return before_traffic.check(name, lambda event: versions.call(shift, event))
