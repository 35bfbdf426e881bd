"""What secrets the platform has, and whether they are looked after. Their values are not known here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from wotr_common.workout import Record

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_ssm import SSMClient

State = Literal["ok", "pending", "overdue", "missing", "deleted"]
MASKED: Literal["********"] = "********"


class Rotation(Record):
    """Whether and when the value is replaced by itself."""

    enabled: bool
    next_at: datetime | None = None


class SecretState(Record):
    """One secret. Its value is never shown."""

    name: str
    value: Literal["********"] = Field(MASKED, description="never shown, whatever it is")
    state: State = Field(
        description="ok; pending: a rotation has begun and not ended; overdue: it should have been rotated; "
        "missing, deleted: whoever needs it will fail"
    )
    version: str | None = Field(None, description="id of the version in use")
    changed_at: datetime | None = None
    age_days: int | None = Field(None, ge=0, description="since the value changed")
    rotation: Rotation = Rotation(enabled=False)


class SecretStates(Record):
    """The platform's secrets by name."""

    secrets: tuple[SecretState, ...]


def state(name: str, described: Mapping[str, Any] | None, now: datetime) -> SecretState:
    """What is said of `name`; `described` as by DescribeSecret, None where there is none."""
    if described is None:
        return SecretState(name=name, state="missing")
    stages = described.get("VersionIdsToStages", {})
    current = next((version for version, labels in stages.items() if "AWSCURRENT" in labels), None)
    changed: datetime | None = described.get("LastChangedDate") or described.get("CreatedDate")
    rotation = Rotation(
        enabled=bool(described.get("RotationEnabled")), next_at=described.get("NextRotationDate")
    )
    return SecretState(
        name=name,
        state=_state(described, stages, current, rotation, now),
        version=current,
        changed_at=changed,
        age_days=None if changed is None else max(0, (now - changed).days),
        rotation=rotation,
    )


def _state(
    described: Mapping[str, Any],
    stages: Mapping[str, list[str]],
    current: str | None,
    rotation: Rotation,
    now: datetime,
) -> State:
    if described.get("DeletedDate"):
        return "deleted"
    if current is None:
        return "missing"
    if any("AWSPENDING" in labels for version, labels in stages.items() if version != current):
        return "pending"
    if rotation.enabled and rotation.next_at is not None and rotation.next_at < now:
        return "overdue"
    return "ok"


class Register:
    """The secrets that the stacks have entered below the SSM path `path`, each under its name."""

    def __init__(self, ssm: SSMClient, secrets: SecretsManagerClient, path: str) -> None:
        self._ssm = ssm
        self._secrets = secrets
        self._path = path

    def states(self) -> SecretStates:
        """What is said of each of them, by name."""
        now = datetime.now(UTC)
        found = sorted(self._entered())
        return SecretStates(secrets=tuple(state(name, self._described(arn), now) for name, arn in found))

    def _entered(self) -> Iterator[tuple[str, str]]:
        pages = self._ssm.get_paginator("get_parameters_by_path").paginate(Path=self._path)
        for parameter in (each for page in pages for each in page["Parameters"]):
            yield parameter["Name"].rpartition("/")[2], parameter["Value"]

    def _described(self, arn: str) -> Mapping[str, Any] | None:
        try:
            return self._secrets.describe_secret(SecretId=arn)
        except self._secrets.exceptions.ResourceNotFoundException:
            return None
