"""What every unit test needs: the functions' environment, and AWS as moto plays it, without a socket."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
from moto import mock_aws

os.environ.update(
    {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "WOTR_STAGE": "dev",
        "POWERTOOLS_SERVICE_NAME": "api",
        "POWERTOOLS_METRICS_NAMESPACE": "wotr",
        "WORKOUT_QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/workouts",
        "LIMITS_PATH": "/wotr/dev/workouts",
        "IDEMPOTENCY_TABLE": "Idempotency",
        "WORKOUTS_TABLE": "Workouts",
        "VIEWS_TABLE": "Views",
        "COMMAND_FUNCTION": "arn:aws:lambda:eu-central-1:123456789012:function:command:live",
        "UPLOADS_BUCKET": "uploads",
        "MEDIA_BUCKET": "media",
        "EXPORTS_BUCKET": "exports",
        "PAGE_TOKEN_SECRET": "page-tokens",  # pragma: allowlist secret - the name of one
        "SECRETS_PATH": "/wotr/dev/secrets",
        "STACK_NAME": "wotr-api-dev",
        "MINIMUM_CANARY_CALLS": "5",
        "TOLERATED_ERROR_RATIO": "0.01",
        "NOTES_KEY_ALIAS": "alias/wotr-dev-notes",
    }
)
os.environ.pop("AWS_ENDPOINT_URL", None)
os.environ.pop("AWS_PROFILE", None)

import boto3
from tests.unit.cloud import Cloud, session

# How long an example takes is the machine's business.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    """The resources that the functions use, empty, and functions that have not yet made a client."""
    with mock_aws():
        boto3.DEFAULT_SESSION = session()
        made = Cloud.make()
        forget()
        yield made
    forget()


def forget() -> None:
    """Let the functions make their clients anew, as a fresh process would."""
    from wotr_api import clients
    from wotr_api.changing import call
    from wotr_api.handlers import accept, export, secrets
    from wotr_api.reading import sources

    kept: list[Any] = [clients.client, clients.notes, clients.table]
    kept += [
        found
        for module in (accept, export, secrets, sources, call)
        for found in vars(module).values()
        if hasattr(found, "cache_clear")
    ]
    for cached in kept:
        cached.cache_clear()
