from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def aws_is_moto(monkeypatch: pytest.MonkeyPatch) -> None:
    """An endpoint in the developer's shell would lead past moto."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
