"""What is configured rather than coded: supported types, duration limits, shards.

Values live in SSM below one path and are read with a short cache, so that a change takes effect without a
deployment.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

MAX_AGE_S = 15.0


class LimitsError(Exception):
    """The configuration is missing or malformed; the message names the parameter."""


@dataclass(frozen=True, slots=True)
class Limits:
    """`duration_min` and `duration_max` in minutes, inclusive; `shards` of the indexes over everybody."""

    supported_types: frozenset[str]
    duration_min: Decimal
    duration_max: Decimal
    shards: int

    @classmethod
    def parse(cls, values: Mapping[str, str]) -> Limits:
        """Limits from texts by parameter name (the path's last part); LimitsError names what is wrong."""
        try:
            limits = cls(
                supported_types=frozenset(filter(None, map(str.strip, values["supported-types"].split(",")))),
                duration_min=Decimal(values["duration-min"]),
                duration_max=Decimal(values["duration-max"]),
                shards=int(values["shards"]),
            )
        except KeyError as error:
            raise LimitsError(f"parameter {error.args[0]} is missing") from error
        except (InvalidOperation, ValueError) as error:
            raise LimitsError("duration-min, duration-max and shards must be numbers") from error
        if not (limits.duration_min.is_finite() and limits.duration_max.is_finite()):
            raise LimitsError("duration-min and duration-max must be numbers")
        if limits.shards < 1 or not limits.duration_min <= limits.duration_max or not limits.supported_types:
            raise LimitsError(
                "shards must be at least 1, duration-min at most duration-max, supported-types not empty"
            )
        return limits


class LimitsReader:
    """Limits from SSM, at most `max_age_s` old.

    Our own few lines rather than Powertools' parameters: through an SSM outage or a mistyped parameter the
    last good values go on serving, which that library does not do.
    """

    def __init__(
        self,
        ssm: SSMClient,
        path: str,
        max_age_s: float = MAX_AGE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ssm = ssm
        self._path = path
        self._max_age_s = max_age_s
        self._clock = clock
        self._limits: Limits | None = None
        self._read_at = 0.0

    def get(self) -> Limits:
        """The limits in force; LimitsError only where no good values were ever read."""
        if self._limits is not None and self._clock() - self._read_at < self._max_age_s:
            return self._limits
        try:
            self._limits = Limits.parse(self._read())
        except Exception as error:  # whatever SSM says, old limits are better than none
            if self._limits is None:
                raise LimitsError(f"cannot read the limits below {self._path}: {error}") from error
            from wotr_common.observability import logger  # noqa: PLC0415 - rarely needed

            logger.warning("limits not refreshed, the last good ones go on", exc_info=error)
        self._read_at = self._clock()
        return self._limits

    def _read(self) -> dict[str, str]:
        found = self._ssm.get_parameters_by_path(Path=self._path)["Parameters"]
        return {parameter["Name"].rpartition("/")[2]: parameter["Value"] for parameter in found}
