"""Which functions make which events, read from their code: what a handler reaches, and what that names."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path

from deploy.templates import Template

CONTRACTS = "wotr_common.events"


def emitted(template: Template, logical_id: str, events: Iterable[str]) -> list[str]:
    """Those of `events` that the code of a service's function makes.

    wotr-common has a function for each event, `workout_created` for `workout.created`; a module that imports
    it makes the event.
    """
    handler = next(each.handler for each in template.functions if each.logical_id == logical_id)
    if template.service is None:
        return []
    named = _named(template.service / "src", handler.rpartition(".")[0])
    return [event for event in events if event.replace(".", "_") in named]


def _named(source: Path, module: str) -> set[str]:
    """What a module and all that it imports of its own package import from the contracts."""
    package = module.partition(".")[0]
    found: set[str] = set()
    upcoming, seen = [module], {module}
    while upcoming:
        for origin, names in _imports(source, upcoming.pop()):
            if origin == CONTRACTS:
                found |= names
            if origin.partition(".")[0] == package:
                reached = {origin, *(f"{origin}.{name}" for name in names)} - seen
                seen |= reached
                upcoming += sorted(reached)
    return found


def _imports(source: Path, module: str) -> list[tuple[str, set[str]]]:
    """Each `from origin import names` of a module; none where the name is no module."""
    base = source.joinpath(*module.split("."))
    path = next((each for each in (base.with_suffix(".py"), base / "__init__.py") if each.is_file()), None)
    if path is None:
        return []
    return [
        (node.module, {alias.name for alias in node.names})
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module
    ]
