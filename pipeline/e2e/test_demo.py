"""The demo with a file that it cannot import: a sentence, whatever the file is or says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

DEMO = Path(__file__).parents[2] / "scripts" / "demo.py"


def said_of(file: Path) -> str:
    """The demo's last line."""
    played = subprocess.run(
        [sys.executable, DEMO, "--csv", file], capture_output=True, text=True, timeout=120, check=False
    )
    assert (played.returncode, played.stderr) == (1, "")
    return played.stdout.splitlines()[-1]


@pytest.mark.parametrize("name", ["", "missing.csv", "[/bold].csv"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    assert said_of(tmp_path / name).startswith(f"The demo stopped: {tmp_path / name} cannot be read: ")


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "the file is empty"), (b"\xff,x\n", "not valid text in UTF-8"), (b"[/bold],x\n", "[/bold],x")],
)
def test_a_file_that_is_no_export_is_refused_with_the_reason(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    file = tmp_path / "mine.csv"
    file.write_bytes(content)
    said = said_of(file)
    assert said.startswith("The demo stopped: mine.csv was refused: ")
    assert reason in said
