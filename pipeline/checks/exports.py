"""Variables for the actions behind this one, in a file that the buildspec's shell reads."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path


def write(path: Path, values: Mapping[str, str]) -> None:
    """Add ``KEY='value'`` lines; a value is one line, whatever was in it."""
    with path.open("a", encoding="utf-8") as file:
        for key, value in values.items():
            file.write(f"{key}={shlex.quote(' '.join(value.split()))}\n")
