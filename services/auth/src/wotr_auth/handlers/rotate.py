"""Function `rotate`: one step of the rotation of the database's login, asked for by Secrets Manager."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Any

from wotr_auth.clients import secrets_manager
from wotr_auth.rotation.database import Postgres
from wotr_auth.rotation.steps import RotationRefused, rotate
from wotr_auth.rotation.store import StoredSecret
from wotr_common.observability import logger
from wotr_common.settings import Settings


class RotateSettings(Settings):
    """What `rotate` is told by its environment: ARNs."""

    login_secret: str
    admin_secret: str


settings = RotateSettings.load()


@logger.inject_lambda_context(clear_state=True)
def handler(event: Mapping[str, Any], _context: Any) -> None:
    """Do one step. What is raised tells Secrets Manager to try again, and the alarm to tell somebody."""
    step, version = str(event["Step"]), str(event["ClientRequestToken"])
    logger.append_keys(step=step, version=version)
    try:
        if event["SecretId"] != settings.login_secret:
            raise RotationRefused("this function rotates another secret")
        secret = StoredSecret(secrets_manager(), settings.login_secret)
        outcome = rotate(step, version, secret, _database())
    except Exception as error:
        logger.error("rotation stopped, the login in use is as it was", exc_info=error)
        raise
    logger.info("rotation step", outcome=outcome)


def _database() -> Postgres:
    def admin() -> str:
        """Read anew each time: RDS rotates it too, by itself."""
        return secrets_manager().get_secret_value(SecretId=settings.admin_secret)["SecretString"]

    return Postgres(admin, ssl.create_default_context())
