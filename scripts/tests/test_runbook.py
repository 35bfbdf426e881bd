"""The runbook on dead-letter queues speaks of every such queue, and its calls are ones that redrive takes."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import redrive
from redriving.queues import LAST_QUEUES

from deploy import templates

ROOT = Path(__file__).resolve().parents[2]
RUNBOOK = (ROOT / "notes" / "runbook-queue.md").read_text(encoding="utf-8")


def test_every_queue_that_keeps_failures_has_a_row_and_no_other() -> None:
    there = {
        f"{template.stack}.{name}"
        for template in templates.discover(ROOT)
        for name, resource in template.resources.items()
        if resource["Type"] == "AWS::SQS::Queue" and name.endswith(LAST_QUEUES)
    }
    assert there
    assert set(re.findall(r"^\| `(\w+\.\w+)` \|", RUNBOOK, re.MULTILINE)) == there


@pytest.mark.parametrize("line", re.findall(r"^\$ redrive (.*)$", RUNBOOK, re.MULTILINE))
def test_a_call_in_it_is_one_that_redrive_takes(line: str) -> None:
    assert redrive._parser().parse_args(shlex.split(line)).command
