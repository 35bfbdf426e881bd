"""Hook of CodeDeploy: what did the canary's calls of the new version come to?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from wotr_api.clients import client
from wotr_common import traffic
from wotr_common.observability import logger
from wotr_common.settings import Settings
from wotr_common.traffic import Shift

# Those that the pipeline's synthetic callers call as long as a deployment lasts. Of the others nobody knows
# whether anybody calls them within ten minutes.
CALLED = frozenset({"AcceptFunction", "QueryFunction", "HealthFunction"})


class PostTrafficSettings(Settings):
    """What the hook is told by its environment."""

    stack_name: str
    minimum_canary_calls: int
    tolerated_error_ratio: float


settings = PostTrafficSettings.load()


@logger.inject_lambda_context(clear_state=True)
def handler(event: Mapping[str, Any], _context: Any) -> dict[str, Any]:
    """Count the new version's calls, and tell CodeDeploy what they came to."""
    return traffic.answer(event, traffic.Deployments(client("codedeploy")), look)


def look(shift: Shift) -> str:
    """What is to be seen of the new version's calls."""
    needed = settings.minimum_canary_calls if shift.logical_id(settings.stack_name) in CALLED else 0
    calls = traffic.AliasMetrics(client("cloudwatch")).calls(shift, datetime.now(UTC))
    return traffic.measured(shift, calls, needed=needed, tolerated=settings.tolerated_error_ratio)
