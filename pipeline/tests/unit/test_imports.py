from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from deploy import archive, cli, imports, packages, templates
from deploy.errors import DeployError
from deploy.packages import HOST
from tests.toy import Toy

GREET = "services/hello/src/wotr_hello/handlers/greet.py"


def check(toy: Toy) -> list[imports.Imported]:
    _, template = templates.discover(toy.root)
    return imports.check(packages.build([template], HOST, toy.root)["hello"].path, template)


def test_a_handler_imports_and_nothing_is_compiled(toy: Toy, capsys: pytest.CaptureFixture[str]) -> None:
    (found,) = check(toy)
    assert (found.function, found.compiled, found.problem) == ("Greet", (), None)
    assert cli.main(["--root", str(toy.root), "imports"]) == 0
    assert "wotr_hello.handlers.greet.handler imports from bytecode alone" in capsys.readouterr().out


@pytest.mark.parametrize("damage", ["missing", "time-stamped", "another version"])
def test_bytecode_that_python_would_not_use_is_found(toy: Toy, tmp_path: Path, damage: str) -> None:
    _, template = templates.discover(toy.root)
    package = packages.build([template], HOST, toy.root)["hello"]
    with zipfile.ZipFile(package.path) as zipped:
        files = {name: zipped.read(name) for name in zipped.namelist()}
    (compiled,) = [name for name in files if "greet.cpython" in name]
    header = bytearray(files[compiled])
    if damage == "missing":
        del files[compiled]
    else:
        header[slice(4, 5) if damage == "time-stamped" else slice(0, 1)] = b"\0"
        files[compiled] = bytes(header)
    archive.write(tmp_path / "damaged.zip", files)
    with pytest.raises(DeployError, match=r"wotr_hello/handlers/greet\.py had to be compiled"):
        imports.check(tmp_path / "damaged.zip", template)


def test_what_the_package_does_not_declare_is_missing_as_on_aws(toy: Toy) -> None:
    toy.replace(GREET, "from wotr_common", "import yaml\nfrom wotr_common")
    with pytest.raises(DeployError, match=r"Greet .* cannot be imported: .*No module named 'yaml'"):
        check(toy)


def test_what_lambdas_runtime_brings_is_there(toy: Toy) -> None:
    toy.replace(GREET, "from wotr_common", "import boto3, urllib3\nfrom wotr_common")
    assert check(toy)[0].problem is None


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("raise RuntimeError('no')", "RuntimeError: no"),
        ("del handler", "the module has no function handler"),
        ("import os; os._exit(3)", r"the interpreter ended \(3\)"),
    ],
)
def test_a_handler_that_fails_on_import_is_named(toy: Toy, line: str, message: str) -> None:
    path = toy.root / GREET
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(DeployError, match=message):
        check(toy)


def test_variables_are_set_as_the_template_says(toy: Toy) -> None:
    toy.replace(
        "services/hello/template.yml",
        "      Handler:",
        "      Environment:\n"
        "        Variables: {LEVEL: 7, STAGE: !Ref Stage, QUEUE: !ImportValue x-y}\n"
        "      Handler:",
    )
    _, template = templates.discover(toy.root)
    found = imports.environment(template.functions[0])
    assert found["LEVEL"] == "7"
    assert found["STAGE"] == "dev"
    assert found["QUEUE"] == "unknown"
    assert "AWS_ACCESS_KEY_ID" not in found
