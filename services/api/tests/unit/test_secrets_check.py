"""GET /secrets-check: what is said of each secret, and that a value is never among it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.unit.calls import ATHLETE, event, send
from tests.unit.cloud import Cloud, aws
from tests.unit.test_contract import template

from wotr_api.secrets_check import state

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
VALUE = "correct-horse-battery-staple"  # pragma: allowlist secret - made up, to look for it


def enter(name: str, arn: str) -> None:
    aws("ssm").put_parameter(Name=f"/wotr/dev/secrets/{name}", Value=arn, Type="String")


def check() -> Any:
    answer = send("secrets", event("GET", "/secrets-check"))
    assert answer.status == 200
    return answer.body["secrets"]


def test_each_secret_is_told_by_name_and_masked(cloud: Cloud) -> None:
    secrets = aws("secretsmanager")
    made = secrets.create_secret(Name="whatever", SecretString=VALUE)
    enter("page-tokens", made["ARN"])
    enter("database", "arn:aws:secretsmanager:eu-central-1:123456789012:secret:gone-abcdef")

    database, page_tokens = check()
    assert (database["name"], database["state"]) == ("database", "missing")
    assert (page_tokens["name"], page_tokens["state"], page_tokens["value"]) == (
        "page-tokens",
        "ok",
        "********",
    )
    assert (page_tokens["version"], page_tokens["ageDays"]) == (made["VersionId"], 0)
    assert page_tokens["rotation"] == {"enabled": False, "nextAt": None}
    assert VALUE not in str([database, page_tokens])


def test_a_stage_without_secrets_has_an_empty_list(cloud: Cloud) -> None:
    assert check() == []


def test_more_secrets_than_a_page_of_parameters_are_all_told(cloud: Cloud) -> None:
    for number in range(23):
        enter(f"secret-{number:02d}", f"arn:aws:secretsmanager:eu-central-1:123456789012:secret:{number}")
    assert [each["name"] for each in check()] == [f"secret-{number:02d}" for number in range(23)]


def test_an_athlete_is_not_told(cloud: Cloud) -> None:
    assert send("secrets", event("GET", "/secrets-check", athlete=ATHLETE)).status == 403


def described(**more: Any) -> dict[str, Any]:
    return {
        "VersionIdsToStages": {"one": ["AWSCURRENT"]},
        "LastChangedDate": NOW - timedelta(days=40),
        **more,
    }


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (described(), "ok"),
        (None, "missing"),
        ({"VersionIdsToStages": {}}, "missing"),
        (described(DeletedDate=NOW), "deleted"),
        (described(RotationEnabled=True, NextRotationDate=NOW + timedelta(days=1)), "ok"),
        (described(RotationEnabled=True, NextRotationDate=NOW - timedelta(days=1)), "overdue"),
        (described(VersionIdsToStages={"one": ["AWSCURRENT"], "two": ["AWSPENDING"]}), "pending"),
        (described(VersionIdsToStages={"one": ["AWSCURRENT", "AWSPENDING"]}), "ok"),
    ],
)
def test_the_state_is_what_somebody_should_look_at(said: dict[str, Any] | None, expected: str) -> None:
    found = state("database", said, NOW)
    assert found.state == expected
    assert found.age_days == (40 if said and "LastChangedDate" in said else None)


def test_its_role_can_read_no_value() -> None:
    role = template()["Resources"]["SecretsRole"]["Properties"]
    granted = {
        action
        for statement in role["Policies"][0]["PolicyDocument"]["Statement"]
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }
    assert granted == {
        "secretsmanager:DescribeSecret",
        "ssm:GetParametersByPath",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
    }
