"""The policy in notes/scp.md is one that an organisation takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

NOTE = Path(__file__).resolve().parents[3] / "notes" / "scp.md"
MOST_BYTES = 5120  # "Quotas for AWS Organizations"


@pytest.fixture
def policy() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        NOTE.read_text(encoding="utf-8").partition("```json\n")[2].partition("```")[0]
    )
    return found


def test_it_only_denies_and_speaks_of_everybody(policy: dict[str, Any]) -> None:
    assert policy["Version"] == "2012-10-17"
    assert {each["Effect"] for each in policy["Statement"]} == {"Deny"}
    assert all("Principal" not in each and "NotPrincipal" not in each for each in policy["Statement"])


def test_it_is_small_enough(policy: dict[str, Any]) -> None:
    assert len(json.dumps(policy, separators=(",", ":")).encode()) <= MOST_BYTES


def test_each_statement_is_explained(policy: dict[str, Any]) -> None:
    sids = [each["Sid"] for each in policy["Statement"]]
    told = [line.split("`")[1] for line in NOTE.read_text(encoding="utf-8").splitlines() if line[:3] == "| `"]
    assert sids == told
    assert len({*sids}) == len(sids)


@mock_aws
def test_it_is_written_as_iam_wants_policies(policy: dict[str, Any]) -> None:
    iam = boto3.client("iam")
    iam.create_policy(PolicyName="scp", PolicyDocument=json.dumps(policy))
    policy["Statement"][0]["Actions"] = "s3:*"
    with pytest.raises(iam.exceptions.MalformedPolicyDocumentException):
        iam.create_policy(PolicyName="wrong", PolicyDocument=json.dumps(policy))
