"""Both directions of the comparison, and the note, on a small stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.errors import DeployError
from privileges import note, review
from privileges.contract import Contract, keep, kept
from privileges.deployed import Call, Deployed, Statement

PLATFORM = """
Resources:
  Key: {Type: AWS::KMS::Key, Properties: {}}
Outputs:
  KeyArn: {Value: !GetAtt Key.Arn, Export: {Name: !Sub "${AWS::StackName}-KeyArn"}}
"""
SERVICE = """
Globals: {Function: {Tracing: Active}}
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties: {KmsMasterKeyId: {Fn::ImportValue: !Sub "wotr-platform-${Stage}-KeyArn"}}
  Table: {Type: AWS::DynamoDB::Table, Properties: {}}
  LogGroup: {Type: AWS::Logs::LogGroup, Properties: {}}
  Function:
    Type: AWS::Serverless::Function
    Properties:
      Handler: toy.handler
      Role: !GetAtt Role.Arn
      LoggingConfig: {LogGroup: !Ref LogGroup}
      Events: {Messages: {Type: SQS, Properties: {Queue: !GetAtt Queue.Arn}}}
  Role:
    Type: AWS::IAM::Role
    Metadata: {wotr: {unused: {}}}
    Properties:
      AssumeRolePolicyDocument: {Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}}]}
      Policies:
        - PolicyDocument:
            Statement:
              - Sid: Take
                Effect: Allow
                Action: [sqs:ReceiveMessage, sqs:DeleteMessage, sqs:GetQueueAttributes]
                Resource: !GetAtt Queue.Arn
              - Sid: Write
                Effect: Allow
                Action: [dynamodb:PutItem, dynamodb:DeleteItem]
                Resource: !Sub ${Table.Arn}
              - Sid: Decrypt
                Effect: Allow
                Action: kms:Decrypt
                Resource: {Fn::ImportValue: !Sub "wotr-platform-${Stage}-KeyArn"}
              - Sid: Trace
                Effect: Allow
                Action: [xray:PutTelemetryRecords, xray:PutTraceSegments]
                Resource: "*"
              - Sid: Log
                Effect: Allow
                Action: [logs:CreateLogStream, logs:PutLogEvents]
                Resource: !GetAtt LogGroup.Arn
"""
TABLE = "arn:aws:dynamodb:eu-central-1:111122223333:table/wotr-toy-dev-Table-X"
ARNS = {
    "Take": "arn:aws:sqs:eu-central-1:111122223333:wotr-toy-dev-Queue-X",
    "Write": TABLE,
    "Decrypt": "arn:aws:kms:eu-central-1:111122223333:key/x",
    "Trace": "*",
    "Log": "arn:aws:logs:eu-central-1:111122223333:log-group:x",
}
ANYTHING = Statement("All", allows=True, actions=("*",), resources=("*",), conditional=False)
PUT = Call("role-x", "function-x", "dynamodb:PutItem", TABLE, "Allow", frozenset({"e2e"}))
DELETE = replace(PUT, action="dynamodb:DeleteItem")
SCAN = replace(PUT, action="dynamodb:Scan", decision="ImplicitDeny")


def contract(root: Path, *changes: tuple[str, str]) -> Contract:
    text = SERVICE
    for before, after in changes:
        assert before in text
        text = text.replace(before, after, 1)
    for path, body in (
        ("infra/platform.yml", PLATFORM),
        ("services/toy/template.yml", text),
        ("pipeline/bootstrap.yml", "Resources: {}"),
    ):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(body, encoding="utf-8")
    return Contract.of(root)


def deployed(
    made: Contract, boundary: Sequence[Statement] = (ANYTHING,), without: str = ""
) -> dict[str, Deployed]:
    """The role as deployed from ``made``, without the statement of that Sid."""
    statements: dict[str, list[str]] = {}
    for grant in made.roles["toy.Role"].grants:
        statements.setdefault(grant.sid, []).append(grant.action)
    return {
        "toy.Role": Deployed(
            "role-x",
            tuple(
                Statement(sid, allows=True, actions=tuple(actions), resources=(ARNS[sid],), conditional=False)
                for sid, actions in statements.items()
                if sid != without
            ),
            tuple(boundary),
        )
    }


def excess(made: Contract, calls: Sequence[Call]) -> list[str]:
    used = review.uses(made.roles, deployed(made), calls)
    return review.excess(made.roles, review.rows(made.roles, made.needs, used))


def missing(made: Contract, calls: Sequence[Call] = (), **role: object) -> list[str]:
    there = deployed(made, **role)  # type: ignore[arg-type]
    return review.missing(made.roles, made.needs, there, calls, workers={"function-x"}, stacks={"toy"})


def test_a_role_that_does_what_it_may_has_nothing_too_much_or_too_little(tmp_path: Path) -> None:
    made = contract(tmp_path)
    assert excess(made, [PUT, DELETE]) == []
    assert missing(made, [PUT, DELETE]) == []
    assert made.roles["toy.Role"].holder == "toy.Function"


def test_a_grant_that_nobody_uses_is_too_much(tmp_path: Path) -> None:
    (said,) = excess(contract(tmp_path), [PUT])
    assert "toy.Role may dynamodb:DeleteItem on toy.Table (Write) and never did" in said


def test_what_a_probe_does_with_a_role_is_no_evidence(tmp_path: Path) -> None:
    probe = replace(DELETE, session="wotr-probe-1")
    assert len(excess(contract(tmp_path), [PUT, probe])) == 1
    denied = replace(SCAN, session="wotr-probe-1")
    assert missing(contract(tmp_path), [denied]) == []


def test_a_denied_call_counts_as_none(tmp_path: Path) -> None:
    denied = replace(DELETE, decision="ImplicitDeny")
    assert len(excess(contract(tmp_path), [PUT, denied])) == 1


@pytest.mark.parametrize("key", ["Write", "dynamodb:DeleteItem"])
def test_a_written_reason_excuses_what_is_unused_and_nothing_else(tmp_path: Path, key: str) -> None:
    made = contract(tmp_path, ("unused: {}", f'unused: {{"{key}": only a restore deletes}}'))
    calls = [] if key == "Write" else [PUT]
    assert excess(made, calls) == []
    (said,) = excess(made, [PUT, DELETE])
    assert "is excepted as unused, and dynamodb:" in said


def test_a_reason_for_no_statement_is_dropped(tmp_path: Path) -> None:
    made = contract(tmp_path, ("unused: {}", "unused: {Gone: it was there once}"))
    (said,) = excess(made, [PUT, DELETE])
    assert "Gone is excepted as unused, and no statement has it" in said


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            ("Events: {Messages: {Type: SQS, Properties: {Queue: !GetAtt Queue.Arn}}}", ""),
            "sqs:ReceiveMessage",
        ),
        (('{KmsMasterKeyId: {Fn::ImportValue: !Sub "wotr-platform-${Stage}-KeyArn"}}', "{}"), "kms:Decrypt"),
        (("Tracing: Active", "Tracing: PassThrough"), "xray:PutTraceSegments"),
    ],
    ids=["no queue behind it", "nothing encrypted", "no traces"],
)
def test_what_a_service_does_has_to_follow_from_the_template(
    tmp_path: Path, change: tuple[str, str], said: str
) -> None:
    found = excess(contract(tmp_path, change), [PUT, DELETE])
    assert any(f"may {said} on" in sentence for sentence in found)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("sqs:ReceiveMessage, ", ""), "lacks sqs:ReceiveMessage on toy.Queue: Lambda polls the queue"),
        (("Action: kms:Decrypt", "Action: kms:Encrypt"), "lacks kms:Decrypt on platform.Key"),
        (("logs:PutLogEvents]", "logs:GetLogEvents]"), "lacks logs:PutLogEvents on toy.LogGroup"),
    ],
)
def test_what_a_service_has_to_do_and_may_not_is_missing(
    tmp_path: Path, change: tuple[str, str], said: str
) -> None:
    assert any(said in sentence for sentence in missing(contract(tmp_path, change)))


def test_what_a_stack_on_request_allowed_while_it_was_there_is_not_missing(tmp_path: Path) -> None:
    made = contract(tmp_path)
    there = deployed(made, without="Write")

    def said(*stacks: str) -> list[str]:
        return review.missing(made.roles, made.needs, there, [PUT], workers={"function-x"}, stacks=stacks)

    assert any("which no statement of it grants" in each for each in said("toy"))
    assert said() == []
    scanned = replace(SCAN, decision="Allow")
    there = deployed(made)
    (other,) = review.missing(made.roles, made.needs, there, [scanned], workers={"function-x"}, stacks=())
    assert "dynamodb:Scan" in other


def test_a_denied_call_of_a_function_is_missing(tmp_path: Path) -> None:
    (said,) = missing(contract(tmp_path), [SCAN])
    assert said == f"toy.Role was denied dynamodb:Scan on {TABLE} (e2e)"


def test_what_a_test_forbids_for_a_while_is_not_missing_unless_the_role_lacks_it_anyway(
    tmp_path: Path,
) -> None:
    forbidden = [replace(call, decision="Deny") for call in (PUT, SCAN)]
    (said,) = missing(contract(tmp_path), forbidden)
    assert "was denied dynamodb:Scan" in said


def test_a_call_that_only_somebody_else_lets_happen_is_missing(tmp_path: Path) -> None:
    (said,) = missing(contract(tmp_path), [replace(SCAN, decision="Allow")])
    assert "which no statement of it grants" in said


def test_what_is_deployed_is_compared_and_not_only_the_template(tmp_path: Path) -> None:
    said = missing(contract(tmp_path), without="Log")
    assert [sentence.split(" as ")[0] for sentence in said] == ["toy.Role", "toy.Role"]


def test_what_is_deployed_on_request_only_may_be_absent(tmp_path: Path) -> None:
    made = contract(tmp_path)
    there = deployed(made, without="Log")
    assert review.missing(made.roles, made.needs, there, [], workers=set(), stacks={"platform"}) == []


def test_a_grant_beyond_the_boundary_and_a_role_without_one_are_said(tmp_path: Path) -> None:
    logs = Statement("Never", allows=False, actions=("logs:*",), resources=("*",), conditional=False)
    said = missing(contract(tmp_path), boundary=[ANYTHING, logs])
    assert len(said) == 2
    assert all("its boundary does not let it logs:" in sentence for sentence in said)
    assert missing(contract(tmp_path), boundary=[]) == ["toy.Role has no permissions boundary"]


def test_two_statements_that_grant_the_same_are_refused(tmp_path: Path) -> None:
    again = "- {Sid: Again, Effect: Allow, Action: dynamodb:PutItem, Resource: !GetAtt Table.Arn}"
    with pytest.raises(DeployError, match=r"Write and Again|Again and Write"):
        contract(tmp_path, ("- Sid: Take", f"{again}\n              - Sid: Take"))


def test_the_note_is_written_from_kept_evidence_and_stale_once_a_grant_changes(tmp_path: Path) -> None:
    made = contract(tmp_path)
    (tmp_path / "notes").mkdir()
    assert kept(made.roles, tmp_path) == {}
    keep(review.uses(made.roles, deployed(made), [PUT]), tmp_path)
    later = replace(DELETE, suites=frozenset({"faults", "e2e"}))
    keep(review.uses(made.roles, deployed(made), [later]), tmp_path)
    text = note.render(made.roles, review.rows(made.roles, made.needs, kept(made.roles, tmp_path)))
    (tmp_path / note.NOTE).write_text(text, encoding="utf-8")
    assert "| Write | dynamodb:PutItem | `toy.Table` | called in e2e |" in text
    assert "| Write | dynamodb:DeleteItem | `toy.Table` | called in e2e, faults |" in text
    assert "## toy.Function (`toy.Role`)" in text
    assert note.check(made.roles, made.needs, tmp_path) == 10

    wider = contract(tmp_path, ("[dynamodb:PutItem, ", "[dynamodb:PutItem, dynamodb:Scan, "))
    with pytest.raises(DeployError, match=r"no evidence that dynamodb:Scan on toy.Table for toy.Role"):
        note.check(wider.roles, wider.needs, tmp_path)
    narrower = contract(tmp_path, ("[dynamodb:PutItem, dynamodb:DeleteItem]", "dynamodb:PutItem"))
    with pytest.raises(DeployError, match="is not what the templates say"):
        note.check(narrower.roles, narrower.needs, tmp_path)


def test_a_grant_without_evidence_cannot_be_noted(tmp_path: Path) -> None:
    made = contract(tmp_path)
    with pytest.raises(DeployError, match="no suite was seen to use"):
        note.render(made.roles, review.rows(made.roles, made.needs, {}))
