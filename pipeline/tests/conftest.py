from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from deploy import packages, templates
from tests.toy import Toy


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, the installed dependencies and the bytecode of an unchanged toy, made once."""
    root = tmp_path_factory.mktemp("built")
    Toy(root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UV_OFFLINE", "1")
        packages.build(templates.discover(root), packages.HOST, root)
    shutil.rmtree(root / "dist" / "packages")
    return root / "dist"


@pytest.fixture
def toy(tmp_path: Path, built: Path, monkeypatch: pytest.MonkeyPatch) -> Toy:
    """A small repository; uv may not reach the network while it is built."""
    monkeypatch.setenv("UV_OFFLINE", "1")
    made = Toy(tmp_path / "repository")
    shutil.copytree(built, made.root / "dist")
    return made
