"""Each layout contract holds on a clean tree and catches what is planted against it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tools import contracts
from tools.shell import Failed

PYTHON = Path(sys.executable)
FILES = {
    "services/api/src/wotr_api/__init__.py": "",
    "services/api/src/wotr_api/plan.py": "from wotr_common import keys\n",
    "services/api/src/wotr_api/store.py": "import boto3\n",
    "services/api/src/wotr_api/functions.py": "import boto3\n",
    "services/api/src/wotr_api/handlers/__init__.py": "",
    "services/api/src/wotr_api/handlers/accept.py": "from wotr_api import plan, store\n",
    "services/workers/src/wotr_workers/__init__.py": "",
    "shared/src/wotr_common/__init__.py": "",
    "shared/src/wotr_common/keys.py": "",
    "infra/local/src/localcloud/__init__.py": "import ministack\n",
    "pipeline/deploy/__init__.py": "import boto3\n",
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path


def test_a_clean_tree_is_accepted(tree: Path) -> None:
    contracts.check(PYTHON, tree)


@pytest.mark.parametrize(
    ("place", "line", "contract"),
    [
        (
            "services/api/src/wotr_api/plan.py",
            "import wotr_workers",
            "A service never imports another service",
        ),
        ("shared/src/wotr_common/keys.py", "import wotr_api.plan", "The shared library imports no service"),
        ("services/api/src/wotr_api/store.py", "import deploy", "What is deployed imports no tooling"),
        ("shared/src/wotr_common/keys.py", "import localcloud", "What is deployed imports no tooling"),
        ("services/api/src/wotr_api/store.py", "import ministack", "Only infra/local knows MiniStack"),
        ("pipeline/deploy/__init__.py", "from ministack import app", "Only infra/local knows MiniStack"),
        ("services/api/src/wotr_api/handlers/accept.py", "import boto3", "Only adapters import the AWS SDK"),
        (
            "services/api/src/wotr_api/plan.py",
            "from boto3 import client",
            "Only adapters import",
        ),
    ],
)
def test_a_planted_breach_is_named(tree: Path, place: str, line: str, contract: str) -> None:
    (tree / place).write_text(f"{FILES[place]}{line}\n")
    with pytest.raises(Failed) as failure:
        contracts.check(PYTHON, tree)
    broken = str(failure.value).partition("Broken contracts")[2]
    assert contract in broken


def test_a_tree_without_services_is_accepted(tmp_path: Path) -> None:
    contracts.check(PYTHON, tmp_path)
    (tmp_path / "shared/src/wotr_common").mkdir(parents=True)
    (tmp_path / "shared/src/wotr_common/__init__.py").touch()
    contracts.check(PYTHON, tmp_path)


def test_the_sdks_types_and_exceptions_may_be_imported_anywhere(tree: Path) -> None:
    guarded = "from botocore.exceptions import ClientError\n"
    guarded += "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import boto3\n"
    (tree / "services/api/src/wotr_api/plan.py").write_text(guarded)
    contracts.check(PYTHON, tree)
