"""The secret that is rotated, in Secrets Manager."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from wotr_auth.rotation.login import Login
from wotr_auth.rotation.steps import CURRENT, PENDING

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient


class StoredSecret:
    """The secret `secret_id`."""

    def __init__(self, secrets: SecretsManagerClient, secret_id: str) -> None:
        self._secrets = secrets
        self._id = secret_id

    def stages(self) -> Mapping[str, Sequence[str]] | None:
        """The labels of each version; None where rotation is not turned on."""
        described = self._secrets.describe_secret(SecretId=self._id)
        return described.get("VersionIdsToStages", {}) if described.get("RotationEnabled") else None

    def current(self) -> Login:
        """The login in use."""
        return Login.parse(self._secrets.get_secret_value(SecretId=self._id)["SecretString"])

    def pending(self, version: str) -> Login | None:
        """The login to come, None until it is put."""
        try:
            found = self._secrets.get_secret_value(SecretId=self._id, VersionId=version, VersionStage=PENDING)
        except self._secrets.exceptions.ResourceNotFoundException:
            return None
        return Login.parse(found["SecretString"])

    def put(self, version: str, login: Login) -> None:
        """Keep the login to come; the version's id makes a repeated call harmless."""
        self._secrets.put_secret_value(
            SecretId=self._id,
            ClientRequestToken=version,
            SecretString=login.text(),
            VersionStages=[PENDING],
        )

    def promote(self, version: str, instead_of: str) -> None:
        """From now on, `version` is the login in use. A rotation may end with it being pending still."""
        self._secrets.update_secret_version_stage(
            SecretId=self._id, VersionStage=CURRENT, MoveToVersionId=version, RemoveFromVersionId=instead_of
        )
