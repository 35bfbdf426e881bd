"""What pipelines ask of a stage: which tests, what a change set says, when traffic ends."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from checks import changes, exports, suites, traffic
from checks.changes import ChangeSet
from deploy.changesets import Change
from stage_client import StageError

NOW = datetime(2026, 11, 25, tzinfo=UTC)
FUNCTION = "AWS::Lambda::Function"


def test_every_test_that_verifies_a_deployable_is_there() -> None:
    named = {test.partition("[")[0] for tests in suites.CONCERNS.values() for test in tests}
    for test in {*named, *suites.SMOKE}:
        file, _, name = test.partition("::")
        text = (suites.PIPELINE / file).read_text(encoding="utf-8")
        assert not name or f"def {name}(" in text, test


def test_whatever_is_deployed_is_asked_whether_the_stage_still_serves() -> None:
    assert suites.verifying("audit") == suites.SMOKE
    assert set(suites.SMOKE) < set(suites.verifying("api"))


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("....\n4 passed, 1 warning in 3.21s\n", "4 passed in 12 s"),
        ("F.\n1 failed, 30 passed, 2 skipped in 3.21s (0:00:03)", "1 failed, 30 passed, 2 skipped in 12 s"),
        ("ERROR: not found", "nothing ran in 12 s"),
    ],
)
def test_results_are_few_words(output: str, said: str) -> None:
    assert suites.counted(output, 12.3) == said


def test_an_approver_reads_what_changes_and_what_is_replaced() -> None:
    found = ChangeSet(
        "one",
        True,
        (
            Change("QueryFunction", FUNCTION, "Modify", False),
            Change("Table", "AWS::DynamoDB::Table", "Modify", True),
            Change("Old", FUNCTION, "Remove", False),
            Change("QueryFunctionVersion1", "AWS::Lambda::Version", "Remove", True),
        ),
    )
    assert changes.sentence(found) == "1 Remove: Old; 2 Modify: QueryFunction, Table; replaced: Table"
    assert changes.lines(found)[0].split() == ["replaces", "AWS::DynamoDB::Table", "Table"]
    assert changes.sentence(ChangeSet("one", False, ())) == "no change"


def test_a_long_change_fits_into_the_approvals_text() -> None:
    many = tuple(Change(f"Resource{n:03}{'x' * 60}", FUNCTION, "Add", True) for n in range(100))
    said = changes.sentence(ChangeSet("one", True, many))
    assert len(said) <= changes.LIMIT
    assert said.startswith("100 Add: Resource000")


def test_an_exported_value_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "exports"
    exports.write(file, {"RESULTS": "31 passed\nin 12 s; it's $HOME", "CALLS": "7"})
    assert file.read_text(encoding="utf-8") == "RESULTS=31 passed in 12 s; it's $HOME\nCALLS=7\n"


class Stack:
    """A stack and its change set as CloudFormation tells of them, one look after another."""

    def __init__(self) -> None:
        self.client = boto3.client("cloudformation", region_name="eu-central-1")
        self.stub = Stubber(self.client)
        self.stub.activate()

    def status(self, status: Any) -> None:
        stack = {"StackName": "wotr-api-prod", "CreationTime": NOW, "StackStatus": status}
        self.stub.add_response("describe_stacks", {"Stacks": [stack]})

    def change_set(
        self, execution: Any = "AVAILABLE", status: Any = "CREATE_COMPLETE", reason: str = ""
    ) -> None:
        self.stub.add_response(
            "describe_change_set",
            {"ChangeSetName": "one", "Status": status, "StatusReason": reason, "ExecutionStatus": execution},
        )

    def gone(self) -> None:
        self.stub.add_client_error("describe_change_set", "ChangeSetNotFound")

    def phases(self, clock: Iterator[float] | None = None) -> Iterator[str]:
        told = clock or itertools.repeat(0.0)
        return traffic.watch("wotr-api-prod", "one", self.client, lambda: next(told))


def test_traffic_lasts_as_long_as_the_update() -> None:
    stack = Stack()
    stack.status("UPDATE_COMPLETE")
    stack.change_set()
    stack.status("UPDATE_IN_PROGRESS")
    stack.status("UPDATE_ROLLBACK_IN_PROGRESS")
    stack.status("UPDATE_ROLLBACK_COMPLETE")
    assert list(stack.phases()) == ["before", "during", "during", "after"]


def test_an_update_that_nobody_saw_is_over_when_its_change_set_is_gone() -> None:
    stack = Stack()
    stack.status("UPDATE_COMPLETE")
    stack.gone()
    assert list(stack.phases()) == ["after"]


def test_an_empty_change_set_brings_no_update_to_wait_for() -> None:
    stack = Stack()
    stack.status("UPDATE_COMPLETE")
    stack.change_set("UNAVAILABLE", "FAILED", "The submitted information didn't contain changes.")
    assert list(stack.phases()) == ["after"]


def test_an_update_that_never_begins_is_not_waited_for_without_end() -> None:
    stack = Stack()
    stack.status("UPDATE_COMPLETE")
    stack.change_set()
    stack.status("UPDATE_COMPLETE")
    assert list(stack.phases(iter([0.0, 1.0, traffic.PATIENCE_S + 1]))) == ["before", "after"]


def test_a_change_set_that_failed_for_another_reason_is_told() -> None:
    stack = Stack()
    stack.change_set("UNAVAILABLE", "FAILED", "Template error")
    with pytest.raises(StageError, match="change set one of wotr-api-prod failed: Template error"):
        changes.of("wotr-api-prod", "one", stack.client)


def test_calls_without_an_answer_and_of_a_failing_server_are_failed() -> None:
    sent = traffic.Sent()
    for status in (200, 202, 404, 429, 500, 503, 0):
        sent.note(status)
    assert (sent.calls, sent.failed) == (7, 3)
    assert sent.answers["no answer"] == 1
