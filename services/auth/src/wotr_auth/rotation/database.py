"""PostgreSQL as the rotation sees it: who gets in, and how the administrator lets a user in."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ssl import SSLContext
from typing import Any

from pg8000.exceptions import DatabaseError
from pg8000.native import Connection, identifier, literal

from wotr_auth.rotation.login import Login
from wotr_auth.rotation.verifier import verifier

TIMEOUT_S = 10
_REFUSED = {"28P01", "28000"}  # invalid_password, invalid_authorization_specification


class Postgres:
    """The server of the logins. `admin` gives the text of the administrator's secret when it is needed.

    `tls` decides whom to trust; without TLS nothing is sent.
    """

    def __init__(self, admin: Callable[[], str], tls: SSLContext) -> None:
        self._admin = admin
        self._tls = tls

    def accepts(self, login: Login) -> bool:
        """Whether `login` gets in, and has its role's rights."""
        try:
            with self._connected(login, login.username, login.password.get_secret_value()) as connection:
                found = connection.run("SELECT pg_has_role(session_user, :role, 'USAGE')", role=login.role)
        except DatabaseError as error:
            if _code(error) in _REFUSED:
                return False
            raise
        return bool(found and found[0][0])

    def admit(self, login: Login) -> None:
        """Let `login` in with its password, making user and role where they are missing; all or nothing."""
        admin: dict[str, str] = json.loads(self._admin())
        role, user = identifier(login.role), identifier(login.username)
        password = literal(verifier(login.password.get_secret_value()))
        with self._connected(login, admin["username"], admin["password"]) as connection:
            connection.run("BEGIN")
            # Two of these at once would both find the user missing.
            connection.run("SELECT pg_advisory_xact_lock(hashtext(:role))", role=f"rotation of {login.role}")
            known = {
                row[0]
                for row in connection.run(
                    "SELECT rolname FROM pg_roles WHERE rolname IN (:role, :username)",
                    role=login.role,
                    username=login.username,
                )
                or []
            }
            if login.role not in known:
                connection.run(f"CREATE ROLE {role} NOLOGIN")
            verb = "ALTER" if login.username in known else "CREATE"
            connection.run(f"{verb} ROLE {user} LOGIN PASSWORD {password}")
            connection.run(f"GRANT {role} TO {user}")
            # What either user creates belongs to the role, so that the other may change it.
            connection.run(f"ALTER ROLE {user} SET role = {literal(login.role)}")
            connection.run("COMMIT")

    @contextmanager
    def _connected(self, place: Login, username: str, password: str) -> Iterator[Connection]:
        options: dict[str, Any] = {
            "host": place.host,
            "port": place.port,
            "database": place.dbname,
            "password": password,
            "ssl_context": self._tls,
            "timeout": TIMEOUT_S,
            "application_name": "wotr rotation",
        }
        connection = Connection(username, **options)
        try:
            yield connection
        finally:
            connection.close()


def _code(error: DatabaseError) -> str | None:
    said = error.args[0] if error.args else None
    return said.get("C") if isinstance(said, dict) else None
