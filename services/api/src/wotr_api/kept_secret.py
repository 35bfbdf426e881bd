"""A secret of Secrets Manager as the functions use it: kept for minutes, renewed at a time of each one's own.

Through a short outage the value that was read last goes on serving. A refusal is no outage: whoever may no
longer read a secret stops using it at the next reading.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

MAX_AGE_S = 300.0
JITTER = 0.25  # instances that began together read at different times, up to a quarter of the age apart
OUTAGE_S = 3600.0  # how old a value may become while nothing answers
AGAIN_S = 10.0  # between two tries during an outage: its callers shall not all wait for it
UNASKED_S = 1.0  # between two readings that a stranger can cause
_CHANCE = random.SystemRandom().random
_THROTTLED = {"ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded"}


@dataclass(frozen=True, slots=True)
class Values:
    """The value in force, and the one before it, whose signatures may still be on their way."""

    current: str = field(repr=False)
    previous: str | None = field(repr=False)
    version: str


class KeptSecret:
    """The values of one secret; `chance` gives numbers from 0 to 1."""

    def __init__(
        self,
        secrets: SecretsManagerClient,
        secret_id: str,
        *,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = _CHANCE,
    ) -> None:
        self._secrets = secrets
        self._id = secret_id
        self._clock = clock
        self._chance = chance
        self._values: Values | None = None
        self._read_at = self._due_at = self._forced_at = float("-inf")

    def get(self) -> Values:
        """The values, at most MAX_AGE_S old, or OUTAGE_S during an outage; then botocore's exceptions."""
        now = self._clock()
        if self._values is not None and now < self._due_at:
            return self._values
        return self._renewed(now)

    def newest(self) -> Values:
        """The values read just now, for who met a signature that those of `get` do not know.

        Another instance may have heard of a new value first. Strangers send what nobody signed, so it is
        read at most once in UNASKED_S for them.
        """
        now = self._clock()
        if self._values is not None and now - self._forced_at < UNASKED_S:
            return self._values
        self._forced_at = now
        return self._renewed(now)

    def _renewed(self, now: float) -> Values:
        try:
            self._values = self._read()
        except (BotoCoreError, ClientError) as error:
            if self._values is None or not _outage(error) or now - self._read_at >= OUTAGE_S:
                self._values = None
                raise
            from wotr_common.observability import logger  # noqa: PLC0415 - rarely needed

            logger.warning("secret not renewed, the last value goes on", exc_info=error)
            self._due_at = now + self._early(AGAIN_S)
            return self._values
        self._read_at, self._due_at = now, now + self._early(MAX_AGE_S)
        return self._values

    def _early(self, seconds: float) -> float:
        return seconds * (1 - JITTER * self._chance())

    def _read(self) -> Values:
        found = self._secrets.get_secret_value(SecretId=self._id)
        if self._values is not None and self._values.version == found["VersionId"]:
            return self._values
        return Values(found["SecretString"], self._previous(), found["VersionId"])

    def _previous(self) -> str | None:
        try:
            return self._secrets.get_secret_value(SecretId=self._id, VersionStage="AWSPREVIOUS")[
                "SecretString"
            ]
        except self._secrets.exceptions.ResourceNotFoundException:
            return None


def _outage(error: BotoCoreError | ClientError) -> bool:
    if not isinstance(error, ClientError):
        return True
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
    return status >= 500 or error.response["Error"]["Code"] in _THROTTLED
