"""The four steps of a rotation, as Secrets Manager asks for them. Each may come again, and after any failure.

("How rotation works", Secrets Manager user guide.) Up to `finishSecret` nothing has changed that is in use.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from wotr_auth.rotation.login import Login

CURRENT, PENDING = "AWSCURRENT", "AWSPENDING"


class RotationRefused(Exception):
    """What was asked for must not be done; another try would not help."""


class RotationFailed(Exception):
    """A step did not work out; the login in use is as it was, and the next try may succeed."""


class Secret(Protocol):
    """The secret that is rotated."""

    def stages(self) -> Mapping[str, Sequence[str]] | None:
        """The labels of each version; None where rotation is not turned on."""

    def current(self) -> Login:
        """The login in use."""

    def pending(self, version: str) -> Login | None:
        """The login to come, None until it is put."""

    def put(self, version: str, login: Login) -> None:
        """Keep the login to come."""

    def promote(self, version: str, instead_of: str) -> None:
        """From now on, `version` is the login in use."""


class Database(Protocol):
    """The database that the logins lead to."""

    def accepts(self, login: Login) -> bool:
        """Whether `login` gets in, and has its role's rights."""

    def admit(self, login: Login) -> None:
        """Let `login` in with its password, making user and role where they are missing."""


def rotate(step: str, version: str, secret: Secret, database: Database) -> str:
    """Do one step for the pending `version`; what came of it, in a word.

    Raises
    ------
    RotationRefused
        The step is unknown, or the version is not one that is being rotated in.
    RotationFailed
        The database does not take the login.
    """
    if step not in ("createSecret", "setSecret", "testSecret", "finishSecret"):
        raise RotationRefused(f"there is no step {step!r}")
    stages = secret.stages()
    if stages is None:
        raise RotationRefused("rotation is not turned on for this secret")
    labels = stages.get(version)
    if labels is None:
        raise RotationRefused("the secret has no such version")
    if CURRENT in labels:
        return "was done"
    if PENDING not in labels:
        raise RotationRefused(f"the version is not {PENDING}")
    if step == "createSecret":
        return _create(version, secret)
    if step == "finishSecret":
        return _finish(version, stages, secret, database)
    return _set(version, secret, database) if step == "setSecret" else _test(version, secret, database)


def _create(version: str, secret: Secret) -> str:
    if secret.pending(version) is not None:
        return "was done"
    secret.put(version, secret.current().following())
    return "done"


def _set(version: str, secret: Secret, database: Database) -> str:
    login = _coming(version, secret)
    if database.accepts(login):
        return "was done"
    database.admit(login)
    return "done"


def _test(version: str, secret: Secret, database: Database) -> str:
    if not database.accepts(_coming(version, secret)):
        raise RotationFailed("the database does not take the login to come")
    return "done"


def _finish(version: str, stages: Mapping[str, Sequence[str]], secret: Secret, database: Database) -> str:
    _test(version, secret, database)  # steps come in order, but only this one could lock everybody out
    before = next(other for other, labels in stages.items() if CURRENT in labels)
    secret.promote(version, instead_of=before)
    return "done"


def _coming(version: str, secret: Secret) -> Login:
    """The login to come. It must not touch the one in use, nor lead anywhere else."""
    login, current = secret.pending(version), secret.current()
    if login is None:
        raise RotationRefused("createSecret comes first")
    if login.username == current.username:
        raise RotationRefused("the login to come is the one in use; its password must not change")
    if not login.same_place(current):
        raise RotationRefused("the login to come leads to another database than the one in use")
    return login
