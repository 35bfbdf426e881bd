"""Gap: a template that differs only in its outputs is a change."""

from __future__ import annotations

import json
from typing import Any

from stack import Client, Deploy, Wait

BUCKET = {"Bucket": {"Type": "AWS::S3::Bucket"}}


def output(export: str, value: Any) -> dict[str, Any]:
    return {"Value": value, "Export": {"Name": {"Fn::Sub": "${AWS::StackName}-" + export}}}


def change_set(client: Client, stack: str, outputs: dict[str, Any], name: str) -> dict[str, Any]:
    """What becomes of a change set for the same resources and these outputs."""
    client("cloudformation").create_change_set(
        StackName=stack,
        ChangeSetName=name,
        ChangeSetType="UPDATE",
        TemplateBody=json.dumps({"Resources": BUCKET, "Outputs": outputs}),
    )
    found: dict[str, Any] = client("cloudformation").describe_change_set(StackName=stack, ChangeSetName=name)
    return found


def exports(client: Client, stack: str) -> dict[str, str]:
    found = client("cloudformation").list_exports()["Exports"]
    return {each["Name"].removeprefix(f"{stack}-"): each["Value"] for each in found if stack in each["Name"]}


def test_a_new_and_a_changed_output_are_deployed(stack: Deploy, client: Client, eventually: Wait) -> None:
    made = stack(BUCKET, Outputs={"Name": output("Name", {"Ref": "Bucket"})})
    bucket = made.ids["Bucket"]
    assert exports(client, made.name) == {"Name": bucket}

    outputs = {"Name": output("Name", "fixed"), "Arn": output("Arn", {"Fn::GetAtt": ["Bucket", "Arn"]})}
    found = change_set(client, made.name, outputs, "two")
    assert (found["Status"], found["ExecutionStatus"], found["Changes"]) == (
        "CREATE_COMPLETE",
        "AVAILABLE",
        [],
    )
    client("cloudformation").execute_change_set(StackName=made.name, ChangeSetName="two")
    expected = {"Name": "fixed", "Arn": f"arn:aws:s3:::{bucket}"}
    assert eventually(lambda: exports(client, made.name) == expected)

    found = change_set(client, made.name, dict(reversed(outputs.items())), "same")
    assert (found["Status"], found["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")
    assert "didn't contain changes" in found["StatusReason"]
