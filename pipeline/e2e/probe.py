"""Lets a test act with a function's own role: a throw-away function with that role makes the calls.

Simulating a policy tells what it says; this tells what the endpoint does with it.
"""

from __future__ import annotations

import io
import json
import secrets
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import boto3
from waiting import eventually

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

CODE = """
import base64
import boto3
from botocore.exceptions import ClientError


def handler(event, context):
    client = boto3.client(event["service"])
    arguments = dict(event["arguments"])
    if "BodyText" in arguments:
        arguments["Body"] = arguments.pop("BodyText").encode()
    for name in [each for each in arguments if each.endswith("Base64")]:
        arguments[name.removesuffix("Base64")] = base64.b64decode(arguments.pop(name))
    try:
        getattr(client, event["operation"])(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return "allowed"
"""

DENIED = {"AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation"}


class Probe:
    """Makes AWS calls with one role; `outcome` is "allowed" or the error's code."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lambda = boto3.client("lambda")

    def outcome(self, service: str, operation: str, arguments: Mapping[str, Any]) -> str:
        """What comes of `client(service).operation(**arguments)`."""
        answer = self._lambda.invoke(
            FunctionName=self._name,
            Payload=json.dumps({"service": service, "operation": operation, "arguments": arguments}).encode(),
        )
        said = json.loads(answer["Payload"].read())
        assert isinstance(said, str), f"the probe itself failed: {said}"
        return said


@contextmanager
def probe(role_arn: str) -> Iterator[Probe]:
    """A probe with `role_arn`, removed afterwards."""
    client = boto3.client("lambda")
    name = f"wotr-probe-{secrets.token_hex(6)}"
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as out:
        out.writestr("probe.py", CODE)
    eventually(
        lambda: _created(client, name, role_arn, archive.getvalue()), bool, "a role that Lambda can assume"
    )
    try:
        yield Probe(name)
    finally:
        client.delete_function(FunctionName=name)


def _created(client: LambdaClient, name: str, role_arn: str, code: bytes) -> bool:
    """Make the function; False while IAM has not yet spread the word of a new role."""
    try:
        client.create_function(
            FunctionName=name,
            Role=role_arn,
            Handler="probe.handler",
            Runtime="python3.13",
            Timeout=20,
            Code={"ZipFile": code},
        )
    except client.exceptions.InvalidParameterValueException as error:
        if "cannot be assumed" not in str(error):
            raise
        return False
    return True
