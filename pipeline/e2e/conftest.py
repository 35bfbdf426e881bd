"""Black-box tests of a deployed stage: what a caller outside the platform could use, and the console's APIs.

`WOTR_STAGE` names the stage; credentials and endpoint are the environment's.
"""

from __future__ import annotations

import os
import secrets

import pytest

from stage_client import Stage


@pytest.fixture(scope="session")
def stage() -> Stage:
    return Stage(os.environ.get("WOTR_STAGE", "dev"))


@pytest.fixture
def user_id() -> str:
    """A user that nobody else has."""
    return f"e2e-{secrets.token_hex(8)}"
