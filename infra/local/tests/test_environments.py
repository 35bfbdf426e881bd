"""The private environments: made once per lock, whoever asks, and holding exactly what the lock names."""

from __future__ import annotations

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from localcloud import LocalCloudError, environments

SOURCE = Path(__file__).resolve().parents[1] / "src"
MAKE = """
import sys
from pathlib import Path
from localcloud.environments import make
print(make(Path(sys.argv[1]), "functions", Path(sys.argv[2]), Path(sys.executable)))
"""


def make(directory: Path, lock: Path) -> Path:
    return environments.make(directory, "functions", lock, Path(sys.executable))


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    """The functions' lock cut down to one small package."""
    found = re.search(r"^six==.*(?:\n    .*)+", environments.RUNTIME_LOCK.read_text(), re.MULTILINE)
    assert found is not None
    copy = tmp_path / "runtime.lock"
    copy.write_text(found.group() + "\n")
    return copy


def test_an_environment_holds_the_lock_and_nothing_of_the_caller(tmp_path: Path, lock: Path) -> None:
    python = make(tmp_path / "made", lock)
    listed = "from importlib.metadata import distributions as d; print(*sorted(x.name for x in d()))"
    names = subprocess.run([python, "-I", "-c", listed], check=True, capture_output=True, text=True)
    wanted = {line.split("==")[0] for line in lock.read_text().splitlines() if "==" in line}
    assert set(names.stdout.split()) == wanted


@pytest.mark.parametrize("compiled", [True, False])
def test_what_functions_import_is_compiled_beforehand_and_tools_when_they_are_used(
    tmp_path: Path, lock: Path, compiled: bool
) -> None:
    python = environments.make(tmp_path / "made", "x", lock, Path(sys.executable), compiled=compiled)
    assert any(python.parents[1].rglob("six.*.pyc")) == compiled


def test_two_processes_at_once_end_up_with_the_same_working_environment(tmp_path: Path, lock: Path) -> None:
    command = [sys.executable, "-c", MAKE, str(tmp_path / "made"), str(lock)]

    def run(_: int) -> str:
        done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=SOURCE)
        return done.stdout.strip()

    with ThreadPoolExecutor(2) as callers:
        first, second = callers.map(run, range(2))
    assert first == second
    subprocess.run([first, "-c", "import six"], check=True)


def test_a_changed_lock_makes_a_new_environment_and_an_interrupted_one_is_made_again(
    tmp_path: Path, lock: Path
) -> None:
    before = make(tmp_path / "made", lock)
    assert make(tmp_path / "made", lock) == before

    (before.parents[1] / "complete.json").unlink()
    before.unlink()
    assert make(tmp_path / "made", lock) == before
    assert before.exists()

    lock.write_text(lock.read_text() + "# changed\n")
    after = make(tmp_path / "made", lock)
    assert after != before
    assert not before.exists()


def test_a_package_that_is_not_the_locked_one_is_refused(tmp_path: Path, lock: Path) -> None:
    lock.write_text(re.sub("sha256:[0-9a-f]{64}", "sha256:" + "0" * 64, lock.read_text()))
    with pytest.raises(LocalCloudError, match="could not make an environment"):
        make(tmp_path / "made", lock)


def test_without_uv_it_says_where_uv_comes_from(
    tmp_path: Path, lock: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LocalCloudError, match=r"uv is not on PATH.*noxfile\.py"):
        make(tmp_path / "made", lock)
