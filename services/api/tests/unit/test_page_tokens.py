"""A new key for page tokens breaks no list that is being read, whichever instances have heard of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from wotr_api.kept_secret import KeptSecret
from wotr_api.page_tokens import PageTokens
from wotr_common.problems import Problem

FIRST, SECOND, THIRD = "first", "second", "third"
POSITION = {"after": "somewhere"}


@pytest.fixture
def secrets() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("secretsmanager")
        client.create_secret(Name="key", SecretString=FIRST * 10)
        yield client


def instance(secrets: Any) -> PageTokens:
    """The tokens of one instance, which reads the key when it first needs it."""
    return PageTokens(KeptSecret(secrets, "key"))


def rotate(secrets: Any, value: str) -> None:
    secrets.put_secret_value(SecretId="key", SecretString=value * 10)  # pragma: allowlist secret - a variable


def test_a_token_signed_before_is_taken_by_an_instance_that_began_after(secrets: Any) -> None:
    token = instance(secrets).issue(POSITION, "list")
    rotate(secrets, SECOND)
    assert instance(secrets).read(token, "list") == POSITION


def test_a_token_signed_after_is_taken_by_an_instance_that_has_not_heard(secrets: Any) -> None:
    behind = instance(secrets)
    assert behind.read(behind.issue(POSITION, "list"), "list") == POSITION
    rotate(secrets, SECOND)
    token = instance(secrets).issue(POSITION, "list")
    assert behind.read(token, "list") == POSITION


def test_the_new_key_signs_as_soon_as_it_is_known(secrets: Any) -> None:
    rotate(secrets, SECOND)
    token = instance(secrets).issue(POSITION, "list")
    rotate(secrets, THIRD)
    assert instance(secrets).read(token, "list") == POSITION


def test_the_key_before_the_last_is_forgotten(secrets: Any) -> None:
    token = instance(secrets).issue(POSITION, "list")
    rotate(secrets, SECOND)
    rotate(secrets, THIRD)
    with pytest.raises(Problem) as refused:
        instance(secrets).read(token, "list")
    assert refused.value.status == 422


def test_what_nobody_signed_is_refused_by_every_key(secrets: Any) -> None:
    tokens = instance(secrets)
    token = tokens.issue(POSITION, "list")
    for _ in range(3):
        with pytest.raises(Problem):
            tokens.read(token, "another list")


def test_a_token_that_another_stage_has_signed_is_none_of_this_one(secrets: Any) -> None:
    secrets.create_secret(Name="another stage's", SecretString=SECOND * 10)
    token = PageTokens(KeptSecret(secrets, "another stage's")).issue(POSITION, "list")
    with pytest.raises(Problem) as refused:
        instance(secrets).read(token, "list")
    assert refused.value.status == 422
