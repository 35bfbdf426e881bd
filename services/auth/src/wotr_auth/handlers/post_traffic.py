"""Hook of CodeDeploy: what did the canary's work come to?"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from wotr_auth import clients
from wotr_common import traffic
from wotr_common.observability import logger
from wotr_common.settings import Settings
from wotr_common.traffic import Shift


class PostTrafficSettings(Settings):
    """Environment of the function."""

    stack_name: str
    tolerated_error_ratio: float


settings = PostTrafficSettings.load()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Count the new version's work, and tell CodeDeploy what it came to."""
    return traffic.answer(event, traffic.Deployments(clients.codedeploy()), look)


def look(shift: Shift) -> str:
    """What is to be seen of the new version's work. None is asked for: in ten minutes there may be none."""
    calls = traffic.AliasMetrics(clients.cloudwatch()).calls(shift, datetime.now(UTC))
    return traffic.measured(shift, calls, needed=0, tolerated=settings.tolerated_error_ratio)
