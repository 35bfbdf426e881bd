"""The house rules on texts that keep and break them."""

from __future__ import annotations

import subprocess
from pathlib import Path, PurePosixPath

import pytest

from tools import acceptance, documents, house, shell

ROOT = Path(__file__).resolve().parents[2]


def lines(breaches: house.Breaches) -> list[int]:
    return [line for line, _ in breaches]


def test_a_lock_holds_no_address() -> None:
    clean = "# made from sha256:00\nnox==1.0 \\\n    --hash=sha256:ab\n"
    assert lines(house.addresses(clean)) == []
    for line in (
        "--index-url x",
        "--extra-index-url x",
        "-i x",
        "--find-links x",
        "nox @ https://a.example/nox.whl",
    ):
        assert lines(house.addresses(f"{clean}{line}\n")) == [4], line


def test_no_file_knows_a_machine(tmp_path: Path) -> None:
    home = f"/{'home'}/ada/wotr"
    text = f"see services/home/x and /var/task\n{home}\n{tmp_path}/x\n"
    assert lines(house.machine_paths(text, tmp_path)) == [2, 3]


def test_documents_show_commands_that_exist() -> None:
    text = "python3 noxfile.py -s demo\nuv run noxfile.py -s dmeo -- --csv x\npython3 noxfile.py -s NAME\n"
    assert lines(house.unknown_sessions(text, frozenset({"demo"}))) == [2]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("[decisions](../notes/decisions.md#frame) and [api](../services/api)", None),
        ("[elsewhere](https://example.com/x) and [here](#frame)", None),
        ("`services/api/template.yml`, services/api. `services/<name>/template.yml`, `notes/*.md`", None),
        ("`tests/unit` of this folder, or `pipeline/deploy`", None),
        ("python3 noxfile.py -s script -- seed --users 2", None),
        ("[decisions](notes/decisions.md)", "the link notes/decisions.md leads nowhere"),
        ('subgraph web["services/web"]', "there is no services/web"),
        ("see `services/api/gone.yml`.", "there is no services/api/gone.yml"),
        ("python3 noxfile.py -s script -- sed", "scripts/ has no sed.py"),
    ],
)
def test_what_a_document_names_is_there(line: str, said: str | None) -> None:
    files = [
        "services/api/template.yml",
        "notes/decisions.md",
        "scripts/seed.py",
        "shared/README.md",
        "pipeline/deploy/cli.py",
    ]
    found = list(documents.broken(PurePosixPath("shared/README.md"), line, files))
    assert found == ([] if said is None else [(1, said)])


def test_the_readme_tells_every_session_and_every_folder() -> None:
    told = (ROOT / "README.md").read_text()
    assert [
        name for name in house.sessions((ROOT / "noxfile.py").read_text()) if f"`{name}`" not in told
    ] == []
    folders = {path.relative_to(ROOT).parts[0] for path in shell.tracked() if path.parent != ROOT}
    services = {path.parent.relative_to(ROOT).as_posix() for path in ROOT.glob("services/*/template.yml")}
    named = folders - {"services", ".ci"} | services
    assert [name for name in sorted(named) if f"| `{name}` |" not in told] == []


def test_sessions_are_read_from_the_noxfile() -> None:
    known = house.sessions((ROOT / "noxfile.py").read_text())
    promised = "demo up tests lint types templates nag unit integration e2e faults package bench lock"
    assert known >= set(promised.split())


def test_only_the_key_module_spells_keys() -> None:
    prefixes = house.key_prefixes('def user(u): return f"USER#{u}"\nLOG = "PR_LOG#"\nNAME = "user"\n')
    assert prefixes == {"USER#", "PR_LOG#"}
    text = '"""USER# in prose."""\na = "USER#1"\nb = f"x PR_LOG#{a}"\nc = "SUPERUSER#"\n'
    assert lines(house.key_literals(text, prefixes)) == [2, 3]


def test_findings_name_file_and_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {
        "noxfile.py": "@command\ndef demo(arguments):\n    pass\n",
        "shared/src/wotr_common/keys.py": 'USER = "USER#"\n',
        "services/api/src/wotr_api/store.py": 'pk = "USER#1"\n',
        "services/api/tests/unit/test_store.py": 'pk = "USER#1"\n',
        "services/api/requirements.lock": "a @ file://x\n",
        "README.md": "python3 noxfile.py -s gone\n[gone](gone.md)\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    monkeypatch.setattr(shell, "ROOT", tmp_path)
    places = [finding.partition(": ")[0] for finding in house.findings(tmp_path)]
    assert places == [
        "README.md:1",
        "README.md:2",
        "services/api/requirements.lock:1",
        "services/api/src/wotr_api/store.py:1",
        "notes/acceptance.md is missing",
    ]


HEAD = "| id | promise | delivered | tests |\n|---|---|---|---|\n"


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("| A1 | x | later | |", None),
        ("| A1 | x | yes | test_a.py::test_one<br>`test_a.py::TestIt::test_two[1]` |", None),
        ("| A1 | x | yes | |", "no test is named"),
        ("| A1 | x | partly | |", "no test is named"),
        ("| A1 | x | later | test_a.py::test_gone |", "there is no test test_a.py::test_gone"),
        ("| A1 | x | yes | test_a.py::helper |", "there is no test"),
        ("| A1 | x | yes | test_b.py::test_one |", "there is no test"),
        ("| A1 | x | soon | |", "delivered is 'soon'"),
        ("| A1 | x | later | |\n| A1 | y | later | |", "twice"),
        ("| A1 | x |", "four cells"),
        ("", "no row"),
    ],
)
def test_promises_have_tests(tmp_path: Path, rows: str, said: str | None) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "acceptance.md").write_text(f"{HEAD}{rows}\n")
    body = "def helper(): ...\ndef test_one(): ...\nclass TestIt:\n    def test_two(self): ...\n"
    (tmp_path / "test_a.py").write_text(body)
    found = acceptance.findings(tmp_path)
    assert found == [] if said is None else said in found[0]


def test_ci_runs_the_readmes_test_command() -> None:
    command = "python3 noxfile.py -s tests"
    script = (ROOT / ".ci" / "run").read_text()
    assert [line for line in script.splitlines() if "noxfile" in line] == [f"exec {command}"]
    assert command in (ROOT / "README.md").read_text()
