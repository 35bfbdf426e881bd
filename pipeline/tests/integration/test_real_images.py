"""The workers' container image: its Dockerfile copies what is built, and that runs with nothing else."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy import images, packages, templates
from deploy.bytecode import compiled_name
from deploy.images import Image
from deploy.packages import HOST, LAMBDA, Package, Target
from deploy.templates import Template
from tests.toy import PIPELINE

ROOT = PIPELINE.parent
WORKERS = ROOT / "services" / "workers"
NO_EVENT = "{}"
AARCH64 = 183  # e_machine


def made(target: Target) -> tuple[Template, Package, Image]:
    (template,) = (each for each in templates.discover(ROOT) if each.stack == "workers")
    package = packages.build([template], target, ROOT)["workers"]
    return template, package, images.build(template, package, target, ROOT)


@pytest.fixture(scope="module")
def context() -> Path:
    return images.unpack(made(HOST)[2])


def instructions() -> Iterator[tuple[str, str]]:
    for line in (WORKERS / images.FILE).read_text(encoding="utf-8").splitlines():
        name, _, rest = line.partition(" ")
        if line and not line.startswith("#"):
            yield name, rest


def run(context: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """The image's entry point, as its Dockerfile has it, on this Python without any of its packages."""
    (entrypoint,) = (json.loads(rest) for name, rest in instructions() if name == "ENTRYPOINT")
    assert entrypoint[0] == "python"
    return subprocess.run(
        [sys.executable, "-S", *entrypoint[1:], *arguments],
        cwd=context / "task",
        env={"PYTHONPATH": str(context / "task"), "PYTHONDONTWRITEBYTECODE": "1", **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_it_holds_the_functions_package_byte_for_byte_and_the_runtimes_libraries() -> None:
    _, package, image = made(HOST)
    with zipfile.ZipFile(package.path) as zipped:
        functions = {name: zipped.read(name) for name in zipped.namelist()}
    with zipfile.ZipFile(image.path) as zipped:
        held = {name: zipped.read(name) for name in zipped.namelist()}
    assert held.pop(images.FILE) == (WORKERS / images.FILE).read_bytes()
    task = {name.removeprefix(images.TASK): data for name, data in held.items()}
    assert {name: task[name] for name in functions} == functions
    rest = {name.split("/")[0] for name in task.keys() - functions.keys()}
    assert {"boto3", "botocore", "s3transfer"} <= rest
    assert compiled_name("boto3/session.py", HOST.python) in task


def test_the_dockerfile_copies_exactly_what_is_built_and_installs_nothing(context: Path) -> None:
    found = list(instructions())
    assert {path.name for path in context.iterdir()} == {images.FILE, "task"}
    assert [rest.split()[0] for name, rest in found if name == "COPY"] == [images.TASK]
    assert {name for name, _ in found} == {"FROM", "COPY", "ENV", "WORKDIR", "USER", "ENTRYPOINT"}
    (base,) = (rest for name, rest in found if name == "FROM")
    assert re.search(rf"python:{re.escape(LAMBDA.python)}\.\d+-slim-\w+$|@sha256:[0-9a-f]{{64}}$", base)
    (user,) = (rest for name, rest in found if name == "USER")
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user), "a number, for the kernel to know that it is not root"
    task = made(HOST)[0].resources["BulkImportTask"]["Properties"]["ContainerDefinitions"][0]
    assert task["User"] == user


def test_its_entry_point_runs_from_its_content_alone(context: Path) -> None:
    helped = run(context, "--help")
    assert helped.returncode == 0, helped.stderr
    assert "exit codes:" in helped.stdout
    assert run(context).returncode == 2
    assert run(context, "--event", NO_EVENT).returncode == 78
    settings = {"WOTR_STAGE": "dev", "WORKOUTS_TABLE": "t", "CONFIG_PATH": "/c", "UPLOADS_BUCKET": "b"}
    settings["NOTES_KEY_ALIAS"] = "alias/wotr-dev-notes"
    no_upload = run(context, "--event", NO_EVENT, IMPORTS_TOPIC_ARN="arn:x", **settings)
    assert no_upload.returncode == 65
    assert "not an event of a created object" in no_upload.stdout


def test_nothing_that_it_does_not_hold_is_found(context: Path) -> None:
    code = "import importlib.util as u; print(u.find_spec('boto3').origin, u.find_spec('pytest'))"
    answer = subprocess.run(
        [sys.executable, "-S", "-c", code],
        env={"PYTHONPATH": str(context / "task")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.split() == [str(context / "task" / "boto3" / "__init__.py"), "None"]


def test_the_same_input_is_the_same_image() -> None:
    first = made(HOST)[2]
    before = first.path.read_bytes()
    first.path.with_suffix(".json").unlink()
    again = made(HOST)[2]
    assert (again.content, again.path.read_bytes()) == (first.content, before)


def test_the_image_for_aws_holds_libraries_of_its_processor() -> None:
    with zipfile.ZipFile(made(LAMBDA)[2].path) as zipped:
        heads = {name: zipped.read(name)[:20] for name in zipped.namelist() if name.endswith(".so")}
    assert heads
    # By their ELF header: not every name says it.
    assert {name: int.from_bytes(head[18:20], "little") for name, head in heads.items()} == dict.fromkeys(
        heads, AARCH64
    )
    python = f"cpython-{LAMBDA.python.replace('.', '')}-"
    assert all(python in name or ".abi3." in name for name in heads)
