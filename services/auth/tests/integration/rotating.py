"""A database, its administrator as on RDS, and a secret of the local cloud that is rotated step by step."""

from __future__ import annotations

import io
import json
import secrets
import ssl
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager

import boto3
from pg8000.native import Connection, identifier, literal

from postgres_server import PostgresServer
from wotr_auth.rotation.database import Postgres
from wotr_auth.rotation.login import Login
from wotr_auth.rotation.steps import Database, Secret, rotate
from wotr_auth.rotation.store import StoredSecret

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
ADMIN = "master"


def trusting(server: PostgresServer) -> ssl.SSLContext:
    """A context that trusts this server and checks its name."""
    return ssl.create_default_context(cafile=str(server.ca_file))


class Rotating:
    """One secret, and the rotation of it."""

    def __init__(self, server: PostgresServer, admin_password: str, function: str) -> None:
        self.server = server
        self._function = function
        self.client = boto3.client("secretsmanager")
        role = f"app_{secrets.token_hex(4)}"
        login = {
            "engine": "postgres",
            "host": server.host,
            "port": server.port,
            "dbname": "postgres",
            "role": role,
            "username": f"{role}_b",
            "password": secrets.token_urlsafe(24),
        }
        self.id = self.client.create_secret(Name=f"rotating-{role}", SecretString=json.dumps(login))["ARN"]
        self.secret = StoredSecret(self.client, self.id)
        admin = json.dumps({"username": ADMIN, "password": admin_password})
        self.database = Postgres(lambda: admin, trusting(server))

    def begun(self) -> str:
        """The version of a rotation that has begun, empty and pending: its steps are left to the test."""
        return self.client.rotate_secret(SecretId=self.id, RotationLambdaARN=self._function)["VersionId"]

    def step(
        self, step: str, version: str, secret: Secret | None = None, database: Database | None = None
    ) -> str:
        return rotate(step, version, secret or self.secret, database or self.database)

    def whole(self, version: str) -> None:
        for step in STEPS:
            self.step(step, version)

    def connect(self, login: Login) -> Connection:
        return Connection(
            login.username,
            host=login.host,
            port=login.port,
            database=login.dbname,
            password=login.password.get_secret_value(),
            ssl_context=trusting(self.server),
            timeout=30,
        )

    def works(self, login: Login) -> bool:
        return self.database.accepts(login)


@contextmanager
def idle_function() -> Iterator[str]:
    """A function that Secrets Manager may call for the steps, and that does nothing; its ARN."""
    name, iam, functions = f"idle-{secrets.token_hex(4)}", boto3.client("iam"), boto3.client("lambda")
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("idle.py", "def handler(event, context):\n    return None\n")
    arn = functions.create_function(
        FunctionName=name,
        Role=role,
        Handler="idle.handler",
        Runtime="python3.13",
        Code={"ZipFile": code.getvalue()},
    )["FunctionArn"]
    functions.add_permission(
        FunctionName=name,
        StatementId="rotation",
        Action="lambda:InvokeFunction",
        Principal="secretsmanager.amazonaws.com",
    )
    yield arn
    functions.delete_function(FunctionName=name)
    iam.delete_role(RoleName=name)


def make_admin(server: PostgresServer) -> str:
    """An administrator with what RDS gives its master user: no superuser. Its password."""
    password = secrets.token_urlsafe(24)
    server.run(f"CREATE ROLE {identifier(ADMIN)} LOGIN CREATEROLE CREATEDB PASSWORD {literal(password)}")
    return password
