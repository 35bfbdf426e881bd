"""The runbook on bad versions: its calls are ones that delivery takes, its settings ones that stacks have."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from delivery import cli
from deploy import templates

ROOT = Path(__file__).resolve().parents[3]
RUNBOOK = (ROOT / "notes" / "runbook-rollback.md").read_text(encoding="utf-8")
CALLS = re.findall(r"^\$ (.*)$", RUNBOOK, re.MULTILINE) + re.findall(
    r"`((?:approve|reject|start|log|rollback|follow|state) [^`]*)`", RUNBOOK
)


def test_it_goes_through_looking_going_back_and_reckoning() -> None:
    assert {line.split()[0] for line in CALLS} >= {"state", "log", "rollback", "figures", "reject", "start"}


@pytest.mark.parametrize("line", CALLS)
def test_a_call_in_it_is_one_that_delivery_takes(line: str) -> None:
    assert cli.parser().parse_args(shlex.split(line)).command


def test_what_it_sets_by_hand_is_a_parameter() -> None:
    settings = re.findall(r"--set (\w+)\.(\w+)=", RUNBOOK)
    assert settings
    parameters = {template.stack: template.parameters for template in templates.discover(ROOT)}
    assert [f"{stack}.{name}" for stack, name in settings if name not in parameters[stack]] == []
