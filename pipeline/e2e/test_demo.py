"""The demo with a file that it cannot import: a sentence, whatever the file is or says."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest
import strong_sample

DEMO = Path(__file__).parents[2] / "scripts" / "demo.py"


def said_of(file: Path, *options: str) -> list[str]:
    """The demo's lines."""
    command = [sys.executable, str(DEMO), "--csv", str(file), *options]
    played = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (played.returncode, played.stderr) == (1, "")
    return played.stdout.splitlines()


@pytest.mark.parametrize("name", ["", "missing.csv", "[/bold].csv"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    assert said_of(tmp_path / name)[-1].startswith(f"The demo stopped: {tmp_path / name} cannot be read: ")


def test_an_empty_file_is_named_before_anything_happens(tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.touch()
    assert said_of(file) == [f"The demo stopped: {file} cannot be imported: the file is empty"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"\xff,x\n", "not valid text in UTF-8"), (b"[/bold],x\n", "[/bold],x")],
)
def test_a_file_that_is_no_export_is_refused_with_the_reason(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    file = tmp_path / "mine.csv"
    file.write_bytes(content)
    said = said_of(file)[-1]
    assert said.startswith("The demo stopped: mine.csv was refused: ")
    assert reason in said


def test_a_file_that_leaves_something_open_is_answered_with_the_command_that_says_it(tmp_path: Path) -> None:
    file = tmp_path / "my strong.csv"
    out = io.StringIO(newline="")
    strong_sample.write(1, out)
    file.write_text(out.getvalue())

    refused, command = said_of(file, "--weight-unit", "lb")[-2:]

    assert refused.startswith("The demo stopped: my strong.csv was refused: the file does not say ")
    options = "--weight-unit lb --timezone Europe/Berlin"
    assert command == f"For example: python3 noxfile.py -s demo -- --csv '{file}' {options}"
