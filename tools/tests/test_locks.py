"""When a lock is current."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools import locks
from tools.shell import ROOT, Failed


def made(lock: locks.Lock) -> locks.Lock:
    lock.path.write_text(f"# made from sha256:{lock.inputs()}\na==1\n")
    return lock


def test_a_lock_follows_its_requirements_and_those_they_include(tmp_path: Path) -> None:
    (tmp_path / "base.in").write_text("nox==1\n")
    (tmp_path / "more.in").write_text("-r base.in\nuv==2  # why\n")
    lock = made(locks.Lock(tmp_path / "more.lock", tmp_path / "more.in"))
    assert lock.recorded() == lock.inputs()
    (tmp_path / "more.in").write_text("# another comment\n-r base.in\nuv==2\n")
    assert lock.recorded() == lock.inputs()
    (tmp_path / "base.in").write_text("nox==3\n")
    assert lock.recorded() != lock.inputs()


def test_a_dev_lock_follows_its_group(tmp_path: Path) -> None:
    described = tmp_path / "pyproject.toml"
    text = '[project]\nname = "x"\ndependencies = ["a==1"]\n[dependency-groups]\ndev = ["pytest==1"]\n'
    described.write_text(text)
    runtime = made(locks.Lock(tmp_path / "requirements.lock", described))
    dev = made(locks.Lock(tmp_path / "requirements-dev.lock", described, ("dev",)))
    described.write_text(text.replace("pytest==1", "pytest==2"))
    assert (runtime.recorded() == runtime.inputs(), dev.recorded() == dev.inputs()) == (True, False)


def test_a_lock_that_was_never_made_is_not_current(tmp_path: Path) -> None:
    lock = locks.Lock(tmp_path / "a.lock", tmp_path / "a.in")
    assert lock.recorded() is None
    lock.path.write_text("nox==1\n")
    assert lock.recorded() is None


def test_check_names_the_stale_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.in").write_text("nox==1\n")
    fresh = made(locks.Lock(tmp_path / "a.lock", tmp_path / "a.in"))
    stale = locks.Lock(tmp_path / "b.lock", tmp_path / "b.in")
    monkeypatch.setattr(locks, "ROOT", tmp_path)
    monkeypatch.setattr(locks, "every_lock", lambda: [fresh, stale])
    with pytest.raises(Failed, match=r"since: b\.lock\. Run: python3 noxfile\.py -s lock"):
        locks.check()


def test_every_project_and_tool_set_is_locked() -> None:
    names = {str(lock.path.relative_to(ROOT)) for lock in locks.every_lock()}
    assert {"tools/nox.lock", "infra/local/runtime.lock", "shared/requirements.lock"} <= names
    assert {"services/api/requirements.lock", "services/api/requirements-dev.lock"} <= names


def test_an_unknown_word_is_refused() -> None:
    with pytest.raises(Failed, match="not --upgarde"):
        locks.make(["--upgarde"])


def test_every_requirement_of_every_lock_is_an_exact_version_with_hashes() -> None:
    for lock in locks.every_lock():
        lines = lock.path.read_text().replace("\\\n", " ").splitlines()
        for line in (each for each in lines if each and not each.startswith("#")):
            requirement = line.partition(" ")[0]
            assert re.fullmatch(r"[A-Za-z0-9._-]+==[\w.!+-]+", requirement), f"{lock.path}: {requirement}"
            assert "--hash=sha256:" in line, f"{lock.path}: {requirement} has no hash"
