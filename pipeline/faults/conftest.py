"""Runs every chosen consumer under every chosen fault, and prints a table of what came of it.

`WOTR_STAGE` names the stage; credentials and endpoint are the environment's, which must be a local cloud.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
from abreast import Abreast
from analytics_consumers import Collect, DailySummary, Project, Transform
from consumer import Consumer, World
from enrolment_consumer import Enrol
from runs import FAULTS, Outcome
from sessions_consumers import SessionLoad, StartWorkflow
from table import table
from workers_consumers import ImportCsv, PrLog, Publish, Records, Write

from stage_client import Stage

CONSUMERS: tuple[type[Consumer], ...] = (
    Write,
    ImportCsv,
    Records,
    PrLog,
    Enrol,
    Publish,
    StartWorkflow,
    SessionLoad,
    Project,
    Transform,
    Collect,
    DailySummary,
)
_OUTCOMES = pytest.StashKey[list[Outcome]]()
Await = Callable[[str, str], Outcome]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if {"consumer", "fault"} <= set(metafunc.fixturenames):
        metafunc.parametrize("consumer", [each.name for each in CONSUMERS])
        metafunc.parametrize("fault", FAULTS)


@pytest.fixture(scope="session")
def outcome(request: pytest.FixtureRequest) -> Iterator[Await]:
    """What came of a consumer under a fault, once it has; all that is chosen runs meanwhile."""
    kinds = {kind.name: kind for kind in CONSUMERS}
    chosen: dict[type[Consumer], list[str]] = {}
    for item in request.session.items:
        parameters: dict[str, str] = getattr(getattr(item, "callspec", None), "params", {})
        if "fault" in parameters:
            chosen.setdefault(kinds[parameters["consumer"]], []).append(parameters["fault"])
    running = Abreast(World(Stage(os.environ.get("WOTR_STAGE", "dev"))), chosen)
    request.config.stash[_OUTCOMES] = running.outcomes

    def awaited(consumer: str, fault: str) -> Outcome:
        try:
            return running.outcome(consumer, fault)
        except Exception as error:  # noqa: BLE001 - the traceback is another thread's
            pytest.fail(f"{type(error).__name__}: {error}", pytrace=False)

    yield awaited
    running.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    outcomes = config.stash.get(_OUTCOMES, [])
    if outcomes:
        terminalreporter.write_line("")
        for line in table(outcomes, [each.name for each in CONSUMERS]):
            terminalreporter.write_line(line)
