"""Clients of AWS that are patient with throttling and never wait without end."""

from __future__ import annotations

from typing import Any

import boto3
from botocore.config import Config


def client(service: str) -> Any:
    """A client of ``service`` with the shell's credentials, region and endpoint."""
    session: Any = boto3.Session()  # no type stubs of these services
    config = Config(connect_timeout=10, read_timeout=60, retries={"mode": "standard", "max_attempts": 8})
    return session.client(service, config=config)
