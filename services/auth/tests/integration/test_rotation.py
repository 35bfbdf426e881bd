"""A login is rotated on a real PostgreSQL: nobody is locked out, whatever fails, whatever comes twice."""

from __future__ import annotations

import json
import secrets
import ssl
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from pg8000.exceptions import DatabaseError, InterfaceError
from tests.integration.rotating import STEPS, Rotating, idle_function, make_admin

from postgres_server import PostgresServer
from wotr_auth.rotation.database import Postgres
from wotr_auth.rotation.login import Login
from wotr_auth.rotation.steps import RotationFailed, RotationRefused

CLIENTS, ROTATIONS = 6, 6


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with PostgresServer() as running:
        yield running


@pytest.fixture(scope="module")
def admin_password(server: PostgresServer) -> str:
    return make_admin(server)


@pytest.fixture(scope="module")
def function() -> Iterator[str]:
    with idle_function() as arn:
        yield arn


@pytest.fixture
def rotating(server: PostgresServer, admin_password: str, function: str) -> Iterator[Rotating]:
    made = Rotating(server, admin_password, function)
    yield made
    made.client.delete_secret(SecretId=made.id, ForceDeleteWithoutRecovery=True)


def test_the_first_rotation_makes_the_user_and_the_next_one_the_other(rotating: Rotating) -> None:
    first = rotating.secret.current()
    assert not rotating.works(first), "nobody has made it yet"
    rotating.whole(rotating.begun())
    second = rotating.secret.current()
    rotating.whole(rotating.begun())
    third = rotating.secret.current()

    assert (second.username, third.username) == (first.following().username, first.username)
    assert len({login.password.get_secret_value() for login in (first, second, third)}) == 3
    assert rotating.works(second)
    assert rotating.works(third)
    assert not rotating.works(first), "its user has a new password"


def test_what_either_user_makes_the_other_may_change(rotating: Rotating) -> None:
    rotating.whole(rotating.begun())
    login = rotating.secret.current()
    rotating.server.run(f"GRANT CREATE ON SCHEMA public TO {login.role}")
    with rotating.connect(login) as connection:
        connection.run(f"CREATE TABLE of_{login.role} (n int)")
        connection.run(f"INSERT INTO of_{login.role} VALUES (1)")
    rotating.whole(rotating.begun())
    with rotating.connect(rotating.secret.current()) as connection:
        connection.run(f"ALTER TABLE of_{login.role} ADD COLUMN m int")
        assert connection.run(f"SELECT n FROM of_{login.role}") == [[1]]


class Client(threading.Thread):
    """Reads the login in use and connects with it, over and over."""

    def __init__(self, rotating: Rotating, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self._rotating, self._stop_asked = rotating, stop
        self.attempts = 0
        self.failures: list[str] = []
        self.users: set[str] = set()

    def run(self) -> None:
        while not self._stop_asked.is_set():
            try:
                login = self._rotating.secret.current()
                with self._rotating.connect(login) as connection:
                    connection.run("SELECT 1")
                self.users.add(login.username)
            except (DatabaseError, InterfaceError) as error:
                self.failures.append(str(error))
            self.attempts += 1


def test_rotating_under_load_breaks_no_connection_attempt(rotating: Rotating) -> None:
    rotating.whole(rotating.begun())
    stop = threading.Event()
    clients = [Client(rotating, stop) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    for _ in range(ROTATIONS):
        before = [client.attempts for client in clients]
        rotating.whole(rotating.begun())
        # A login is good until the rotation after the next: days. Here, until all have read it anew.
        while not all(client.attempts >= done + 3 for client, done in zip(clients, before, strict=True)):
            assert all(client.is_alive() for client in clients)
            stop.wait(0.01)
    stop.set()
    for client in clients:
        client.join()
    assert [client.failures for client in clients] == [[]] * CLIENTS
    assert sum(client.attempts for client in clients) >= CLIENTS * ROTATIONS * 3
    assert all(len(client.users) == 2 for client in clients), "nobody has seen a rotation"


class Failing:
    """Anything, of which one call fails: before it has done anything, or after all of it."""

    def __init__(self, real: Any, call: str, *, after: bool) -> None:
        self._real, self._call, self._after = real, call, after

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._real, name)
        if name != self._call:
            return found

        def fails(*arguments: Any, **options: Any) -> Any:
            if self._after:
                found(*arguments, **options)
            raise ConnectionError("the connection broke")

        return fails


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(
    ("step", "call"),
    [
        ("createSecret", "current"),
        ("createSecret", "put"),
        ("setSecret", "admit"),
        ("testSecret", "accepts"),
        ("finishSecret", "accepts"),
        ("finishSecret", "promote"),
    ],
)
def test_a_failure_in_any_step_leaves_the_login_valid_and_the_next_try_completes(
    rotating: Rotating, step: str, call: str, after: bool
) -> None:
    rotating.whole(rotating.begun())
    before, version = rotating.secret.current(), rotating.begun()
    for earlier in STEPS[: STEPS.index(step)]:
        rotating.step(earlier, version)
    with pytest.raises(ConnectionError):
        rotating.step(
            step,
            version,
            Failing(rotating.secret, call, after=after),
            Failing(rotating.database, call, after=after),
        )
    assert rotating.works(before)
    assert rotating.works(rotating.secret.current())

    rotating.whole(version)
    assert rotating.secret.current().username != before.username
    assert rotating.works(rotating.secret.current())
    assert rotating.works(before)


def test_every_step_may_come_twice(rotating: Rotating) -> None:
    version = rotating.begun()
    rotating.step("createSecret", version)
    pending = rotating.secret.pending(version)
    assert rotating.step("createSecret", version) == "was done"
    assert rotating.secret.pending(version) == pending
    assert (rotating.step("setSecret", version), rotating.step("setSecret", version)) == ("done", "was done")
    assert (rotating.step("testSecret", version), rotating.step("testSecret", version)) == ("done", "done")
    assert rotating.step("finishSecret", version) == "done"
    for step in STEPS:
        assert rotating.step(step, version) == "was done"
    assert rotating.secret.current() == pending


def test_a_login_that_the_database_does_not_take_never_comes_into_use(rotating: Rotating) -> None:
    rotating.whole(rotating.begun())
    before, version = rotating.secret.current(), rotating.begun()
    rotating.step("createSecret", version)
    for step in ("testSecret", "finishSecret"):
        with pytest.raises(RotationFailed):
            rotating.step(step, version)
    assert rotating.secret.current() == before


def pending_with(rotating: Rotating, **changed: Any) -> str:
    version = rotating.begun()
    login = json.loads(rotating.secret.current().following().text()) | changed
    rotating.secret.put(version, Login.parse(json.dumps(login)))
    return version


def test_the_login_in_use_is_never_touched_nor_another_place(rotating: Rotating) -> None:
    rotating.whole(rotating.begun())
    current = rotating.secret.current()
    version = pending_with(rotating, username=current.username)
    with pytest.raises(RotationRefused, match="in use"):
        rotating.step("setSecret", version)
    rotating.secret.put(version, current.following().model_copy(update={"dbname": "template1"}))
    with pytest.raises(RotationRefused, match="another database"):
        rotating.step("setSecret", version)
    assert rotating.works(current)


def test_a_step_of_no_rotation_is_refused(rotating: Rotating) -> None:
    version = rotating.begun()
    with pytest.raises(RotationRefused, match="no such version"):
        rotating.step("createSecret", secrets.token_hex(16))
    with pytest.raises(RotationRefused, match="no step"):
        rotating.step("dropSecret", version)
    with pytest.raises(RotationRefused, match="comes first"):
        rotating.step("setSecret", version)
    rotating.whole(version)
    earlier = rotating.begun()
    rotating.client.update_secret_version_stage(
        SecretId=rotating.id, VersionStage="AWSPENDING", RemoveFromVersionId=earlier
    )
    with pytest.raises(RotationRefused):
        rotating.step("createSecret", earlier)


def test_no_password_is_in_the_servers_log(rotating: Rotating) -> None:
    passwords = []
    for _ in range(2):
        rotating.whole(rotating.begun())
        passwords.append(rotating.secret.current().password.get_secret_value())
    log = rotating.server.log()
    assert f"{rotating.secret.current().username}" in log, "statements are logged here"
    assert not [password for password in passwords if password in log]


def test_nothing_is_sent_without_tls_or_to_a_stranger(rotating: Rotating, admin_password: str) -> None:
    rotating.whole(rotating.begun())
    login = rotating.secret.current()
    trusting_nobody = Postgres(lambda: "", ssl.create_default_context())
    with pytest.raises((InterfaceError, ssl.SSLError)):
        trusting_nobody.accepts(login)
    plain = login.model_copy(update={"port": rotating.server.plain_port})
    with pytest.raises(InterfaceError, match="refuses SSL"):
        rotating.database.accepts(plain)
