from __future__ import annotations

from pathlib import Path

import pytest

from tests.toy import Toy


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Toy:
    """A small repository; uv may not reach the network while it is built."""
    monkeypatch.setenv("UV_OFFLINE", "1")
    return Toy(tmp_path / "repository")
