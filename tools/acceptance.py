"""``notes/acceptance.md``: every promise of the platform and the tests that prove it.

The table has the columns ``id | promise | delivered | tests``; delivered is ``yes``, ``partly`` or ``later``;
tests are ``path::name`` or ``path::Class::name``, separated by spaces or ``<br>``.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

DELIVERED = ("yes", "partly", "later")
_ROW = re.compile(r"^\|\s*(?P<id>[A-Z]\d+)\s*\|")


@dataclass(frozen=True)
class Promise:
    """One row of the table."""

    id: str
    text: str
    delivered: str
    tests: tuple[str, ...]


def findings(root: Path) -> list[str]:
    """Return what is wrong with the note of the project at ``root``, one sentence each."""
    note = root / "notes" / "acceptance.md"
    if not note.is_file():
        return ["notes/acceptance.md is missing: it maps each promise to the tests that prove it"]
    try:
        promises = read(note.read_text(encoding="utf-8"))
    except ValueError as error:
        return [f"notes/acceptance.md: {error}"]
    found = [] if promises else ["notes/acceptance.md: it has no row | id | promise | delivered | tests |"]
    ids = [promise.id for promise in promises]
    twice = sorted({name for name in ids if ids.count(name) > 1})
    found += [f"notes/acceptance.md: {name} stands there twice" for name in twice]
    for promise in promises:
        where = f"notes/acceptance.md, {promise.id}"
        if promise.delivered not in DELIVERED:
            found.append(f"{where}: delivered is {promise.delivered!r}, not one of {', '.join(DELIVERED)}")
        if promise.delivered in ("yes", "partly") and not promise.tests:
            found.append(f"{where}: delivered, but no test is named for it")
        found += [f"{where}: there is no test {test}" for test in promise.tests if not exists(root, test)]
    return found


def read(text: str) -> list[Promise]:
    """Return the rows of the table in ``text``; raises ValueError for a row that has not four cells."""
    promises = []
    for line in text.splitlines():
        if _ROW.match(line):
            cells = [cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split("|")]
            if len(cells) != 4:
                raise ValueError(f"a row has four cells, this one {len(cells)}: {line}")
            tests = re.sub(r"<br\s*/?>|`|,", " ", cells[3]).split()
            promises.append(Promise(cells[0], cells[1], cells[2], tuple(tests)))
    return promises


def exists(root: Path, test: str) -> bool:
    """Tell whether ``path::name`` (parameters in brackets ignored) is a test function below ``root``."""
    path, *names = test.partition("[")[0].split("::")
    file = root / path
    if not names or not file.is_file() or file.suffix != ".py":
        return False
    body: list[ast.stmt] = ast.parse(file.read_text(encoding="utf-8")).body
    for name in names[:-1]:
        classes = [node for node in body if isinstance(node, ast.ClassDef) and node.name == name]
        body = classes[0].body if classes else []
    functions = (node.name for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return names[-1].startswith("test") and names[-1] in functions
