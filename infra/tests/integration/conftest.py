"""The deployed stacks of a stage: AWS_ENDPOINT_URL and WOTR_STAGE say where."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest

Exports = dict[str, str]


@pytest.fixture(scope="session")
def stage() -> str:
    return os.environ["WOTR_STAGE"]


@pytest.fixture(scope="session")
def exports(stage: str) -> Exports:
    """What platform and data export, by ``platform-KeyArn`` and the like."""
    pages = boto3.client("cloudformation").get_paginator("list_exports").paginate()
    found = {export["Name"]: export["Value"] for page in pages for export in page["Exports"]}
    return {
        f"{stack}-{name.removeprefix(f'wotr-{stack}-{stage}-')}": value
        for name, value in found.items()
        for stack in ("platform", "data")
        if name.startswith(f"wotr-{stack}-{stage}-")
    }


@pytest.fixture
def role() -> Iterator[Callable[..., boto3.Session]]:
    """Take a new role that may do ``actions`` on ``resources``: unlike to root, policies apply to it."""
    iam, sts = boto3.client("iam"), boto3.client("sts")
    account = sts.get_caller_identity()["Account"]
    made: list[str] = []

    def document(**statement: Any) -> str:
        return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})

    def take(actions: list[str], resources: list[str]) -> boto3.Session:
        name = f"infra-test-{secrets.token_hex(4)}"
        trust = document(Principal={"AWS": f"arn:aws:iam::{account}:root"}, Action="sts:AssumeRole")
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        made.append(name)
        policy = document(Action=actions, Resource=resources)
        iam.put_role_policy(RoleName=name, PolicyName="may", PolicyDocument=policy)
        keys = sts.assume_role(RoleArn=arn, RoleSessionName="infra-test")["Credentials"]
        return boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])

    yield take
    for name in made:
        iam.delete_role_policy(RoleName=name, PolicyName="may")
        iam.delete_role(RoleName=name)
