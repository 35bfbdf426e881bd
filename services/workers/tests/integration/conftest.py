"""The deployed stage: its outputs, and users that nobody else has.

`WOTR_STAGE` names the stage; credentials, region and endpoint are the environment's.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from itertools import count
from typing import Any

import boto3
import pytest
from tests.integration.athlete import Athlete
from tests.integration.stage import STAGE, Ask, Ear

from wotr_common.messages import Outcome


@pytest.fixture(scope="module")
def outputs() -> dict[str, str]:
    """Every export of the stage, as `stack.Output`."""
    pages = boto3.client("cloudformation").get_paginator("list_exports").paginate()
    found = {}
    for export in (each for page in pages for each in page["Exports"]):
        project, stack, stage, *output = export["Name"].split("-")
        if (project, stage) == ("wotr", STAGE):
            found[f"{stack}.{'-'.join(output)}"] = export["Value"]
    return found


@pytest.fixture
def user() -> str:
    """A user that nobody else has."""
    return f"workers-{secrets.token_hex(6)}"


@pytest.fixture
def ask(outputs: dict[str, str], user: str) -> Ask:
    """Sends a command of the user to the function's alias; its outcome."""
    functions, numbers = boto3.client("lambda"), count(1)

    def asked(name: str, *, command_id: str | None = None, **arguments: Any) -> Outcome:
        command_id = command_id or f"command-{next(numbers)}"
        command = {
            "name": name,
            "userId": user,
            "commandId": command_id,
            "correlationId": f"{user}-{command_id}",
            "arguments": arguments,
        }
        answer: Any = functions.invoke(
            FunctionName=outputs["workers.CommandFunctionArn"], Payload=json.dumps(command).encode()
        )
        said = answer["Payload"].read()
        assert "FunctionError" not in answer, said
        return Outcome.model_validate_json(said)

    return asked


@pytest.fixture(scope="module")
def topic(outputs: dict[str, str]) -> Iterator[Ear]:
    """Hears how imports end."""
    ear, sns = Ear(), boto3.client("sns")
    subscription = sns.subscribe(
        TopicArn=outputs["workers.ImportsTopicArn"],
        Protocol="sqs",
        Endpoint=ear.arn,
        ReturnSubscriptionArn=True,
    )
    yield ear
    sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])
    ear.close()


@pytest.fixture
def athlete(outputs: dict[str, str], topic: Ear, user: str) -> Athlete:
    return Athlete(outputs, topic, user)
