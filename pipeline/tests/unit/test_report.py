from __future__ import annotations

import io
import json
from pathlib import Path

from rich.console import Console

from deploy import report, run
from deploy.changesets import Change, Event
from deploy.run import StackResult

CHANGE = Change("Queue", "AWS::SQS::Queue", "Add", replaced=False)
DATA = StackResult("data", "wotr-data-dev", "created", (CHANGE, CHANGE), 1.25)


def test_a_pipe_gets_plain_lines() -> None:
    text = io.StringIO()
    with report.Progress(Console(file=text, width=20), ["data", "api"]) as progress:
        progress.watch("data", Event("Queue", "AWS::SQS::Queue", "CREATE_IN_PROGRESS", ""))
        progress.watch("data", Event("Queue", "AWS::SQS::Queue", "CREATE_FAILED", "no such key"))
        progress.ended(DATA)
    assert text.getvalue().splitlines() == [
        "data: deploying",
        "data: Queue CREATE_FAILED: no such key",
        "data: created, 2 resources, 1.2 s",
    ]


def test_a_terminal_gets_a_row_for_each_stack() -> None:
    text = io.StringIO()
    console = Console(file=text, force_terminal=True, width=80)
    with report.Progress(console, ["data", "api"]) as progress:
        progress.ended(DATA)
    shown = text.getvalue()
    assert all(word in shown for word in ("data", "created", "2 resources", "api", "waiting"))


def test_the_reason_of_several_failures_is_shown_once_and_a_next_step_at_the_end() -> None:
    text = io.StringIO()
    results = tuple(StackResult(name, name, "failed", reason="the lock is stale") for name in ("a", "b"))
    report.summary(Console(file=text, width=20), run.Deployment("dev", results, 1.0))
    first, reason, following = text.getvalue().splitlines()
    assert first == "dev: 2 failed in 1.0 s"
    assert reason == "the lock is stale"
    assert following.startswith("Next: ")


def test_programs_get_the_outcome_as_json(tmp_path: Path) -> None:
    report.write(tmp_path / "new" / "report.json", run.Deployment("dev", (DATA,), 1.5))
    found = json.loads((tmp_path / "new" / "report.json").read_text())
    assert found["stage"] == "dev"
    assert found["stacks"][0]["action"] == "created"
    assert found["stacks"][0]["changes"][0]["logical_id"] == "Queue"
