"""Proofs of what SECURITY.md says. Each prints a line: a statement, and a figure that was just measured."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Proof = Callable[[str, str], None]
_LINES: list[tuple[str, str]] = []


@pytest.fixture
def proof() -> Proof:
    """Call it at the end of a test, when its statement was seen to hold: `proof(statement, figure)`."""
    return lambda statement, figure: _LINES.append((statement, figure))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What each role may do is compared last, with what all the others made it do."""
    items.sort(key=lambda item: item.path.name == "test_privilege.py")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The lines, in the order of their statements."""
    width = max((len(statement) for statement, _ in _LINES), default=0)
    for statement, figure in sorted(_LINES):
        terminalreporter.write_line(f"{statement:<{width}}  {figure}")
