"""CloudFormation's role in a pipeline may do what our resource types need, and nothing of another service."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cfnlint.decode import decode

from tools import deployment_actions as actions

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 6144  # characters of a managed policy, white space not counted


def body(path: Path) -> dict[str, Any]:
    found, problems = decode(str(path))
    assert not problems
    return dict(found)


def delivered() -> list[dict[str, Any]]:
    """The templates that pipelines deploy."""
    found = [body(path) for path in (*ROOT.glob("infra/*.yml"), *ROOT.glob("services/*/template.yml"))]
    return [each for each in found if (each.get("Metadata") or {}).get("wotr", {}).get("deployed") is None]


BOOTSTRAP = body(ROOT / "pipeline" / "bootstrap.yml")["Resources"]
TYPES = {resource["Type"] for template in delivered() for resource in template["Resources"].values()}
POLICIES = {
    reference["Ref"]: BOOTSTRAP[reference["Ref"]]["Properties"]["PolicyDocument"]
    for reference in BOOTSTRAP["DeploymentRole"]["Properties"]["ManagedPolicyArns"]
}
STATEMENTS = [statement for document in POLICIES.values() for statement in document["Statement"]]


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


GRANTED = {action for statement in STATEMENTS for action in listed(statement["Action"])}


def test_it_may_do_what_the_handlers_of_our_types_do_and_no_more() -> None:
    needed = actions.needed(TYPES)
    missing = {action: sorted(needed[action]) for action in sorted(needed.keys() - GRANTED)}
    assert missing == {}, "needed by these types, and not granted in pipeline/bootstrap.yml"
    assert sorted(GRANTED - needed.keys()) == [], "granted in pipeline/bootstrap.yml, and needed by no type"


def test_what_is_left_out_is_there_to_be_left_out() -> None:
    assert actions.unused(TYPES) == set()


def test_every_type_can_be_made() -> None:
    """A reason to leave something out that a new type makes untrue leaves that type without any action."""
    able = {kind for kinds in actions.needed(TYPES).values() for kind in kinds}
    assert actions.plain_types(TYPES) - able == set()
    able = {kind for kinds in actions.needed({"AWS::Kinesis::Stream"}).values() for kind in kinds}
    assert "AWS::Kinesis::Stream" not in able


@pytest.mark.parametrize("name", sorted(POLICIES))
def test_a_policy_is_not_longer_than_iam_takes(name: str) -> None:
    text = json.dumps(POLICIES[name], separators=(",", ":"), default=str)
    resolved = text.replace("${AWS::Partition}", "aws-us-gov").replace("${AWS::Region}", "ap-southeast-2")
    assert len(resolved.replace("${AWS::AccountId}", "1" * 12)) <= LIMIT


def test_it_makes_roles_of_ours_within_a_stages_boundary_only() -> None:
    making = [each for each in STATEMENTS if "iam:CreateRole" in listed(each["Action"])]
    (statement,) = making
    assert set(listed(statement["Action"])) >= {"iam:PutRolePolicy", "iam:AttachRolePolicy"}
    boundary = statement["Condition"]["StringLike"]["iam:PermissionsBoundary"]["Fn::Sub"]
    assert boundary.endswith(":policy/wotr-platform-*-PermissionsBoundary-*")
    for each in STATEMENTS:
        if any(action.startswith("iam:") for action in listed(each["Action"])):
            (resource,) = listed(each["Resource"])
            assert "/wotr-" in resource["Fn::Sub"] or "/aws-service-role/" in resource["Fn::Sub"]
    assert "iam:DeleteRolePermissionsBoundary" not in GRANTED


def test_it_passes_roles_to_the_services_that_our_roles_trust_and_to_no_other() -> None:
    trusted = {
        service
        for template in delivered()
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::IAM::Role"
        for statement in resource["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        if isinstance(statement["Principal"], dict)
        for service in listed(statement["Principal"].get("Service") or [])
    }
    (passing,) = [each for each in STATEMENTS if "iam:PassRole" in listed(each["Action"])]
    assert set(passing["Condition"]["StringEquals"]["iam:PassedToService"]) == trusted | {
        "codedeploy.amazonaws.com"
    }


def test_every_role_of_pipelines_has_the_boundary_and_no_wildcard_action() -> None:
    roles = {name: each for name, each in BOOTSTRAP.items() if each["Type"] == "AWS::IAM::Role"}
    assert roles.keys() >= {"PipelineRole", "BuildRole", "CheckRole", "DeploymentRole"}
    for name in ("PipelineRole", "BuildRole", "CheckRole", "DeploymentRole"):
        properties = roles[name]["Properties"]
        assert properties["PermissionsBoundary"] == {"Ref": "DeliveryBoundary"}
        own = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
        named = [POLICIES[each["Ref"]] for each in properties.get("ManagedPolicyArns", [])]
        for document in (*own, *named):
            for statement in document["Statement"]:
                assert not [each for each in listed(statement["Action"]) if "*" in each], name
                assert "*" not in listed(statement["Resource"]) or statement["Sid"] in (
                    "NothingToName",
                    "Metrics",
                )
