"""The deployed API of a stage: AWS_ENDPOINT_URL and WOTR_STAGE say where."""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial

import boto3
import pytest

from stage_client import Athlete, Stage
from stage_client.answers import Answer

Call = Callable[..., Answer]


@pytest.fixture(scope="session")
def stage() -> Stage:
    return Stage(os.environ["WOTR_STAGE"])


@pytest.fixture(scope="session")
def machine(stage: Stage) -> Call:
    """Signed calls with the machine-client role."""
    return partial(stage.signed, role_arn=stage.outputs("auth")["MachineClientRoleArn"])


@pytest.fixture(scope="session")
def stranger(stage: Stage) -> Iterator[Call]:
    """Signed calls of a principal of the account who was allowed nothing."""
    iam = boto3.client("iam")
    name = f"api-test-{secrets.token_hex(4)}"
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    acting = Stage(stage.name, boto3.Session(key["AccessKeyId"], key["SecretAccessKey"]))
    acting.api_url = stage.api_url  # a stranger may not look it up
    yield acting.signed
    iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName=name)


@pytest.fixture(scope="session")
def athlete(stage: Stage) -> Athlete:
    return stage.athlete()


@pytest.fixture
def forbidden(stage: Stage) -> Callable[[str, str], AbstractContextManager[None]]:
    """`forbidden("AcceptRole", "sqs:SendMessage")`: a function's role may not do that for a while."""

    @contextmanager
    def deny(role: str, action: str) -> Iterator[None]:
        resource = boto3.client("cloudformation").describe_stack_resource(
            StackName=f"wotr-api-{stage.name}", LogicalResourceId=role
        )
        name = resource["StackResourceDetail"]["PhysicalResourceId"]
        iam, statement = boto3.client("iam"), {"Effect": "Deny", "Action": action, "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_role_policy(RoleName=name, PolicyName="forbidden-by-a-test", PolicyDocument=policy)
        try:
            yield
        finally:
            iam.delete_role_policy(RoleName=name, PolicyName="forbidden-by-a-test")

    return deny


@pytest.fixture
def user_id() -> str:
    """A user that nobody else has."""
    return f"api-{secrets.token_hex(8)}"


@pytest.fixture
def eventually() -> Callable[[Callable[[], Answer], int], Answer]:
    """Call until the status is the wanted one, for at most twenty seconds; the last answer either way."""

    def wait(call: Callable[[], Answer], status: int) -> Answer:
        end = time.monotonic() + 20
        while (answer := call()).status != status and time.monotonic() < end:
            time.sleep(0.1)
        return answer

    return wait
