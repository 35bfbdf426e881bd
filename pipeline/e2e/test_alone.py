"""Every service can be deployed alone, and nothing is deployed that did not change."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from deploy import packages, run
from stage_client import Stage

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the tree's files, as a colleague's clone would be; only the library's wheel is shared."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in listed.stdout.decode().rstrip("\0").split("\0"):
        if (ROOT / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tmp_path / name)
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "wheels").symlink_to(ROOT / "dist" / "wheels")
    return tmp_path


def test_a_change_of_one_service_makes_one_change_set(stage: Stage, checkout: Path) -> None:
    unchanged = run.up(checkout, stage.name, target=packages.HOST)
    assert unchanged.good
    assert unchanged.changed == [], "another machine's build of the same commit must change nothing"

    module = checkout / "services/api/src/wotr_api/__init__.py"
    module.write_text(module.read_text() + "\nCHANGED = True\n")
    try:
        changed = run.up(checkout, stage.name, target=packages.HOST)
        assert changed.good
        assert changed.changed == ["api"]
        assert stage.call("GET", "/health").status == 200
    finally:
        back = run.up(ROOT, stage.name, ["api"], target=packages.HOST)
    assert back.changed == ["api"]
    assert stage.call("GET", "/health").status == 200
