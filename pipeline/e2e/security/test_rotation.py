"""The database login of the stack rds-demo is rotated by Secrets Manager, and nobody is locked out.

The stack is deployed for these tests and goes with them. Its database is a record on the local cloud: the
login is led to a PostgreSQL that the tests bring along.
"""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from pg8000.exceptions import DatabaseError, InterfaceError
from pg8000.native import Connection, identifier, literal
from probe import DENIED, probe
from waiting import eventually

from deploy import packages, run
from postgres_server import PostgresServer
from privileges import evidence
from privileges.contract import Contract
from privileges.deployed import NotRecorded
from stage_client import Stage

Proof = Callable[[str, str], None]
ROOT = Path(__file__).resolve().parents[3]
STACK = "rds-demo"
CLIENTS, ROTATIONS = 4, 4


class Rotated:
    """The login of the deployed stack, and the server that it leads to."""

    def __init__(self, outputs: dict[str, str], server: PostgresServer) -> None:
        self.server = server
        self.id, self.admin = outputs["LoginSecretArn"], outputs["AdminSecretArn"]
        self.function = outputs["RotateFunctionName"]
        self.client = boto3.client("secretsmanager")

    def login(self) -> dict[str, Any]:
        """The login in use, as an application reads it."""
        found: dict[str, Any] = json.loads(self.client.get_secret_value(SecretId=self.id)["SecretString"])
        return found

    def labels(self) -> dict[str, list[str]]:
        return dict(self.client.describe_secret(SecretId=self.id)["VersionIdsToStages"])

    def rotated(self, version: str) -> bool:
        return "AWSCURRENT" in self.labels().get(version, [])

    def rotate(self) -> None:
        """Rotate, and wait until the new login is in use."""
        version = self.client.rotate_secret(SecretId=self.id)["VersionId"]
        eventually(lambda: self.rotated(version), bool, "the rotation")

    def connect(self, login: dict[str, Any]) -> Connection:
        return Connection(
            login["username"],
            host=login["host"],
            port=login["port"],
            database=login["dbname"],
            password=login["password"],
            ssl_context=ssl.create_default_context(cafile=str(self.server.ca_file)),
            timeout=30,
        )

    def works(self, login: dict[str, Any]) -> bool:
        with self.connect(login) as connection:
            return bool(connection.run("SELECT current_user") == [[login["role"]]])

    def logged(self) -> str:
        """What the function wrote."""
        group = boto3.client("lambda").get_function_configuration(FunctionName=self.function)[
            "LoggingConfig"
        ]["LogGroup"]
        pages = boto3.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
        return "\n".join(event["message"] for page in pages for event in page["events"])


@pytest.fixture(scope="module")
def deployed(stage: Stage) -> Iterator[dict[str, str]]:
    """What the stack tells while it is there."""
    done = run.up(ROOT, stage.name, [STACK], given=[f"{STACK}.Protected=false"], target=packages.HOST)
    assert done.good, done
    yield stage.outputs(STACK)
    missing = _missing_to_roles(stage)
    boto3.client("cloudformation").delete_stack(StackName=f"wotr-{STACK}-{stage.name}")
    assert missing == []


def _missing_to_roles(stage: Stage) -> list[str]:
    """What the roles of the stack lack; what they did is kept, for they go with it."""
    with suppress(NotRecorded):
        return evidence.gather(Contract.of(ROOT), stage.name, ROOT).missing
    return []


@pytest.fixture(scope="module")
def rotated(deployed: dict[str, str]) -> Iterator[Rotated]:
    with PostgresServer() as server:
        found = Rotated(deployed, server)
        _lead_to_the_server(found)
        yield found


def _lead_to_the_server(found: Rotated) -> None:
    admin = json.loads(found.client.get_secret_value(SecretId=found.admin)["SecretString"])
    name, password = identifier(admin["username"]), literal(admin["password"])
    found.server.run(f"CREATE ROLE {name} LOGIN CREATEROLE CREATEDB PASSWORD {password}")
    login = found.login()
    found.server.run(f"CREATE DATABASE {identifier(login['dbname'])}")
    functions = boto3.client("lambda")
    variables = functions.get_function_configuration(FunctionName=found.function)["Environment"]["Variables"]
    trusted = {**variables, "SSL_CERT_FILE": str(found.server.ca_file)}
    functions.update_function_configuration(FunctionName=found.function, Environment={"Variables": trusted})
    # The schedule has begun a rotation at a server that is not there: it is given up.
    pending = eventually(lambda: _pending(found), bool, "the rotation that the schedule begins")
    place = {**login, "host": found.server.host, "port": found.server.port}
    found.client.put_secret_value(SecretId=found.id, SecretString=json.dumps(place))
    found.client.update_secret_version_stage(
        SecretId=found.id, VersionStage="AWSPENDING", RemoveFromVersionId=pending
    )
    found.rotate()


def _pending(found: Rotated) -> str:
    """The pending version, once it has a value."""
    for version, labels in found.labels().items():
        if labels == ["AWSPENDING"]:
            with suppress(found.client.exceptions.ResourceNotFoundException):
                found.client.get_secret_value(SecretId=found.id, VersionId=version)
                return version
    return ""


class Client(threading.Thread):
    """An application: reads the login and connects with it, over and over."""

    def __init__(self, rotated: Rotated, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self._rotated, self._stop_asked = rotated, stop
        self.attempts = 0
        self.failures: list[str] = []
        self.users: set[str] = set()

    def run(self) -> None:
        while not self._stop_asked.is_set():
            try:
                login = self._rotated.login()
                assert self._rotated.works(login)
                self.users.add(login["username"])
            except (DatabaseError, InterfaceError, AssertionError) as error:
                self.failures.append(repr(error))
            self.attempts += 1


def _attempted(clients: list[Client], enough: list[int]) -> bool:
    return all(client.attempts >= wanted for client, wanted in zip(clients, enough, strict=True))


def test_rotating_under_load_breaks_no_connection_attempt(rotated: Rotated, proof: Proof) -> None:
    stop = threading.Event()
    clients = [Client(rotated, stop) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    for _ in range(ROTATIONS):
        rotated.rotate()
        enough = [client.attempts + 3 for client in clients]
        # A login is good until the next rotation but one sets its user's password, which is weeks later.
        # Here, until all have read it anew.
        eventually(partial(_attempted, clients, enough), bool, "attempts of every client")
    stop.set()
    for client in clients:
        client.join()
    assert [failure for client in clients for failure in client.failures] == []
    assert all(len(client.users) == 2 for client in clients), "nobody has seen a rotation"
    attempts = sum(client.attempts for client in clients)
    proof(
        "5 rotation under load",
        f"{ROTATIONS} rotations, {attempts} connection attempts of {CLIENTS} clients, 0 failures",
    )


def test_a_rotation_that_fails_leaves_the_login_and_is_completed_later(
    stage: Stage, rotated: Rotated, proof: Proof
) -> None:
    before = rotated.login()
    admin = json.loads(rotated.client.get_secret_value(SecretId=rotated.admin)["SecretString"])
    name = identifier(admin["username"])
    rotated.server.run(f"ALTER ROLE {name} NOLOGIN")
    version = rotated.client.rotate_secret(SecretId=rotated.id)["VersionId"]
    eventually(
        rotated.logged, lambda text: version in text and "rotation stopped" in text, "the failure in the log"
    )
    assert rotated.login() == before
    assert rotated.works(before)
    assert checked(stage)["state"] == "pending"

    rotated.server.run(f"ALTER ROLE {name} LOGIN")

    with pytest.raises(ClientError, match="previous rotation isn't complete"):
        rotated.client.rotate_secret(SecretId=rotated.id)

    def completed() -> bool:
        rotated.client.rotate_secret(SecretId=rotated.id, ClientRequestToken=version)
        return rotated.rotated(version)

    eventually(completed, bool, "the rotation, tried again")
    assert rotated.login() != before
    assert rotated.works(rotated.login())
    assert rotated.works(before), "who still holds it goes on"
    proof("5 rotation that fails", "setSecret refused: login in use unchanged and valid, next try completed")


def checked(stage: Stage) -> Any:
    answer = stage.signed("GET", "/secrets-check", role_arn=stage.outputs("auth")["MachineClientRoleArn"])
    assert answer.status == 200
    return {each["name"]: each for each in json.loads(answer.text)["secrets"]}["database-login"]


def test_the_check_of_secrets_tells_when_it_is_rotated_next(stage: Stage, rotated: Rotated) -> None:
    rotated.rotate()
    told = checked(stage)
    assert (told["state"], told["value"], told["rotation"]["enabled"]) == ("ok", "********", True)
    assert told["rotation"]["nextAt"] > told["changedAt"]


def test_no_log_holds_a_password_of_it(rotated: Rotated) -> None:
    rotated.rotate()
    written = f"{rotated.logged()}\n{rotated.server.log()}"
    versions = rotated.client.list_secret_version_ids(SecretId=rotated.id)["Versions"]
    values = [
        json.loads(
            rotated.client.get_secret_value(SecretId=rotated.id, VersionId=each["VersionId"])["SecretString"]
        )["password"]
        for each in versions
    ]
    assert len(values) >= 2
    assert "finishSecret" in written
    assert not [value for value in values if value in written]


def test_its_function_may_read_these_secrets_and_no_other(stage: Stage, rotated: Rotated) -> None:
    role = boto3.client("lambda").get_function_configuration(FunctionName=rotated.function)["Role"]
    with probe(role) as acting:
        for secret in (rotated.id, rotated.admin):
            assert acting.outcome("secretsmanager", "get_secret_value", {"SecretId": secret}) == "allowed"
        other = {"SecretId": stage.outputs("api")["PageTokenSecretArn"]}
        assert acting.outcome("secretsmanager", "get_secret_value", other) in DENIED
        change = {"SecretId": rotated.admin, "SecretString": "{}"}
        assert acting.outcome("secretsmanager", "put_secret_value", change) in DENIED
