"""What the template promises of the lake on AWS, whatever the emulator makes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.given import event

from deploy import templates
from wotr_analytics.lake.objects import PREFIX, key_of
from wotr_analytics.lake.rows import date_of
from wotr_common.traffic import SANDBOX_USER

ROOT = Path(__file__).resolve().parents[4]
TEMPLATE = templates.load(ROOT / "services" / "analytics" / "template.yml", ROOT)


def properties(name: str) -> dict[str, Any]:
    found: dict[str, Any] = TEMPLATE.resources[name]["Properties"]
    return found


def test_no_message_comes_again_while_it_is_worked_on() -> None:
    function = properties("TransformFunction")
    source = function["Events"]["Events"]["Properties"]
    window = max(source["MaximumBatchingWindowInSeconds"]["Fn::If"][1:])
    # "Configuring a queue to use with Lambda": six times the timeout, and the window on top.
    assert properties("LakeQueue")["VisibilityTimeout"] >= 6 * function["Timeout"] + window
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_a_day_that_is_new_is_told_from_one_that_is_forbidden() -> None:
    statements = properties("TransformRole")["Policies"][0]["PolicyDocument"]["Statement"]
    (lists,) = [each for each in statements if each["Action"] == "s3:ListBucket"]
    assert lists["Resource"] == {"Fn::GetAtt": ["LakeBucket", "Arn"]}
    assert "Condition" not in lists  # a read by key carries nothing that one could hold


def test_the_function_writes_nothing_but_the_tables_objects() -> None:
    statements = properties("TransformRole")["Policies"][0]["PolicyDocument"]["Statement"]
    (adds,) = [each for each in statements if "s3:PutObject" in each["Action"]]
    assert adds["Resource"] == {"Fn::Sub": f"${{LakeBucket.Arn}}/{PREFIX}/*"}


def test_partitions_follow_from_the_date_as_the_objects_are_named() -> None:
    table = properties("WorkoutEventsTable")["TableInput"]
    projection = {key: value for key, value in table["Parameters"].items() if key.startswith("projection.")}
    assert table["StorageDescriptor"]["Location"] == {"Fn::Sub": f"s3://${{LakeBucket}}/{PREFIX}/"}
    assert [key["Name"] for key in table["PartitionKeys"]] == ["dt"]
    assert projection == {
        "projection.enabled": "true",
        "projection.dt.type": "date",
        "projection.dt.format": "yyyy-MM-dd",
        "projection.dt.range": {"Fn::Sub": "${LakeSince},NOW+1DAYS"},
        "projection.dt.interval": "1",
        "projection.dt.interval.unit": "DAYS",
    }
    assert key_of(date_of(event())).startswith(f"{PREFIX}/dt=2026-11-16/")


def test_results_of_queries_are_encrypted_limited_and_expire() -> None:
    group = properties("LakeWorkGroup")["WorkGroupConfiguration"]
    assert group["EnforceWorkGroupConfiguration"] is True
    assert group["BytesScannedCutoffPerQuery"] == {"Ref": "MaxScannedBytes"}
    results = group["ResultConfiguration"]
    assert results["EncryptionConfiguration"]["EncryptionOption"] == "SSE_KMS"
    rules = properties("LakeBucket")["LifecycleConfiguration"]["Rules"]
    (expire,) = [rule for rule in rules if "ExpirationInDays" in rule]
    assert results["OutputLocation"] == {"Fn::Sub": f"s3://${{LakeBucket}}/{expire['Prefix']}"}


def test_objects_written_anew_leave_nothing_behind_for_long() -> None:
    rules = properties("LakeBucket")["LifecycleConfiguration"]["Rules"]
    (rewritten,) = [rule for rule in rules if PREFIX.startswith(rule.get("Prefix", "-"))]
    assert rewritten["NoncurrentVersionExpiration"] == {"NoncurrentDays": 1}
    assert "ExpirationInDays" not in rewritten


@pytest.mark.parametrize("alarm", ["LakeDeadLetterAlarm", "TransformErrorAlarm", "LakeAgeAlarm"])
def test_somebody_is_told_when_the_lake_lags_or_loses(alarm: str) -> None:
    (topic,) = properties(alarm)["AlarmActions"]
    assert topic == {"Fn::ImportValue": {"Fn::Sub": "wotr-platform-${Stage}-OpsTopicArn"}}
    assert properties(alarm)["ComparisonOperator"] == "GreaterThanThreshold"


def test_deletions_and_edits_reach_the_lake_as_well_and_nothing_synthetic() -> None:
    assert properties("LakeRule")["EventPattern"] == {
        "source": ["wotr.workers"],
        "detail-type": ["workout.created", "workout.updated", "workout.deleted"],
        "detail": {"userId": [{"anything-but": [SANDBOX_USER]}]},
    }
