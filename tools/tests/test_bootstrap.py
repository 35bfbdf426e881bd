"""The way from a machine with only Python to a session."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from tools import bootstrap

ROOT = Path(__file__).resolve().parents[2]
NOXFILE = ROOT / "noxfile.py"


def test_both_ways_install_the_same_versions() -> None:
    """``uv run noxfile.py`` reads the block, ``python3 noxfile.py`` the lock of nox.in."""
    block = re.search(r"# dependencies = (\[.*\])", NOXFILE.read_text())
    assert block
    pins = bootstrap.PINS.read_text()
    assert ast.literal_eval(block[1]) == re.findall(r"^\S+==\S+$", pins, re.MULTILINE)


def test_missing_names_what_is_not_here_in_that_version(tmp_path: Path) -> None:
    pins = tmp_path / "nox.in"
    pins.write_text(f"# a comment\nnox=={metadata.version('nox')}\nuv==0.0.1\nno-such-package==1\n")
    assert bootstrap.missing(pins) == ["uv==0.0.1", "no-such-package==1"]


def test_an_old_python_gets_a_sentence() -> None:
    ast.parse(NOXFILE.read_text(), feature_version=(3, 7))  # it must get as far as the sentence
    pretend = (
        "import sys, runpy; sys.version_info = (3, 10, 2); runpy.run_path(sys.argv[1], run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", pretend, NOXFILE], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert re.match(r"noxfile.py: this is Python 3\.10 \(.+\), and wotr needs 3\.11 or newer", done.stderr)


def test_without_arguments_the_sessions_are_listed() -> None:
    done = subprocess.run([sys.executable, NOXFILE], capture_output=True, text=True, check=False)
    assert "* tests -> Everything CI runs" in done.stdout
    assert "Running session" not in done.stdout + done.stderr


def test_two_at_once_make_one_environment(tmp_path: Path) -> None:
    lock = tmp_path / "tools" / "nox.lock"
    lock.parent.mkdir()
    lock.write_text("# nothing to install\n")
    program = (
        "import sys, pathlib; from tools import bootstrap; "
        "print(bootstrap.environment(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])))"
    )
    command = [sys.executable, "-c", program, tmp_path / "bootstrap", lock]
    pipes = {
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
        "text": True,
        "env": {"PYTHONPATH": str(ROOT)},
    }
    both = [subprocess.Popen(command, **pipes) for _ in range(2)]  # type: ignore[call-overload]
    said = [process.communicate() for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert said[0][0] == said[1][0]
    assert Path(said[0][0].strip()).exists()
    assert sum("installing" in errors for _, errors in said) == 1


def test_a_changed_lock_is_another_environment(tmp_path: Path) -> None:
    lock = tmp_path / "nox.lock"
    lock.write_text("nox==1\n")
    first = bootstrap.key(lock)
    assert bootstrap.key(lock) == first
    lock.write_text("nox==2\n")
    assert bootstrap.key(lock) != first


def test_a_failing_installation_ends_with_a_sentence(tmp_path: Path) -> None:
    lock = tmp_path / "tools" / "nox.lock"
    lock.parent.mkdir()
    lock.write_text("./no-such-directory\n")
    with pytest.raises(SystemExit, match=r"cannot install tools/nox\.lock"):
        bootstrap.environment(tmp_path / "bootstrap", lock)
