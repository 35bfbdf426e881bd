"""A secret is read seldom, not by all at once, and goes on through an outage; a refusal ends it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from moto import mock_aws

from wotr_api import kept_secret
from wotr_api.kept_secret import KeptSecret


class Clock:
    """Says the time that it is told."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Reached:
    """How often Secrets Manager was asked, and what goes wrong when it is."""

    def __init__(self, client: Any) -> None:
        self.calls = 0
        self.failure: Exception | None = None
        client.meta.events.register_first("before-send.secrets-manager.GetSecretValue", self._asked)

    def _asked(self, **_: Any) -> None:
        self.calls += 1
        if self.failure is not None:
            raise self.failure


class Asked:
    """One secret in moto, its reader, its clock."""

    def __init__(self, chance: float = 0.0) -> None:
        self.client = boto3.client("secretsmanager")
        self.id = self.client.create_secret(Name="one", SecretString="first")["ARN"]
        self.reached, self.clock = Reached(self.client), Clock()
        self.secret = KeptSecret(self.client, self.id, clock=self.clock, chance=lambda: chance)

    def changes(self, value: str) -> None:
        boto3.client("secretsmanager").put_secret_value(SecretId=self.id, SecretString=value)


@pytest.fixture
def asked() -> Iterator[Asked]:
    with mock_aws():
        yield Asked()


def out_of_reach() -> Exception:
    return EndpointConnectionError(endpoint_url="https://secretsmanager.example")


def said(code: str, status: int) -> ClientError:
    response: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "GetSecretValue")


def test_it_is_read_once_in_five_minutes(asked: Asked) -> None:
    assert asked.secret.get().current == "first"
    calls = asked.reached.calls
    asked.changes("second")

    asked.clock.now += 299
    assert asked.secret.get().current == "first"
    assert asked.reached.calls == calls
    asked.clock.now += 1
    assert asked.secret.get() == asked.secret.get()
    assert (asked.secret.get().current, asked.secret.get().previous) == ("second", "first")


def test_instances_that_began_together_do_not_ask_together() -> None:
    with mock_aws():
        due = set()
        for chance in (0.0, 0.25, 0.5, 0.75, 1.0):
            boto3.client("secretsmanager").create_secret(Name=f"{chance}", SecretString="x")
            clock = Clock()
            client = boto3.client("secretsmanager")
            secret = KeptSecret(client, f"{chance}", clock=clock, chance=partial(float, chance))
            secret.get()
            reached = Reached(client)
            while not reached.calls:
                clock.now += 1
                secret.get()
            due.add(clock.now)
        assert len(due) == 5
        assert max(due) - min(due) == kept_secret.MAX_AGE_S * kept_secret.JITTER


@pytest.mark.parametrize(
    "failure",
    [out_of_reach(), said("InternalServiceError", 500), said("ThrottlingException", 400)],
    ids=["unreachable", "broken", "throttled"],
)
def test_through_an_outage_the_last_value_goes_on_for_an_hour_and_no_longer(
    asked: Asked, failure: Exception
) -> None:
    asked.secret.get()
    asked.reached.failure = failure
    asked.clock.now += 300
    assert asked.secret.get().current == "first"
    calls = asked.reached.calls
    assert asked.secret.get().current == "first"
    assert asked.reached.calls == calls, "its callers shall not all wait for it"

    asked.clock.now += 3299
    assert asked.secret.get().current == "first"
    asked.clock.now += 11
    with pytest.raises(type(failure)):
        asked.secret.get()


def test_after_an_outage_the_new_value_comes(asked: Asked) -> None:
    asked.secret.get()
    asked.reached.failure = out_of_reach()
    asked.clock.now += 300
    asked.secret.get()
    asked.changes("second")
    asked.reached.failure = None
    asked.clock.now += kept_secret.AGAIN_S
    assert asked.secret.get().current == "second"


@pytest.mark.parametrize("code", ["AccessDeniedException", "ResourceNotFoundException", "DecryptionFailure"])
def test_a_refusal_is_no_outage(asked: Asked, code: str) -> None:
    asked.secret.get()
    asked.reached.failure = said(code, 400)
    asked.clock.now += 300
    for _ in range(2):
        with pytest.raises(ClientError, match=code):
            asked.secret.get()


def test_without_any_value_an_outage_is_said(asked: Asked) -> None:
    asked.reached.failure = out_of_reach()
    with pytest.raises(EndpointConnectionError):
        asked.secret.get()


def test_strangers_can_cause_one_reading_a_second(asked: Asked) -> None:
    asked.secret.get()
    calls = asked.reached.calls
    for _ in range(100):
        asked.secret.newest()
    assert asked.reached.calls == calls + 1
    asked.clock.now += 1
    asked.changes("second")
    assert asked.secret.newest().current == "second"


def test_a_value_is_in_no_representation(asked: Asked) -> None:
    assert "first" not in f"{asked.secret.get()!r} {asked.secret.get()} {vars(asked.secret)}"
