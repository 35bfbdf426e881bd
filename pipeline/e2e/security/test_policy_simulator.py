"""What IAM's simulator says of a denied action and of its mending, and that the endpoint does the same.

notes/policy-simulator.md walks through it; its lines are compared with what comes out here.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from probe import DENIED, probe
from test_least_privilege import roles

from privileges import deployed
from privileges.contract import Contract
from stage_client import Stage

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

Proof = Callable[[str, str], None]
ROOT = Path(__file__).resolve().parents[3]
NOTES = ROOT / "notes"
READING = ["dynamodb:Query", "dynamodb:GetItem", "dynamodb:Scan", "dynamodb:PutItem", "dynamodb:DeleteItem"]
ATTACKS = {
    "organizations:LeaveOrganization": "*",
    "iam:CreateUser": "*",
    "iam:CreateAccessKey": "*",
    "iam:CreateRole": "arn:aws:iam::000000000000:role/wotr-without-a-boundary",
    "iam:DeleteRolePermissionsBoundary": "arn:aws:iam::000000000000:role/wotr-workers-prod-WriteRole-X",
    "iam:CreatePolicyVersion": "arn:aws:iam::000000000000:policy/wotr-platform-prod-PermissionsBoundary-X",
    "cloudtrail:StopLogging": "*",
    "kms:ScheduleKeyDeletion": "*",
    "s3:PutBucketPolicy": "arn:aws:s3:::wotr-data-prod-uploads",
    "dynamodb:DeleteTable": "arn:aws:dynamodb:eu-central-1:000000000000:table/wotr-data-prod-WorkoutsTable-X",
    "logs:DeleteLogGroup": "arn:aws:logs:eu-central-1:000000000000:log-group:wotr-api-prod-AcceptLogGroup-X",
}


def decisions(answer: Any) -> dict[str, str]:
    return {each["EvalActionName"]: each["EvalDecision"] for each in answer["EvaluationResults"]}


def policies(iam: IAMClient, role: str) -> list[Any]:
    """The documents of the role's own policies."""
    names = iam.list_role_policies(RoleName=role)["PolicyNames"]
    return [iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names]


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [*statements]})


@pytest.fixture
def stats_role(stage: Stage) -> str:
    return roles(stage)["api/StatsFunction"].rpartition("/")[2]


@pytest.fixture
def copied() -> Iterator[Callable[[str], tuple[str, str]]]:
    """Makes a role with another's trust, own policies and boundary: (name, ARN). Removed afterwards."""
    iam, made = boto3.client("iam"), []

    def copy(role: str) -> tuple[str, str]:
        original = iam.get_role(RoleName=role)["Role"]
        name = f"wotr-test-{secrets.token_hex(6)}"
        arn = iam.create_role(
            RoleName=name,
            AssumeRolePolicyDocument=json.dumps(original["AssumeRolePolicyDocument"]),
            PermissionsBoundary=original["PermissionsBoundary"]["PermissionsBoundaryArn"],
        )["Role"]["Arn"]
        made.append(name)
        for number, text in enumerate(policies(iam, role)):
            iam.put_role_policy(RoleName=name, PolicyName=f"own-{number}", PolicyDocument=json.dumps(text))
        return name, arn

    yield copy
    for name in made:
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
            iam.delete_role_policy(RoleName=name, PolicyName=policy)
        iam.delete_role(RoleName=name)


def walked(note: str, stage: Stage, lines: Sequence[str]) -> None:
    """Every line stands in the walk-through, with the table's name as there."""
    table = stage.outputs("data")["WorkoutsTableName"]
    missing = [line for line in lines if line.replace(table, "WORKOUTS_TABLE") not in note]
    assert not missing, f"notes/policy-simulator.md does not show: {missing}"


def test_the_simulator_shows_a_denied_action_and_that_the_fix_allows_it_alone(
    stage: Stage, stats_role: str, copied: Callable[[str], tuple[str, str]], proof: Proof
) -> None:
    iam = boto3.client("iam")
    table = stage.outputs("data")["WorkoutsTableArn"]
    before = iam.simulate_principal_policy(
        PolicySourceArn=iam.get_role(RoleName=stats_role)["Role"]["Arn"],
        ActionNames=READING,
        ResourceArns=[table],
    )
    assert set(decisions(before).values()) == {"implicitDeny"}
    fix = {"Sid": "ReadWorkouts", "Effect": "Allow", "Action": "dynamodb:Query", "Resource": table}
    documents = [json.dumps(text) for text in policies(iam, stats_role)]
    after = iam.simulate_custom_policy(
        PolicyInputList=[*documents, document(fix)], ActionNames=READING, ResourceArns=[table]
    )
    assert decisions(after) == dict.fromkeys(READING, "implicitDeny") | {"dynamodb:Query": "allowed"}
    note = (NOTES / "policy-simulator.md").read_text(encoding="utf-8")
    for said in (before, after):
        walked(note, stage, [f"{action}\t{decision}" for action, decision in decisions(said).items()])
    walked(note, stage, ['"Action": "dynamodb:Query"'])

    name, arn = copied(stats_role)
    with probe(arn) as acting:
        assert queried(acting, stage) in DENIED
        iam.put_role_policy(RoleName=name, PolicyName="fix", PolicyDocument=document(fix))
        assert queried(acting, stage) == "allowed"
        item = {"pk": {"S": "USER#probe"}, "sk": {"S": "PROBE#1"}}
        put = {"TableName": stage.outputs("data")["WorkoutsTableName"], "Item": item}
        assert acting.outcome("dynamodb", "put_item", put) in DENIED
    proof("3 a denied action is simulated, mended, and allowed alone", f"{len(READING)} actions, 1 allowed")


def queried(acting: Any, stage: Stage) -> str:
    return str(
        acting.outcome(
            "dynamodb",
            "query",
            {
                "TableName": stage.outputs("data")["WorkoutsTableName"],
                "KeyConditionExpression": "pk = :pk",
                "ExpressionAttributeValues": {":pk": {"S": "USER#probe"}},
            },
        )
    )


def test_whatever_a_role_is_granted_its_boundary_is_the_most_it_can_do(
    stage: Stage, stats_role: str, copied: Callable[[str], tuple[str, str]], proof: Proof
) -> None:
    name, arn = copied(stats_role)
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    boto3.client("iam").put_role_policy(
        RoleName=name, PolicyName="everything", PolicyDocument=document(everything)
    )
    beyond: list[tuple[str, str, dict[str, Any]]] = [
        ("iam", "create_user", {"UserName": name}),
        ("iam", "delete_role_permissions_boundary", {"RoleName": name}),
        ("s3", "create_bucket", {"Bucket": f"{name}-bucket"}),
        ("s3", "delete_bucket", {"Bucket": stage.outputs("data")["UploadsBucketName"]}),
        ("dynamodb", "delete_table", {"TableName": stage.outputs("data")["WorkoutsTableName"]}),
        ("kms", "disable_key", {"KeyId": stage.outputs("platform")["KeyArn"]}),
        ("sqs", "create_queue", {"QueueName": name}),
        ("sts", "assume_role", {"RoleArn": arn, "RoleSessionName": "again"}),
    ]
    with probe(arn) as acting:
        assert queried(acting, stage) == "allowed"
        outcomes = {
            f"{service}.{call}": acting.outcome(service, call, given) for service, call, given in beyond
        }
    assert {call: said for call, said in outcomes.items() if said not in DENIED} == {}
    proof("3 a role that is granted everything stays within its boundary", f"{len(beyond)} calls denied")


def test_the_service_control_policy_stops_attacks_and_no_work(stage: Stage, proof: Proof) -> None:
    text = (NOTES / "scp.md").read_text(encoding="utf-8")
    policy = json.loads(text.partition("```json\n")[2].partition("```")[0])
    iam = boto3.client("iam")
    every, own = document({"Effect": "Allow", "Action": "*", "Resource": "*"}), json.dumps(policy)
    for action, resource in ATTACKS.items():
        said = iam.simulate_custom_policy(
            PolicyInputList=[every, own], ActionNames=[action], ResourceArns=[resource]
        )
        assert decisions(said) == {action: "explicitDeny"}
    contract = Contract.of(ROOT)
    ids = deployed.physical_ids(stage.name, contract.stacks)
    found, stacks = deployed.roles(contract.roles, ids), {name.partition(".")[0] for name in ids}
    kept = 0
    for name, role in found.items():
        for grant in contract.roles[name].grants:
            granted = role.pattern(grant)
            if granted is None:
                assert grant.stack not in stacks
                continue
            said = iam.simulate_custom_policy(
                PolicyInputList=[every, own], ActionNames=[grant.action], ResourceArns=[granted]
            )
            assert decisions(said) == {grant.action: "allowed"}, f"{name}: {grant.action} on {granted}"
            kept += 1
    assert kept
    proof(
        "3 the service control policy stops attacks and no grant of a role",
        f"{len(ATTACKS)} attacks denied, {kept} grants untouched",
    )
