"""What a pipeline's build runs: in a source without history, and with reports of its tests."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path, PurePath
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from tools import environments, house, projects, shell, suites

ROOT = Path(__file__).resolve().parents[2]
BUILDS = ("buildspec.yml", "pipeline/check.buildspec.yml")


def commands(name: str) -> str:
    described: dict[str, Any] = yaml.safe_load((ROOT / name).read_text())
    phases = described["phases"].values()
    return "\n".join(line for phase in phases for line in [*phase["commands"], *phase.get("finally", [])])


def test_a_source_without_history_has_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though it lies in a clone that ignores it, as a build on a laptop does."""
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    (tmp_path / ".gitignore").write_text("/builds/\n")
    source = tmp_path / "builds" / "source"
    for name in ("a.py", "infra/b.yml", ".cache/uv/c.py"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text("")
    (source / ".gitignore").write_text("/.cache/\n")
    monkeypatch.setattr(shell, "ROOT", source)
    assert shell.tracked() == [source / ".gitignore", source / "a.py", source / "infra/b.yml"]
    assert shell.tracked(":(glob)infra/*.yml") == [source / "infra/b.yml"]


def test_a_build_runs_what_a_developer_runs() -> None:
    known = house.sessions((ROOT / "noxfile.py").read_text())
    said = commands("buildspec.yml")
    for session in ("static", "unit", "deploy"):
        assert session in known
        assert f"python3 noxfile.py -s {session} -- " in said


@pytest.mark.parametrize("name", BUILDS)
def test_a_buildspec_leaves_nothing_that_git_would_take_for_source(name: str) -> None:
    described = yaml.safe_load((ROOT / name).read_text())
    left = [path.partition("/")[0] for path in described["cache"]["paths"]]
    left += [report["base-directory"] for report in described.get("reports", {}).values()]
    left += [described["artifacts"]["base-directory"]] if "artifacts" in described else []
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert [place for place in left if f"/{place}/" not in ignored] == []


@pytest.mark.parametrize("name", BUILDS)
def test_a_cache_is_found_by_other_deployables_and_is_another_for_other_locks(name: str) -> None:
    cache = yaml.safe_load((ROOT / name).read_text())["cache"]
    assert [each for each in cache["fallback-keys"] if cache["key"].startswith(each) and "$" not in each]
    hashed = re.search(r"codebuild-hash-files ([^)]+)\)", cache["key"])
    assert hashed is not None
    made = ["pipeline/requirements-dev.lock", "tools/nox.lock"]  # what a check needs
    if name == "buildspec.yml":
        made = [str(path.relative_to(ROOT)) for path in shell.tracked("*.lock")]
        made = [
            path for path in made if not path.startswith("infra/local/")
        ]  # no pipeline tests the local cloud
    missed = [path for path in made if not any(PurePath(path).match(each) for each in hashed[1].split())]
    assert missed == []


def test_a_stack_of_infra_is_tested_by_the_project_of_all_of_them() -> None:
    assert [project.name for project in projects.select(["data", "api"])] == ["infra", "api"]


TEST = "from thing import double\n\n\ndef test_double():\n    assert double(2) == 4\n"


def test_reports_tell_the_tests_and_what_they_ran(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With this environment's pytest and what the runner puts beside it, as a build has them."""
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)  # it runs no part of these tests
    source = tmp_path / "src"
    for name, text in {
        "src/thing.py": "def double(x):\n    return 2 * x\n\n\ndef unused(x):\n    return x\n",
        "tests/unit/test_thing.py": TEST,
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    project = projects.Project("thing", tmp_path, ROOT / "tools" / "tests.lock")
    assert project.sources == source
    monkeypatch.setattr(projects, "select", lambda _: [project])
    monkeypatch.setattr(suites, "_shown", str)
    monkeypatch.setattr(environments, "python", _python(environments.python))
    with pytest.raises(shell.Failed, match="the unit tests of thing run too little of it"):
        suites.unit(["thing", "--reports", str(tmp_path / "reports")])
    junit = ElementTree.parse(tmp_path / "reports" / "thing-tests.xml")
    assert [case.get("name") for case in junit.iter("testcase")] == ["test_double"]
    covered = ElementTree.parse(tmp_path / "reports" / "thing-coverage.xml").getroot()
    assert covered.get("lines-covered") == "3"
    assert covered.get("lines-valid") == "4"


def _python(real: Any) -> Any:
    """This interpreter for the project: its lock is the one that these tests run with."""
    import sys

    return lambda name, lock: Path(sys.executable) if name == "thing" else real(name, lock)


def test_reports_want_a_place() -> None:
    with pytest.raises(shell.Failed, match="--reports wants a directory"):
        suites.unit(["shared", "--reports"])
