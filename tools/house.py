"""Rules of the repository that no published linter knows.

Each check takes the text of one file and gives ``(line, sentence)`` pairs.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from tools import acceptance, documents
from tools.shell import tracked

Breaches = Iterable[tuple[int, str]]

KEYS = Path("shared/src/wotr_common/keys.py")
_ADDRESS = re.compile(r"\w+://|^\s*(?:--(?:extra-)?index-url|--find-links|-f|-i)\b")
_HOME = re.compile(r"(?<![\w.*/-])/(?:home|Users|root)/[\w.-]+")
_SESSION = re.compile(r"noxfile\.py (?:-s|--session) ([\w-]+)")


def findings(root: Path) -> list[str]:
    """Return every breach in the project at ``root``, one sentence each with its place."""
    names = sessions((root / "noxfile.py").read_text(encoding="utf-8"))
    prefixes = (
        key_prefixes((root / KEYS).read_text(encoding="utf-8")) if (root / KEYS).is_file() else frozenset()
    )
    found = []
    files = tracked()
    for path in files:
        place = path.relative_to(root)
        checks = _checks(place, root, names, prefixes)
        if place.suffix == ".md":
            checks.append(documents.check(place, root, files))
        for check in checks:
            found += [f"{place}:{line}: {sentence}" for line, sentence in check(_text(path))]
    return found + acceptance.findings(root)


def addresses(text: str) -> Breaches:
    """A lock or its input names versions and hashes only: where they come from is each machine's business."""
    for number, line in enumerate(text.splitlines(), 1):
        if _ADDRESS.search(line.partition(" #")[0]):
            yield (
                number,
                "an address or index option; write name==version and configure the index outside",
            )


def machine_paths(text: str, root: Path) -> Breaches:
    """No file knows where somebody's clone or home directory is."""
    here = [f"{path}/" for path in (root, root.parent, Path.home()) if len(path.parts) > 1]
    for number, line in enumerate(text.splitlines(), 1):
        match = _HOME.search(line)
        seen = match[0] if match else next((path for path in here if path in line), None)
        if seen:
            yield number, f"{seen} is a path of one machine; write it relative to the project"


def unknown_sessions(text: str, known: frozenset[str]) -> Breaches:
    """A command that a document shows can be run."""
    for number, line in enumerate(text.splitlines(), 1):
        for name in _SESSION.findall(line):
            if name not in known and name != "NAME":
                yield number, f"noxfile.py has no session {name!r}; it has {', '.join(sorted(known))}"


def key_literals(text: str, prefixes: frozenset[str]) -> Breaches:
    """Only ``wotr_common.keys`` spells the table's keys; docstrings may speak of them."""
    if not any(prefix in text for prefix in prefixes):
        return
    tree = ast.parse(text)
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            for prefix in sorted(prefixes):
                if re.search(rf"(?<!\w){re.escape(prefix)}", node.value):
                    yield node.lineno, f"{prefix!r} is a key of the table; take it from wotr_common.keys"


def key_prefixes(text: str) -> frozenset[str]:
    """Return the key prefixes that the source of ``wotr_common.keys`` spells, e.g. ``USER#``."""
    strings = (node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant))
    found = (re.match(r"[A-Z][A-Z_]*#", string) for string in strings if isinstance(string, str))
    return frozenset(match[0] for match in found if match)


def sessions(noxfile: str) -> frozenset[str]:
    """Return the names of the sessions in the source of a noxfile: the functions decorated ``@command``."""
    functions = [node for node in ast.parse(noxfile).body if isinstance(node, ast.FunctionDef)]
    return frozenset(
        node.name for node in functions if any(ast.unparse(mark) == "command" for mark in node.decorator_list)
    )


def _checks(
    place: Path, root: Path, names: frozenset[str], prefixes: frozenset[str]
) -> list[Callable[[str], Breaches]]:
    """Return the checks that hold for the file at ``place`` (relative to ``root``)."""
    chosen: list[Callable[[str], Breaches]] = [lambda text: machine_paths(text, root)]
    if place.suffix in {".lock", ".in"}:
        chosen.append(addresses)
    if place.suffix == ".md":
        chosen.append(lambda text: unknown_sessions(text, names))
    if place.suffix == ".py" and place != KEYS and not {"tests", "e2e"} & {*place.parts}:
        chosen.append(lambda text: key_literals(text, prefixes))
    return chosen


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")
