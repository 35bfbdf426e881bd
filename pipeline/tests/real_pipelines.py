"""What tests make pipelines of on the local cloud: roles, and the patience to see them through."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable
from typing import Any

import boto3

PATIENCE_S = 60.0


def trusted(service: str, *statements: dict[str, Any]) -> str:
    """A role for ``service``, with a policy; its ARN."""
    iam, name = boto3.client("iam"), f"wotr-test-{secrets.token_hex(6)}"
    principal = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [principal]})
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    policy = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=policy)
    return arn


def allow(action: str, resource: str = "*") -> dict[str, str]:
    """A statement of a policy."""
    return {"Effect": "Allow", "Action": action, "Resource": resource}


def until(look: Callable[[], Any]) -> Any:
    """What ``look`` finds, as soon as it finds something."""
    end = time.monotonic() + PATIENCE_S
    while not (found := look()):
        assert time.monotonic() < end
        time.sleep(0.2)
    return found
