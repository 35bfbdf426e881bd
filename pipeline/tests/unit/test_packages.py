from __future__ import annotations

import importlib.util
import json
import marshal
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path
from types import CodeType

import pytest

from deploy import archive, bytecode, packages, templates
from deploy.errors import DeployError
from deploy.packages import HOST, LAMBDA, Package, Target
from tests.toy import LAYER, PIPELINE, Toy

_BUILD = """
import json, sys
from pathlib import Path
from deploy import packages, templates
root = Path(sys.argv[1])
built = packages.build(templates.discover(root), packages.LAMBDA, root)
print(json.dumps([built["hello"].key, built["hello"].code_sha256]))
"""


def build(toy: Toy, target: Target = HOST) -> dict[str, Package]:
    return packages.build(templates.discover(toy.root), target, toy.root)


def contents(package: Package) -> dict[str, bytes]:
    with zipfile.ZipFile(package.path) as zipped:
        return {name: zipped.read(name) for name in zipped.namelist()}


def test_a_package_holds_sources_library_and_bytecode_and_no_clutter(toy: Toy) -> None:
    toy.write("services/hello/src/wotr_hello/data.json", "{}")
    found = contents(build(toy)["hello"])
    modules = {name for name in found if name.endswith(".py")}
    assert modules == {
        "wotr_common/__init__.py",
        "wotr_hello/__init__.py",
        "wotr_hello/handlers/__init__.py",
        "wotr_hello/handlers/greet.py",
    }
    compiled = {name for name in found if name.endswith(".pyc")}
    assert compiled == {bytecode.compiled_name(name, HOST.python) for name in modules}
    rest = set(found) - modules - compiled
    assert rest == {
        "wotr_hello/data.json",
        "wotr_common-1.0.0.dist-info/METADATA",
        "wotr_common-1.0.0.dist-info/WHEEL",
    }


def test_bytecode_is_never_checked_against_times_and_shows_lambdas_paths(toy: Toy) -> None:
    found = contents(build(toy)["hello"])
    name = bytecode.compiled_name("wotr_hello/handlers/greet.py", HOST.python)
    data = found[name]
    assert data[:4] == importlib.util.MAGIC_NUMBER
    assert int.from_bytes(data[4:8], "little") == 0b01, "hash-based, unchecked"
    assert data[8:16] == importlib.util.source_hash(found["wotr_hello/handlers/greet.py"])
    code = marshal.loads(data[16:])
    names = {code.co_filename, *(c.co_filename for c in code.co_consts if isinstance(c, CodeType))}
    assert names == {"/var/task/wotr_hello/handlers/greet.py"}
    assert not any(str(toy.root).encode() in content for content in found.values())


def test_entries_are_sorted_with_fixed_times_and_modes(toy: Toy) -> None:
    with zipfile.ZipFile(build(toy)["hello"].path) as zipped:
        entries = zipped.infolist()
    assert [entry.filename for entry in entries] == sorted(entry.filename for entry in entries)
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {entry.external_attr >> 16 for entry in entries} == {0o100644}
    assert archive.mode("a/core.cpython-313-aarch64-linux-gnu.so") == 0o100755


def test_two_builds_in_two_folders_are_the_same_bytes(toy: Toy, tmp_path: Path) -> None:
    first = build(toy)["hello"]
    other = tmp_path / "a folder" / "elsewhere"
    shutil.copytree(toy.root, other, ignore=shutil.ignore_patterns("dist"))
    for path in other.rglob("*"):
        os.utime(path, (1, 1))
        path.chmod(0o700)
    second = packages.build(templates.discover(other), HOST, other)["hello"]
    assert second.path.read_bytes() == first.path.read_bytes()
    assert second.key == first.key


def test_both_pythons_build_the_same_lambda_package(toy: Toy) -> None:
    versions = ("3.11", "3.13")
    answers = []
    for version in versions:
        try:
            python = bytecode.interpreter(version)
        except DeployError:
            pytest.skip(f"no CPython {version} on this machine")
        shutil.rmtree(toy.root / "dist", ignore_errors=True)
        # PyYAML and hatchling are pure Python beside their optional speed-ups: one installation serves both.
        path = os.pathsep.join([str(PIPELINE), sysconfig.get_path("purelib")])
        done = subprocess.run(
            [python, "-c", _BUILD, str(toy.root)],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": path},
            check=False,
        )
        assert done.returncode == 0, done.stderr
        answers.append(json.loads(done.stdout))
    assert answers[0] == answers[1]


def test_what_has_not_changed_is_not_built_again(toy: Toy) -> None:
    toy.add_service("again")
    first = build(toy)
    assert not any(package.reused for package in first.values())
    assert all(package.reused for package in build(toy).values())
    toy.replace("services/hello/src/wotr_hello/handlers/greet.py", "Greets.", "Greets politely.")
    third = build(toy)
    assert {name: package.reused for name, package in third.items()} == {"again": True, "hello": False}
    assert third["hello"].key != first["hello"].key
    assert third["again"].key == first["again"].key


def test_a_damaged_zip_is_built_again(toy: Toy) -> None:
    first = build(toy)["hello"]
    whole = first.path.read_bytes()
    first.path.write_bytes(whole[:-1])
    second = build(toy)["hello"]
    assert not second.reused
    assert second.path.read_bytes() == whole


def test_a_new_library_reaches_only_who_pins_it(toy: Toy) -> None:
    toy.add_service("again")
    before = build(toy)
    toy.library("1.0.0", "Hallo")
    toy.replace("services/again/pyproject.toml", '"wotr-common==1.0.0"', "")
    toy.replace(
        "services/again/src/wotr_again/handlers/greet.py", "from wotr_common import WORD", 'WORD = "Hi"'
    )
    after = build(toy)
    assert after["hello"].key != before["hello"].key
    assert "wotr_common/__init__.py" not in contents(after["again"])


def test_the_key_speaks_of_content_alone(toy: Toy) -> None:
    files = {"a.py": b"1", "b.py": b"2"}
    digest = archive.content_hash(files)
    assert digest == archive.content_hash(dict(reversed(files.items())))
    assert digest != archive.content_hash({"a.py": b"12", "b.py": b""})
    assert digest != archive.content_hash({"a.py": b"1", "c.py": b"2"})
    assert digest != archive.content_hash({"a.py": b"1", "b.so": b"2"})
    assert digest != archive.content_hash(files, "3.13")


def test_a_handler_that_is_not_there_is_named_with_its_template(toy: Toy) -> None:
    toy.replace("services/hello/template.yml", "handlers.greet.handler", "handlers.gret.handler")
    with pytest.raises(
        DeployError, match=r"template\.yml:\d+: Greet has .* no hello/src/wotr_hello/handlers/gret\.py"
    ):
        build(toy)


def test_a_handler_that_is_no_python_is_named(toy: Toy) -> None:
    toy.write("services/hello/src/wotr_hello/handlers/greet.py", "def handler(:\n")
    with pytest.raises(DeployError, match=r"hello/src/wotr_hello/handlers/greet\.py is no valid Python"):
        build(toy)


def test_a_zip_over_the_budget_fails_and_names_the_largest(toy: Toy) -> None:
    (toy.root / "services/hello/src/wotr_hello/big.bin").write_bytes(os.urandom(packages.MAX_ZIP_BYTES))
    with pytest.raises(
        DeployError, match=r"hello: the zip has 8\.0 MiB, over the budget .* wotr_hello 8\.0 MiB"
    ):
        build(toy)
    assert not list((toy.root / "dist" / "packages").rglob("*.zip"))


def test_what_is_too_heavy_for_a_package_travels_as_a_layer(toy: Toy) -> None:
    toy.write("services/hello/src/cryptography/__init__.py", "HEAVY = True\n")
    toy.write("services/hello/src/_cffi_backend.so", "x")
    with pytest.raises(DeployError, match=r"has what travels as a layer, and the template no AWS"):
        build(toy)
    toy.replace("services/hello/template.yml", "Outputs:", LAYER)
    package = build(toy)["hello"]
    assert package.layer is not None
    names, beside = (zipfile.ZipFile(part.path).namelist() for part in package.parts)
    assert not [name for name in names if "crypto" in name or "cffi" in name]
    assert len(beside) == 3  # the bytecode too
    assert {"python/_cffi_backend.so", "python/cryptography/__init__.py"} <= set(beside)
    assert package.layer.key == f"wotr/hello-layer/{package.layer.content}.zip"
    again = build(toy)["hello"]
    assert (again.reused, again.layer is not None and again.layer.reused) == (True, True)
    package.layer.path.write_bytes(b"damaged")
    assert not build(toy)["hello"].reused


def test_a_layer_of_nothing_is_refused(toy: Toy) -> None:
    toy.replace("services/hello/template.yml", "Outputs:", LAYER)
    with pytest.raises(DeployError, match=r"has nothing that travels as a layer, and the template an AWS"):
        build(toy)


def test_a_lock_without_a_hash_is_refused(toy: Toy) -> None:
    toy.write("services/hello/requirements.lock", "itsdangerous==2.2.0\n")
    with pytest.raises(DeployError, match="hello: its locked dependencies cannot be installed") as caught:
        build(toy)
    assert "hash" in str(caught.value)


def test_a_dependency_that_lambda_brings_is_refused(toy: Toy) -> None:
    toy.write("shared/src/boto3/__init__.py", "")
    toy.replace("shared/pyproject.toml", '["src/wotr_common"]', '["src/wotr_common", "src/boto3"]')
    with pytest.raises(DeployError, match="ships boto3: Lambda's runtime brings it"):
        build(toy)


def test_a_missing_lock_is_named(toy: Toy) -> None:
    (toy.root / "services/hello/requirements.lock").unlink()
    with pytest.raises(DeployError, match=r"services/hello/requirements\.lock is missing"):
        build(toy)


def test_a_function_outside_a_service_is_refused(toy: Toy) -> None:
    toy.write("infra/stray.yml", (toy.root / "services/hello/template.yml").read_text())
    with pytest.raises(DeployError, match=r"infra/stray\.yml has functions"):
        build(toy)


def test_an_interpreter_that_is_nowhere_is_asked_for() -> None:
    assert bytecode.interpreter(sysconfig.get_python_version()) == Path(sys.executable)
    with pytest.raises(DeployError, match=r"(?s)need a CPython 2\.0 .*uv python install 2\.0"):
        bytecode.interpreter("2.0")


def test_a_library_file_that_is_no_python_ships_without_bytecode(toy: Toy) -> None:
    toy.write("shared/src/wotr_common/template.py", "{{ not python }\n")
    found = contents(build(toy)["hello"])
    assert "wotr_common/template.py" in found
    assert bytecode.compiled_name("wotr_common/template.py", HOST.python) not in found


def test_lambda_packages_are_for_the_version_the_templates_name() -> None:
    for template in templates.discover(PIPELINE.parent):
        shared = template.body.get("Globals", {}).get("Function", {})
        for function in template.functions:
            own = template.resources[function.logical_id]["Properties"]
            assert own.get("Runtime", shared.get("Runtime")) == f"python{LAMBDA.python}"
            assert own.get("Architectures", shared.get("Architectures")) == ["arm64"]
    assert LAMBDA.platform.startswith("aarch64")
