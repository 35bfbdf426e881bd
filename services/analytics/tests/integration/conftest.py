"""The deployed stage that `WOTR_STAGE` names, on the endpoint that the environment names."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Sequence

import boto3
import pytest

from wotr_common.events import SOURCE, WorkoutEvent


@pytest.fixture(scope="session")
def outputs() -> Callable[[str], dict[str, str]]:
    """Outputs of one of the stage's stacks by name."""
    stage = os.environ.get("WOTR_STAGE", "dev")
    stacks = boto3.client("cloudformation")

    def of(stack: str) -> dict[str, str]:
        (found,) = stacks.describe_stacks(StackName=f"wotr-{stack}-{stage}")["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in found["Outputs"]}

    return of


@pytest.fixture(scope="session")
def views_table(outputs: Callable[[str], dict[str, str]]) -> str:
    return outputs("analytics")["ViewsTableName"]


@pytest.fixture
def user_id() -> str:
    """A user that nobody else has."""
    return f"analytics-{secrets.token_hex(8)}"


@pytest.fixture(scope="session")
def put(outputs: Callable[[str], dict[str, str]]) -> Callable[[Sequence[WorkoutEvent | str]], None]:
    """Puts events (or other texts as their detail) on the stage's bus."""
    events = boto3.client("events")
    bus = outputs("platform")["EventBusName"]

    def put(details: Sequence[WorkoutEvent | str]) -> None:
        for start in range(0, len(details), 10):
            answer = events.put_events(
                Entries=[
                    {
                        "EventBusName": bus,
                        "Source": SOURCE,
                        "DetailType": "workout.created" if isinstance(detail, str) else detail.name,
                        "Detail": detail if isinstance(detail, str) else detail.text(),
                    }
                    for detail in details[start : start + 10]
                ]
            )
            assert answer["FailedEntryCount"] == 0

    return put
