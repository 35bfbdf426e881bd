"""The proof of the delivery path: a clone, its remote, pipelines, and somebody who calls prod meanwhile.

``-s pipeline -- --scenario`` starts a local cloud with both stages and all pipelines, and says in
``WOTR_SCRATCH`` where the clone is.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from carried import Delivery
from client import Client
from repository import Scratch

from stage_client import Stage


@dataclass
class Rows:
    """What the scenario shows at its end, a row each."""

    shown: list[tuple[str, str, str, str, float]] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def add(self, change: str, happened: str, *, failed: str = "", restored: str = "") -> None:
        """Note a row; its time is what passed since the last."""
        now = time.monotonic()
        self.shown.append((change, happened, failed, restored, now - self.began))
        self.began = now


ROWS = Rows()


@pytest.fixture(scope="session")
def rows() -> Rows:
    return ROWS


@pytest.fixture(scope="session")
def scratch() -> Scratch:
    return Scratch(Path(os.environ["WOTR_SCRATCH"]))


@pytest.fixture(scope="session")
def delivery() -> Delivery:
    return Delivery()


@pytest.fixture(scope="session")
def client() -> Client:
    return Client(Stage("prod"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The table: what was pushed, what happened, what callers felt."""
    if not ROWS.shown:
        return
    lines = [("change pushed", "what happened", "failed calls", "restored in", "seconds")]
    lines += [(*row[:4], f"{row[4]:.0f}") for row in ROWS.shown]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    terminalreporter.write_line("")
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        terminalreporter.write_line("  ".join(cells).rstrip())
