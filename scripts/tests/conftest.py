from __future__ import annotations

from collections.abc import Iterator

import pytest
from moto import mock_aws


@pytest.fixture(autouse=True)
def aws_is_moto(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An endpoint in the developer's shell would lead past moto."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield
