"""Each house rule passes the good template and finds what one change to it breaks."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cfnlint.decode import decode
from cfnlint.rules import RulesCollection
from cfnlint.template import Template

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "tools" / "template_rules"
GOOD = Path(__file__).parent / "templates" / "good.yml"
Change = Callable[[dict[str, Any]], object]


def matches(change: Change = lambda _: None, filename: Path = GOOD) -> dict[str, list[str]]:
    """What the house rules say about the good template after ``change``: messages by rule id."""
    body, problems = decode(str(filename))
    assert not problems
    change(body)
    template = Template(str(filename), body, ["eu-central-1"])
    template.transform()
    rules = RulesCollection()
    rules.create_from_directory(str(RULES))
    found = {rule.id: [match.message for match in rule.match(template)] for rule in rules}
    return {rule: messages for rule, messages in found.items() if messages}


def _place(body: dict[str, Any], path: tuple[str | int, ...]) -> Any:
    """What lies at ``path``: it begins with a section, or with a resource and goes into its properties."""
    found: Any = body
    for step in path if path[0] in body else ("Resources", path[0], "Properties", *path[1:]):
        found = found[step]
    return found


def drop(*path: str | int) -> Change:
    return lambda body: _place(body, path[:-1]).pop(path[-1])


def put(*path: str | int, value: Any) -> Change:
    def change(body: dict[str, Any]) -> None:
        _place(body, path[:-1])[path[-1]] = value

    return change


def test_the_good_template_keeps_every_rule() -> None:
    assert matches() == {}


def note(**notes: Any) -> Change:
    return put("Resources", "Key", "Metadata", value={"wotr": notes})


WRITES = ("WriteRole", "Policies", 0, "PolicyDocument", "Statement", 0)
READS = ("ReadRole", "Policies", 0, "PolicyDocument", "Statement", 0)
UNUSED = ("Resources", "WriteRole", "Metadata")
A_REASON = "only a disaster makes it so"
ANYBODY = {"Effect": "Allow", "Principal": "*", "Action": "sns:Publish", "Resource": {"Ref": "Topic"}}
ALIAS = {"Ref": "WriteFunction.Alias"}
INVOKES = {"LambdaConfigurations": [{"Event": "s3:ObjectCreated:*", "Function": ALIAS}]}
PREFERENCE = ("Globals", "Function", "DeploymentPreference")
STAGES = ("Pipeline", "Stages")
PUSH = ("Pipeline", "Triggers", 0, "GitConfiguration", "Push", 0)
BUILD = {"Name": "Build", "ActionTypeId": {"Category": "Build", "Provider": "CodeBuild"}}

BREACHES: list[tuple[str, str, Change]] = [
    ("E9000", "nothing reads reasons", note(reasons={})),
    ("E9000", "is a map", note(wildcards="because")),
    ("E9000", "say in words", note(exceptions={"E9007": "ok"})),
    (
        "E9000",
        "why W1 is suppressed",
        put("Resources", "Key", "Metadata", value={"cfn_nag": {"rules_to_suppress": [{"id": "W1"}]}}),
    ),
    (
        "E9000",
        "why CKV_1 is suppressed",
        put("Resources", "Key", "Metadata", value={"checkov": {"skip": [{"id": "CKV_1", "comment": "ok"}]}}),
    ),
    ("E9001", "LoggingConfig", drop("WriteFunction", "LoggingConfig")),
    (
        "E9001",
        "of WriteFunction",
        put("ReadFunction", "LoggingConfig", "LogGroup", value={"Ref": "WriteLogGroup"}),
    ),
    ("E9001", "RetentionInDays", drop("WriteLogGroup", "RetentionInDays")),
    ("E9002", "needs Role", drop("WriteFunction", "Role")),
    (
        "E9002",
        "role of WriteFunction",
        put("ReadFunction", "Role", value={"Fn::GetAtt": ["WriteRole", "Arn"]}),
    ),
    ("E9002", "SAM ignores Policies", put("WriteFunction", "Policies", value=["AWSLambdaExecute"])),
    ("E9003", "needs AutoPublishAlias", drop("Globals", "Function", "AutoPublishAlias")),
    ("E9003", "needs AutoPublishAlias", put("WriteFunction", "AutoPublishAlias", value="other")),
    ("E9004", "needs Timeout", drop("Globals", "Function", "Timeout")),
    ("E9004", "needs MemorySize", drop("Globals", "Function", "MemorySize")),
    ("E9005", "PermissionsBoundary", drop("WriteRole", "PermissionsBoundary")),
    ("E9006", "Resource *", drop("Resources", "ReadRole", "Metadata")),
    ("E9006", "Resource *", put(*WRITES, "Resource", value=["*"])),
    ("E9006", "Action dynamodb:*", put(*WRITES, "Action", value=["dynamodb:*"])),
    ("E9006", "Action *", put(*WRITES, "Action", value="*")),
    ("E9006", "Action everything", put(*WRITES, "NotAction", value="s3:GetObject")),
    ("E9006", "Principal *", put("TopicPolicy", "PolicyDocument", "Statement", 0, value=ANYBODY)),
    ("E9006", "no wildcard in statement", put(*READS, "Resource", value={"Ref": "Topic"})),
    ("E9007", "Table", drop("Table", "SSESpecification")),
    ("E9007", "Bucket", drop("Bucket", "BucketEncryption")),
    ("E9007", "Queue", drop("Queue", "KmsMasterKeyId")),
    ("E9007", "Queue", put("Queue", "KmsMasterKeyId", value={"Ref": "AWS::NoValue"})),
    ("E9007", "Topic", drop("Topic", "KmsMasterKeyId")),
    ("E9007", "WriteLogGroup", drop("WriteLogGroup", "KmsKeyId")),
    ("E9008", "Bucket needs", drop("Resources", "BucketPolicy")),
    ("E9008", "DeadLetterQueue needs", drop("QueuePolicy", "Queues", 1)),
    ("E9008", "Topic needs", drop("TopicPolicy", "PolicyDocument", "Statement", 0, "Condition")),
    ("E9009", "Queue feeds", drop("Queue", "RedrivePolicy")),
    ("E9010", "OnFailure", drop("WriteFunction", "Events", "Stream", "Properties", "DestinationConfig")),
    ("E9011", "target of Rule", put("Rule", "Targets", 0, "Arn", value=ALIAS)),
    ("E9011", "target of Schedule", put("Schedule", "Target", "Arn", value=ALIAS)),
    ("E9011", "event Daily", drop("ReadFunction", "Events", "Daily", "Properties", "DeadLetterConfig")),
    ("E9011", "Alert invokes", drop("ReadFunction", "EventInvokeConfig")),
    ("E9011", "OnFailure", put("ReadFunction", "EventInvokeConfig", value={"MaximumRetryAttempts": 1})),
    ("E9011", "subscription", drop("Subscription", "RedrivePolicy")),
    ("E9014", "alarm with actions", drop("DeadLetterAlarm", "AlarmActions")),
    ("E9014", "call it", put("Resources", "Kept", value={"Type": "AWS::SQS::Queue"})),
    ("E9011", "Bucket invokes", put("Bucket", "NotificationConfiguration", value=INVOKES)),
    ("E9015", "a Sid", drop(*WRITES, "Sid")),
    ("E9015", "has s3:GetObject", put(*UNUSED, value={"wotr": {"unused": {"s3:GetObject": A_REASON}}})),
    ("E9015", "has NoSuchSid", note(unused={"NoSuchSid": A_REASON})),
    ("E9016", "no manual approval", put(*STAGES, 2, "Actions", 0, "RunOrder", value=2)),
    ("E9016", "no manual approval", put(*STAGES, 2, "Actions", 0, "ActionTypeId", "Provider", value="Other")),
    ("E9017", "3 builds", put(*STAGES, 1, "Actions", value=[BUILD, BUILD, BUILD])),
    ("E9018", "ExecutionMode", put("Pipeline", "ExecutionMode", value="SUPERSEDED")),
    ("E9018", "ExecutionMode", drop("Pipeline", "PipelineType")),
    ("E9018", "push trigger", drop("Pipeline", "Triggers")),
    ("E9018", "push trigger", drop(*PUSH, "FilePaths")),
    ("E9018", "9 file paths", put(*PUSH, "FilePaths", "Includes", value=[f"{n}/**" for n in range(9)])),
    ("E9019", "needs a DeploymentPreference", drop("Globals", "Function", "DeploymentPreference")),
    ("E9019", "with alarms", put(*PREFERENCE, "Alarms", value=[])),
    ("E9019", "a canary", put(*PREFERENCE, "Type", value="AllAtOnce")),
    ("E9019", "ReadFunction", put("ReadFunction", "DeploymentPreference", value={"Enabled": False})),
    ("E9012", "output QueueUrl", drop("Outputs", "QueueUrl", "Export")),
    ("E9012", "output QueueUrl", put("Outputs", "QueueUrl", "Export", "Name", value="wotr-queue")),
]


@pytest.mark.parametrize(
    ("rule", "said", "change"), BREACHES, ids=[f"{rule}-{said}" for rule, said, _ in BREACHES]
)
def test_a_breach_is_found(rule: str, said: str, change: Change) -> None:
    found = matches(change)
    assert any(said in message for message in found.get(rule, [])), found


def test_every_rule_has_a_breach_that_shows_it() -> None:
    rules = RulesCollection()
    rules.create_from_directory(str(RULES))
    assert {rule.id for rule in rules} - {rule for rule, _, _ in BREACHES} == {"E9013"}  # the test below


def test_a_template_knows_only_aws(tmp_path: Path) -> None:
    """Comments count too, so this rule reads the file."""
    template = tmp_path / "template.yml"
    template.write_text(f"# for MiniStack\n{GOOD.read_text()}")
    assert "line 1 says 'MiniStack'" in matches(filename=template)["E9013"][0]


def test_an_exception_with_its_reason_is_accepted() -> None:
    def change(body: dict[str, Any]) -> None:
        drop("WriteRole", "PermissionsBoundary")(body)
        reason = "It makes the boundary itself."
        body["Resources"]["WriteRole"]["Metadata"] = {"wotr": {"exceptions": {"E9005": reason}}}

    assert matches(change) == {}


def test_cfn_lint_runs_the_rules(tmp_path: Path) -> None:
    template = tmp_path / "template.yml"
    template.write_text(GOOD.read_text().replace("MemorySize: 256", "ReservedConcurrentExecutions: 5"))
    cfn_lint = Path(sys.executable).parent / "cfn-lint"
    done = subprocess.run(
        [cfn_lint, "--append-rules", RULES, "--", GOOD, template],
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"{template}" in done.stdout
    assert "E9004 WriteFunction needs MemorySize" in done.stdout
    assert f"{GOOD}:" not in done.stdout
