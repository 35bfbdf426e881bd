"""What the sessions do with projects, commands and results."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_socket

from tools import cloud, environments, parts, projects, report, shell, suites
from tools.shell import Failed


def test_projects_are_chosen_by_name_or_path() -> None:
    assert [project.name for project in projects.select(["services/api/", "shared"])] == ["api", "shared"]
    assert {"shared", "api", "workers", "local", "pipeline", "tools"} <= {p.name for p in projects.select([])}


def test_an_unknown_project_is_named_with_the_known_ones() -> None:
    with pytest.raises(Failed, match=r"no project called apy; there are: shared, .*tools"):
        projects.select(["apy"])


def test_an_older_library_is_taken_from_the_wheel_store_as_it_was_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lies in the store from before the version was published is not trusted."""
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\ndependencies = ["wotr-common==0.0.9"]\n')
    monkeypatch.setattr(projects, "tree_version", lambda: "1.0.0")
    monkeypatch.setattr(projects, "ROOT", tmp_path)
    wheel = tmp_path / "dist" / "wheels" / "wotr_common-0.0.9-py3-none-any.whl"
    wheel.parent.mkdir(parents=True)
    asked = []

    def write(text: str) -> None:
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr("wotr_common/__init__.py", text)

    def deploy(arguments: list[str]) -> None:
        asked.append(arguments)
        write("PUBLISHED = True")

    write("PUBLISHED = False")
    cloud._fill_the_store.cache_clear()
    monkeypatch.setattr(cloud, "deploy", deploy)
    for _ in range(2):
        own, library = cloud.import_paths(projects.Project("x", tmp_path))["PYTHONPATH"].split(os.pathsep)
        assert own == str(tmp_path)
        assert (Path(library) / "wotr_common" / "__init__.py").read_text() == "PUBLISHED = True"
    assert asked == [["wheels"]]
    cloud._fill_the_store.cache_clear()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "name a script; there are: .*s3_smoke, seed"),
        (["sed"], "no script called sed; there are: .*seed"),
    ],
)
def test_scripts_are_run_by_name(arguments: list[str], said: str) -> None:
    with pytest.raises(Failed, match=said):
        parts.script(arguments)


def test_benchmarks_are_chosen_by_name() -> None:
    assert [path.stem for path in parts.benchmarks(["imports"])] == ["imports"]
    with pytest.raises(Failed, match="no benchmark called import; there are: burst, imports, readers"):
        parts.benchmarks(["import"])


def test_a_benchmark_s_options_follow_its_name() -> None:
    with pytest.raises(Failed, match="name one benchmark before --rows"):
        parts.bench(["--rows", "10"])
    with pytest.raises(Failed, match="name one benchmark before --rows"):
        parts.bench(["imports", "readers", "--rows", "10"])


def test_a_benchmark_that_needs_no_stage_deploys_none(monkeypatch: pytest.MonkeyPatch) -> None:
    happened: list[list[str]] = []
    monkeypatch.setattr(environments, "tool", lambda name: f"python of {name}")
    monkeypatch.setattr(parts, "run", lambda command, **_: happened.append([*map(str, command)]))
    parts.bench(["readers", "--rows", "10"])
    ((python, script, *options),) = happened
    assert (python, options) == ("python of readers", ["--rows", "10"])
    assert script.endswith("scripts/bench/readers.py")


def test_what_cannot_be_shown_is_said_before_a_cloud_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    happened: list[str] = []

    def pipeline(command: list[str], *_: object, problem: str) -> None:
        happened.append(" ".join(command))
        if "gone.csv" in command:
            raise Failed(problem)

    @contextlib.contextmanager
    def deployed(**_: object) -> Iterator[dict[str, str]]:
        happened.append("cloud")
        yield {}

    monkeypatch.setattr(cloud, "pipeline", pipeline)
    monkeypatch.setattr(cloud, "deployed", deployed)
    with pytest.raises(Failed, match="demo was not started"):
        parts.show("demo", ["--csv", "gone.csv"])
    parts.show("demo", ["--help"])
    assert "cloud" not in happened
    parts.show("demo", ["--csv", "mine.csv"])
    assert happened[-2:] == ["cloud", "scripts/demo.py --csv mine.csv"]


def test_the_present_library_is_taken_from_the_tree(tmp_path: Path) -> None:
    present = f'[project]\nname = "x"\ndependencies = ["wotr-common=={projects.tree_version()}"]\n'
    (tmp_path / "pyproject.toml").write_text(present)
    assert projects.Project("x", tmp_path).paths() == [tmp_path, shell.ROOT / "shared/src"]


def test_unit_tests_cannot_reach_the_network() -> None:
    with (
        pytest.warns(UserWarning, match="tried to use socket"),
        pytest.raises(pytest_socket.SocketBlockedError),
    ):
        socket.socket(socket.AF_INET)


def test_a_child_sees_neither_our_packages_nor_an_account(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "AWS_PROFILE", "KEPT"):
        monkeypatch.setenv(name, "x")
    program = (
        "import os; print(*sorted({'PYTHONPATH', 'PYTHONDONTWRITEBYTECODE', 'AWS_PROFILE', 'KEPT', 'GIVEN'}"
        " & set(os.environ)))"
    )
    code, output = shell.capture([sys.executable, "-c", program], env={"GIVEN": "1"})
    assert (code, output.strip()) == (0, "GIVEN KEPT")


def test_a_build_asks_all_that_lint_and_templates_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, set[str]] = {}
    monkeypatch.setattr(parts, "_all", lambda part, checks: asked.update({part: set(checks)}))
    monkeypatch.setattr(environments, "tool", lambda _name: Path(sys.executable))  # nothing is run
    for part in (parts.lint, parts.templates, parts.static):
        part(["workers"])
    assert {"ruff check", "secrets"} < asked["lint"]
    assert {"cfn-lint", "checkov"} < asked["templates"]
    assert asked["static"] == asked["lint"] | asked["templates"]


def test_an_interrupted_session_takes_its_commands_with_it(tmp_path: Path) -> None:
    """SIGTERM reaches only the session; the command it runs, which holds a lock, must not stay behind."""
    child = (
        "import fcntl, sys, time; held = open(sys.argv[1], 'w'); fcntl.flock(held, fcntl.LOCK_EX); "
        "print('locked', file=held, flush=True); time.sleep(60)"
    )
    for function in ("run", "capture"):
        mark = tmp_path / function
        program = (
            "import sys; from tools import shell; shell.end_on_sigterm(); "
            f"shell.{function}([sys.executable, '-c', *sys.argv[1:]])"
        )
        session = subprocess.Popen(
            [sys.executable, "-c", program, child, str(mark)], env={"PYTHONPATH": str(shell.ROOT)}
        )
        while not (mark.exists() and mark.read_text()):
            assert session.poll() is None
            time.sleep(0.01)
        session.terminate()
        assert session.wait(timeout=30) != 0
        _wait_for_the_lock(mark)


def _wait_for_the_lock(path: Path) -> None:
    """Return once nobody holds it: a lock ends with its process, even before somebody reaps that."""
    end = time.monotonic() + 30
    with path.open() as file:
        while True:
            try:
                return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                assert time.monotonic() < end, f"{path.name}: the command still runs"
                time.sleep(0.01)


def test_a_failing_command_is_named() -> None:
    with pytest.raises(Failed, match=r"no_such_module_here failed \(exit 1\)"):
        shell.run([sys.executable, "-m", "no_such_module_here"])


def test_a_run_goes_on_after_a_failure_and_names_it(capsys: pytest.CaptureFixture[str]) -> None:
    run = report.Report()

    def fails() -> None:
        raise Failed("ruff check\nmore")

    run.part("lint", fails)
    assert run.part("unit", lambda: 12) == 12
    run.left_out("e2e", "nothing is deployed")
    with pytest.raises(Failed, match="failed: lint, e2e"):
        run.finish()
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines[-3:]] == [
        ["lint", "FAILED"],
        ["unit", "ok"],
        ["e2e", "FAILED"],
    ]
    assert lines[-3].endswith("ruff check")
    assert lines[-2].split()[-1] == "12"


def test_a_run_without_failure_ends_quietly() -> None:
    run = report.Report()
    run.part("lint", lambda: None)
    run.finish()


def test_pytests_closing_line_is_kept() -> None:
    outcome = suites.Outcome("shared", True, 3, "...\n\n3 passed in 0.12s\n")
    assert outcome.closing_line == "3 passed in 0.12s"


def test_every_suite_on_the_cloud_leaves_evidence_and_security_judges_it_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    happened: list[str] = []

    @contextlib.contextmanager
    def deployed(**asked: bool) -> Iterator[dict[str, str]]:
        assert asked["record"]
        yield {}

    @contextlib.contextmanager
    def recorded(suite: str, _variables: object) -> Iterator[None]:
        yield
        happened.append(f"{suite} kept")

    monkeypatch.setattr(cloud, "deployed", deployed)
    monkeypatch.setattr(cloud, "recorded", recorded)
    for suite in ("integration", "e2e", "faults", "security"):
        monkeypatch.setattr(suites, suite, lambda _arguments, _variables, name=suite: happened.append(name))
    suites.on_the_cloud(report.Report())
    assert happened[-2:] == ["security", "security kept"]
    assert {each for each in happened if "kept" in each} == {
        f"{suite} kept" for suite in ("integration", "e2e", "faults", "security")
    }
