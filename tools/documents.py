"""What documents say about the repository: links lead somewhere, named files and scripts exist."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath

_LINK = re.compile(r"\]\((?P<target>[^)\s#:]+)(?:#[^)]*)?\)")
_PATH = re.compile(
    r"(?<![\w/.<>-])(?:infra|notes|pipeline|scripts|services|shared|tools)/(?P<rest>[\w.-][\w./-]*)(?![\w<*{])"
)
_SCRIPT = re.compile(r"-s script -- (?P<name>\w+)")


def broken(place: PurePosixPath, text: str, tracked: Iterable[str]) -> Iterable[tuple[int, str]]:
    """Return ``(line, sentence)`` for what the document at ``place`` names and ``tracked`` does not have."""
    files = set(tracked)
    known = files | {parent.as_posix() for name in files for parent in PurePosixPath(name).parents}
    for number, line in enumerate(text.splitlines(), 1):
        for link in _LINK.finditer(line):
            if _normal(place.parent / link["target"]) not in known:
                yield number, f"the link {link['target']} leads nowhere"
        for path in _PATH.finditer(line):
            named = path[0].rstrip("./")
            if named not in known and (place.parent / named).as_posix() not in known:
                yield number, f"there is no {named}"
        for script in _SCRIPT.finditer(line):
            if f"scripts/{script['name']}.py" not in known:
                yield number, f"scripts/ has no {script['name']}.py"


def check(place: Path, root: Path, tracked: Iterable[Path]) -> Callable[[str], Iterable[tuple[int, str]]]:
    """Return :func:`broken` for the document at ``place``, relative to ``root``, as a check of its text."""
    names = [path.relative_to(root).as_posix() for path in tracked]
    return lambda text: broken(PurePosixPath(place.as_posix()), text, names)


def _normal(path: PurePosixPath) -> str:
    parts: list[str] = []
    for part in path.parts:
        if part == "..":
            del parts[-1:]
        else:
            parts.append(part)
    return "/".join(parts) or "."
