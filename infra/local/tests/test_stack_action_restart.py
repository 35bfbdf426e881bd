"""A deploy action across a restart of the local cloud."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from deploying import TEMPLATE, Target
from kept_cloud import kept
from pipelines import Running
from stack import Wait

from localcloud import LocalCloud

WAITS = {
    "Type": "AWS::CloudFormation::WaitCondition",
    "DependsOn": ["One"],
    "Properties": {"Handle": {"Ref": "Handle"}, "Timeout": "600"},
}
HANDLE = {"Type": "AWS::CloudFormation::WaitConditionHandle"}
NEVER = TEMPLATE | {"Resources": TEMPLATE["Resources"] | {"Handle": HANDLE, "Waits": WAITS}}


def test_an_action_that_was_cut_off_tells_what_became_of_its_stack(
    cloud: LocalCloud, root: Path, tmp_path: Path, eventually: Wait
) -> None:
    del cloud  # it has made the environments
    with kept(root, tmp_path) as (_, client):
        target = Target(client)
        target.push(NEVER)
        running = target.make(target.prepare(), target.execute())
        eventually(lambda: running.action("Deploy", "Execute").get("latestExecution"))

        def made() -> str:
            found = client("cloudformation").describe_stack_resources(StackName=target.stack)
            ids = {each["LogicalResourceId"]: each for each in found["StackResources"]}
            return str(ids.get("One", {}).get("PhysicalResourceId", ""))

        parameter = eventually(made)

    with kept(root, tmp_path) as (_, client):
        running = Running(client, running.name)
        ended = eventually(running.ended(running.first()), 20)
        assert ended["status"] == "Failed"
        assert f"{target.stack} ended in ROLLBACK_COMPLETE" in ended["statusSummary"]
        assert "local cloud stopped" in ended["statusSummary"]
        with pytest.raises(ClientError, match="ParameterNotFound"):
            client("ssm").get_parameter(Name=parameter)
        events = client("cloudformation").describe_stack_events(StackName=target.stack)["StackEvents"]
        assert json.dumps([event["ResourceStatus"] for event in events]).count("ROLLBACK_COMPLETE") == 1
