"""Sessions of roles for services of ours that act in a role's name (inside the server)."""

from __future__ import annotations

import json
import os
import secrets
import threading
import time
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from ministack.core.arn import parse_arn
from ministack.core.responses import get_region
from ministack.services import iam, sts

TOUCHES = (
    "ministack.services.iam:_roles",
    "ministack.services.sts:_evict_expired_sessions",
    "ministack.services.sts:_sessions",
    "ministack.services.sts:register_session",
)

_HOURS = 12
# Making clients is not for several threads at once; using them is.
_making = threading.Lock()


def _evict_expired_sessions() -> None:
    """As MiniStack's, but over a copy: services of ours register from threads of their own.

    A copy of the keys alone: pairs would be allocated one by one, and another thread could come in between.
    """
    now = time.time()
    for key in list(sts._sessions):
        end = sts._sessions.get(key, {}).get("Expiration")
        if isinstance(end, (int, float)) and now > end:
            sts._sessions.pop(key, None)


sts._evict_expired_sessions = _evict_expired_sessions


class NotTrusted(Exception):
    """The role is not there, or does not let this service assume it."""


def credentials(role_arn: str, service: str, session_name: str) -> dict[str, str]:
    """Variables with which an SDK acts as ``role_arn``, assumed by ``service`` (codebuild.amazonaws.com).

    Raises NotTrusted where the role's trust policy does not name the service.
    """
    role = must_trust(role_arn, service)
    account, name = parse_arn(role_arn).account_id, role["RoleName"]
    key, secret, token = f"ASIA{secrets.token_hex(8).upper()}", secrets.token_hex(20), secrets.token_hex(64)
    session = {
        "Arn": f"arn:aws:sts::{account}:assumed-role/{name}/{session_name}",
        "UserId": f"{role['RoleId']}:{session_name}",
        "SecretAccessKey": secret,
        "SessionToken": token,
        "RoleArn": role_arn,
        "Expiration": time.time() + _HOURS * 3600,
    }
    sts.register_session(key, session)
    return {
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_SESSION_TOKEN": token,
        "AWS_REGION": get_region(),
        "AWS_DEFAULT_REGION": get_region(),
        "AWS_ENDPOINT_URL": endpoint(),
    }


def must_trust(role_arn: str, service: str) -> dict[str, Any]:
    """The role; NotTrusted where there is none, or its trust policy does not name the service."""
    role: dict[str, Any] | None = None
    if role_arn.startswith("arn:"):
        role = iam._roles.get_scoped(parse_arn(role_arn).account_id, None, role_arn.rpartition("/")[2])
    if role is None:
        raise NotTrusted(f"there is no role {role_arn}")
    if not _trusts(role["AssumeRolePolicyDocument"], service):
        raise NotTrusted(f"{role_arn} does not let {service} assume it: see its trust policy")
    return role


def client(name: str, variables: dict[str, str]) -> Any:
    """A client of another service on this endpoint, as the session that ``credentials`` made."""
    with _making:
        return _session().client(
            name,
            region_name=variables["AWS_REGION"],
            endpoint_url=variables["AWS_ENDPOINT_URL"],
            aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=variables["AWS_SESSION_TOKEN"],
            config=Config(retries={"mode": "standard"}, s3={"addressing_style": "path"}, proxies={}),
        )


@cache
def _session() -> Any:  # of any service: no one type of client
    """One for all: it keeps the services' models, which take 0.2 s to read."""
    return boto3.Session()


def endpoint() -> str:
    """This server's address."""
    return f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}"


def _trusts(document: Any, service: str) -> bool:
    policy = json.loads(document) if isinstance(document, str) else document
    for statement in policy["Statement"]:
        named = (statement.get("Principal") or {}).get("Service", [])
        if statement["Effect"] == "Allow" and service in ([named] if isinstance(named, str) else named):
            return True
    return False
