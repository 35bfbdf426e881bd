"""Gap: a log group without a name of its own is called after its stack."""

from __future__ import annotations

from typing import Any

from stack import Client, Deploy, deploy


def group(**properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::Logs::LogGroup", "Properties": properties}


def test_a_group_has_the_stacks_name_and_keeps_it(stack: Deploy, client: Client) -> None:
    made = stack({"Group": group(RetentionInDays=30), "Named": group(LogGroupName="contract-named")})
    name = made.ids["Group"]
    assert name.startswith(f"{made.name}-Group-")
    assert made.ids["Named"] == "contract-named"
    client("logs").create_log_stream(logGroupName=name, logStreamName="kept")
    changed = deploy(client, {"Resources": {"Group": group(RetentionInDays=7)}}, name=made.name)
    assert changed.ids["Group"] == name
    (found,) = client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    assert found["retentionInDays"] == 7
    assert client("logs").describe_log_streams(logGroupName=name)["logStreams"]
