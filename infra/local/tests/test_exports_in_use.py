"""Gap: an export that another stack imports keeps its value and stays; a name is exported once."""

from __future__ import annotations

import secrets
from typing import Any

import pytest
from stack import Client, Deploy, StackFailed, deploy


def parameter(value: Any) -> dict[str, Any]:
    return {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": value}}


def exporting(name: str, value: Any = "one", **outputs: Any) -> dict[str, Any]:
    export = {"Value": value, "Export": {"Name": name}}
    return {"Resources": {"Own": parameter(value)}, "Outputs": {"Told": export} | outputs}


@pytest.fixture
def name() -> str:
    return f"contract-{secrets.token_hex(4)}"


def exported(client: Client) -> dict[str, str]:
    pages = client("cloudformation").get_paginator("list_exports").paginate()
    return {each["Name"]: each["Value"] for page in pages for each in page["Exports"]}


def test_an_update_that_changes_what_another_stack_imports_is_rolled_back(
    client: Client, stack: Deploy, name: str
) -> None:
    exporter = deploy(client, exporting(name))
    importer = stack({"Uses": parameter({"Fn::ImportValue": name})})

    with pytest.raises(
        StackFailed, match=f"Export {name} cannot be updated as it is in use by {importer.name}"
    ):
        deploy(client, exporting(name, "two"), name=exporter.name)
    described = client("cloudformation").describe_stacks(StackName=exporter.name)["Stacks"][0]
    assert described["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert exported(client)[name] == "one"
    assert client("ssm").get_parameter(Name=exporter.ids["Own"])["Parameter"]["Value"] == "one"

    with pytest.raises(
        StackFailed, match=f"Export {name} cannot be deleted as it is in use by {importer.name}"
    ):
        deploy(client, {"Resources": {"Own": parameter("one")}}, name=exporter.name)

    # What the importer does not see may change; once it is gone, everything may.
    other = {"Value": "new", "Export": {"Name": f"{name}-other"}}
    deploy(client, exporting(name, Other=other), name=exporter.name)
    client("cloudformation").delete_stack(StackName=importer.name)
    client("cloudformation").get_waiter("stack_delete_complete").wait(
        StackName=importer.name, WaiterConfig={"Delay": 1}
    )
    deploy(client, exporting(name, "two"), name=exporter.name)
    assert exported(client)[name] == "two"


def test_an_import_that_the_importers_conditions_switch_off_holds_nothing(client: Client, name: str) -> None:
    exporter = deploy(client, exporting(name))
    never = {"Fn::Equals": ["a", "b"]}
    absent = {**parameter({"Fn::ImportValue": name}), "Condition": "Never"}
    chosen = parameter({"Fn::If": ["Never", {"Fn::ImportValue": name}, "own"]})
    deploy(client, {"Conditions": {"Never": never}, "Resources": {"Absent": absent, "Chosen": chosen}})

    deploy(client, exporting(name, "two"), name=exporter.name)
    assert exported(client)[name] == "two"


def test_an_export_that_the_template_no_longer_has_is_gone_and_free(client: Client, name: str) -> None:
    exporter = deploy(client, exporting(name))
    with pytest.raises(StackFailed, match=f"{name} is already exported by stack {exporter.name}"):
        deploy(client, exporting(name))
    deploy(client, {"Resources": {"Own": parameter("one")}}, name=exporter.name)
    assert name not in exported(client)
    deploy(client, exporting(name, "another's"))
    assert exported(client)[name] == "another's"
