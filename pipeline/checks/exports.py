"""Variables for the actions behind this one, in a file that the buildspec's shell reads."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def write(path: Path, values: Mapping[str, str]) -> None:
    """Add ``KEY=value`` lines, unquoted: the rest of the line is the value, whatever is in it."""
    with path.open("a", encoding="utf-8") as file:
        for key, value in values.items():
            file.write(f"{key}={' '.join(value.split())}\n")
