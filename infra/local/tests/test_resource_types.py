"""Gap: CloudFormation knows the resource types that our templates use."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from stack import Client, Deploy, deploy

BUS = {"Type": "AWS::Events::EventBus", "Properties": {"Name": "contract-archive"}}


def archive(**properties: Any) -> dict[str, Any]:
    source = {"Fn::GetAtt": ["Bus", "Arn"]}
    return {
        "Type": "AWS::Events::Archive",
        "Properties": {"SourceArn": source, "RetentionDays": 3} | properties,
    }


def test_an_archive_is_made_changed_and_removed_with_its_stack(stack: Deploy, client: Client) -> None:
    made = stack(
        {"Bus": BUS, "Archive": archive(EventPattern={"source": ["contract"]})},
        Outputs={"Arn": {"Value": {"Fn::GetAtt": ["Archive", "Arn"]}}},
    )
    name = made.ids["Archive"]
    events = client("events")
    events.put_events(
        Entries=[
            {"EventBusName": "contract-archive", "Source": source, "DetailType": "x", "Detail": "{}"}
            for source in ("contract", "other")
        ]
    )
    found = events.describe_archive(ArchiveName=name)
    assert (found["RetentionDays"], json.loads(found["EventPattern"])) == (3, {"source": ["contract"]})
    assert made.outputs["Arn"] == found["ArchiveArn"]
    assert found["EventCount"] == 1

    changed = deploy(client, {"Resources": {"Bus": BUS, "Archive": archive(RetentionDays=9)}}, name=made.name)
    assert changed.ids["Archive"] == name
    assert events.describe_archive(ArchiveName=name)["RetentionDays"] == 9

    deploy(client, {"Resources": {"Bus": BUS}}, name=made.name)
    with pytest.raises(ClientError, match="ResourceNotFound"):
        events.describe_archive(ArchiveName=name)


def test_a_budget_is_made_with_its_notifications(stack: Deploy, client: Client) -> None:
    warning = {
        "Notification": {"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN", "Threshold": 80},
        "Subscribers": [{"SubscriptionType": "EMAIL", "Address": "ops@example.com"}],
    }
    limit = {"Amount": 50, "Unit": "USD"}
    budget = {"BudgetType": "COST", "TimeUnit": "MONTHLY", "BudgetLimit": limit}
    properties = {"Budget": budget, "NotificationsWithSubscribers": [warning]}
    made = stack({"Budget": {"Type": "AWS::Budgets::Budget", "Properties": properties}})
    account = client("sts").get_caller_identity()["Account"]
    found = client("budgets").describe_budget(AccountId=account, BudgetName=made.ids["Budget"])["Budget"]
    assert found["BudgetLimit"] == {"Amount": "50", "Unit": "USD"}


def test_a_web_acl_is_associated_with_a_stage_and_let_go_with_its_stack(
    stack: Deploy, client: Client
) -> None:
    region = client("wafv2").meta.region_name
    stage = f"arn:aws:apigateway:{region}::/restapis/contract/stages/v1"
    seen = {"CloudWatchMetricsEnabled": False, "SampledRequestsEnabled": False, "MetricName": "contract"}
    acl = {
        "Type": "AWS::WAFv2::WebACL",
        "Properties": {"Scope": "REGIONAL", "DefaultAction": {"Allow": {}}, "VisibilityConfig": seen},
    }
    arn = {"Fn::GetAtt": ["Acl", "Arn"]}
    association = {
        "Type": "AWS::WAFv2::WebACLAssociation",
        "Properties": {"ResourceArn": stage, "WebACLArn": arn},
    }
    made = stack({"Acl": acl, "Association": association})
    found = client("wafv2").get_web_acl_for_resource(ResourceArn=stage)["WebACL"]
    assert found["Id"] == made.ids["Acl"].split("|")[1]

    deploy(client, {"Resources": {"Acl": acl}}, name=made.name)
    with pytest.raises(ClientError, match="WAFNonexistentItem"):
        client("wafv2").get_web_acl_for_resource(ResourceArn=stage)


def test_a_saved_query_is_made_replaced_and_removed_with_its_stack(stack: Deploy, client: Client) -> None:
    def query(text: str) -> dict[str, Any]:
        said = {"Name": "contract", "Database": "default", "QueryString": text, "WorkGroup": "primary"}
        return {"Type": "AWS::Athena::NamedQuery", "Properties": said}

    def found(query_id: str) -> str:
        answer = client("athena").get_named_query(NamedQueryId=query_id)["NamedQuery"]["QueryString"]
        return str(answer)

    other = {"Topic": {"Type": "AWS::SNS::Topic"}}
    made = stack({"Query": query("SELECT 1"), **other})
    assert found(made.ids["Query"]) == "SELECT 1"
    changed = deploy(client, {"Resources": {"Query": query("SELECT 2"), **other}}, name=made.name)
    assert found(changed.ids["Query"]) == "SELECT 2"
    deploy(client, {"Resources": other}, name=made.name)
    with pytest.raises(ClientError, match="not found"):
        found(changed.ids["Query"])


def test_flow_logs_are_recorded(stack: Deploy) -> None:
    log = {"ResourceType": "VPC", "ResourceId": "vpc-1", "TrafficType": "ALL"}
    assert stack({"Log": {"Type": "AWS::EC2::FlowLog", "Properties": log}}).ids["Log"].startswith("fl-")


def test_scaling_is_recorded(stack: Deploy) -> None:
    target = {
        "ServiceNamespace": "dynamodb",
        "ResourceId": "table/t",
        "ScalableDimension": "dynamodb:table:ReadCapacityUnits",
        "MinCapacity": 10,
        "MaxCapacity": 50,
    }
    policy = {"PolicyName": "p", "PolicyType": "TargetTrackingScaling", "ScalingTargetId": {"Ref": "Target"}}
    made = stack(
        {
            "Target": {"Type": "AWS::ApplicationAutoScaling::ScalableTarget", "Properties": target},
            "Policy": {"Type": "AWS::ApplicationAutoScaling::ScalingPolicy", "Properties": policy},
        }
    )
    assert made.ids["Target"] == "table/t|dynamodb:table:ReadCapacityUnits|dynamodb"


def test_any_other_unknown_type_stays_an_error(stack: Deploy) -> None:
    with pytest.raises(ClientError, match=r"AWS::Config::ConfigRule"):
        stack({"Rule": {"Type": "AWS::Config::ConfigRule", "Properties": {}}})
