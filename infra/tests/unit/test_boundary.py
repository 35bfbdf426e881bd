"""What a role is granted must lie within its boundary, or the first call that needs it is denied."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from deploy import templates

ROOT = Path(__file__).resolve().parents[3]


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def statements(template: templates.Template) -> Iterator[tuple[str, dict[str, Any]]]:
    """(where, statement) of everything that the policies of a template's roles allow."""
    for name, resource in template.resources.items():
        properties = resource.get("Properties", {})
        match resource["Type"]:
            case "AWS::IAM::Role":
                documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
            case "AWS::IAM::Policy" | "AWS::IAM::RolePolicy":
                documents = [properties["PolicyDocument"]]
            case _:
                continue
        for document in documents:
            for statement in document["Statement"]:
                if statement["Effect"] == "Allow":
                    yield f"{template.where}: {name}", statement


def grants(template: templates.Template) -> Iterator[tuple[str, str]]:
    """(where, action) of the same."""
    for where, statement in statements(template):
        yield from ((where, action) for action in listed(statement["Action"]))


def test_every_grant_of_every_stack_is_within_the_boundary(render: Any) -> None:
    limits = render("platform").properties("PermissionsBoundary")["PolicyDocument"]["Statement"]
    allowed = {action for found in limits if found["Effect"] == "Allow" for action in listed(found["Action"])}
    # The one denial with a condition is that of identity, below.
    denied = {
        action
        for found in limits
        if found["Effect"] == "Deny" and "Condition" not in found
        for action in listed(found["Action"])
    }
    granted = [grant for template in templates.discover(ROOT) for grant in grants(template)]
    outside = [
        f"{where} is granted {action}, which the boundary does not allow"
        for where, action in granted
        if action not in allowed or any(fnmatchcase(action, pattern) for pattern in denied)
    ]
    assert granted
    assert not outside, "\n".join(outside)


def test_every_role_of_every_template_has_a_boundary_of_ours() -> None:
    pipelines = [ROOT / "pipeline" / name for name in ("bootstrap.yml", "service-pipeline.yml")]
    paths = [*ROOT.glob("infra/*.yml"), *ROOT.glob("services/*/template.yml"), *pipelines]
    platforms = {"Fn::ImportValue": {"Fn::Sub": "wotr-platform-${Stage}-PermissionsBoundaryArn"}}
    seen = 0
    for template in (templates.load(path, ROOT) for path in paths):
        own = [
            {"Ref": name}
            for name, resource in template.resources.items()
            if resource["Type"] == "AWS::IAM::ManagedPolicy"
        ]
        for name, resource in template.resources.items():
            if resource["Type"] == "AWS::IAM::Role":
                seen += 1
                assert resource["Properties"].get("PermissionsBoundary") in (platforms, *own), name
                assert "E9005" not in str(resource.get("Metadata")), f"{name} is excepted"
    assert seen > 30


def test_identity_is_touched_only_to_give_a_task_the_roles_that_its_stack_made_for_it() -> None:
    found = [
        (where, statement, template)
        for template in templates.discover(ROOT)
        for where, statement in statements(template)
        if any(action.startswith("iam:") for action in listed(statement["Action"]))
    ]
    assert found
    for where, statement, template in found:
        assert statement["Action"] == "iam:PassRole", where
        assert statement["Condition"] == {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
        for role in listed(statement["Resource"]):
            trust = template.resources[role["Fn::GetAtt"][0]]["Properties"]["AssumeRolePolicyDocument"]
            (who,) = trust["Statement"]
            assert who["Principal"] == {"Service": "ecs-tasks.amazonaws.com"}, where
