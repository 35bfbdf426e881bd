"""GET /secrets-check: whether the platform's secrets are there and rotated. The role can read no value."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import Response

from wotr_api import callers, door
from wotr_api.clients import AWS_FAILURES, client
from wotr_api.secrets_check import Register
from wotr_common.observability import logger, metrics
from wotr_common.settings import Settings


class SecretsSettings(Settings):
    """What `secrets` is told by its environment."""

    secrets_path: str


settings = SecretsSettings.load()
app = door.resolver(dependencies=AWS_FAILURES)


@app.get("/secrets-check")
def check() -> Response[str]:
    """The state of each secret, masked."""
    callers.machine(app.current_event.raw_event)
    return door.answer(200, register().states().model_dump(mode="json", by_alias=True))


@cache
def register() -> Register:
    """The stage's secrets."""
    return Register(client("ssm"), client("secretsmanager"), settings.secrets_path)


@metrics.log_metrics(capture_cold_start_metric=True)
@logger.inject_lambda_context(clear_state=True)
def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """The function's door."""
    return door.handle(app, event, context)
