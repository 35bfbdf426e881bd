"""The services' own packages: importable from bytecode alone, and the same from both Pythons."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

from deploy import bytecode, imports, packages, templates
from deploy.errors import DeployError
from tests.toy import PIPELINE

ROOT = PIPELINE.parent

_BUILD = """
import json, sys
from pathlib import Path
from deploy import packages, templates
root = Path(sys.argv[1])
built = packages.build(templates.discover(root), packages.LAMBDA, root)
print(json.dumps({name: [package.key, package.code_sha256] for name, package in built.items()}))
"""


def test_every_handler_of_every_service_imports_and_nothing_is_compiled() -> None:
    found = [template for template in templates.discover(ROOT) if template.functions]
    built = packages.build(found, packages.HOST, ROOT)
    for template in found:
        results = imports.check(built[template.stack].path, template)
        assert [result.compiled for result in results] == [()] * len(template.functions)


def test_both_pythons_build_the_same_packages_for_lambda(tmp_path: Path) -> None:
    answers = []
    for version in ("3.11", "3.13"):
        try:
            python = bytecode.interpreter(version)
        except DeployError:
            pytest.skip(f"no CPython {version} on this machine")
        copy = tmp_path / version
        for folder in ("services", "shared", "infra", "pipeline"):
            ignored = shutil.ignore_patterns("tests", "local", "__pycache__")
            shutil.copytree(ROOT / folder, copy / folder, ignore=ignored)
        # PyYAML and hatchling are pure Python beside their optional speed-ups: one installation serves both.
        path = os.pathsep.join([str(PIPELINE), sysconfig.get_path("purelib")])
        command = [str(python), "-c", _BUILD, str(copy)]
        environment = {**os.environ, "PYTHONPATH": path}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        assert done.returncode == 0, done.stderr
        answers.append(json.loads(done.stdout))
    assert answers[0] == answers[1]
    assert {"api", "workers", "analytics"} <= set(answers[0])
