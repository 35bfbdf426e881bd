"""Files below a directory by a buildspec's patterns: ``*`` within a name, ``**`` through directories."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path


def matched(base: Path, patterns: Iterable[str], exclude: Iterable[str] = ()) -> list[str]:
    """The files and links below ``base``, as sorted relative paths."""
    wanted = [each.removeprefix("./") for each in patterns]
    fits, misfits = (
        [_pattern(each) for each in wanted],
        [_pattern(each.removeprefix("./")) for each in exclude],
    )
    return sorted(
        {
            path
            for start in {_fixed(each) for each in wanted}
            for path in _files(base, start)
            if any(each.fullmatch(path) for each in fits)
            and not any(each.fullmatch(path) for each in misfits)
        }
    )


def _fixed(pattern: str) -> str:
    """The folder that all files of a pattern are in."""
    folders = pattern.split("/")[:-1]
    wild = next((number for number, name in enumerate(folders) if "*" in name or "?" in name), len(folders))
    return "/".join(folders[:wild])


def _files(base: Path, start: str) -> Iterator[str]:
    length = len(str(base)) + 1
    for folder, folders, names in os.walk(base / start):
        links = [name for name in folders if Path(folder, name).is_symlink()]
        for name in (*names, *links):
            yield f"{folder}/{name}"[length:]


@lru_cache(maxsize=1024)
def _pattern(said: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", said)
    meant = {"**/": r"(?:.*/)?", "**": r".*", "*": r"[^/]*", "?": r"[^/]"}
    return re.compile("".join(meant.get(part, re.escape(part)) for part in parts), re.DOTALL)
