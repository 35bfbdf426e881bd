"""The deployed stage: its outputs, and users that nobody else has.

`WOTR_STAGE` names the stage; credentials, region and endpoint are the environment's.
"""

from __future__ import annotations

import secrets

import boto3
import pytest
from tests.integration.stage import STAGE


@pytest.fixture(scope="module")
def outputs() -> dict[str, str]:
    """Every export of the stage, as `stack.Output`."""
    pages = boto3.client("cloudformation").get_paginator("list_exports").paginate()
    found = {}
    for export in (each for page in pages for each in page["Exports"]):
        project, stack, stage, *output = export["Name"].split("-")
        if (project, stage) == ("wotr", STAGE):
            found[f"{stack}.{'-'.join(output)}"] = export["Value"]
    return found


@pytest.fixture
def user() -> str:
    """A user that nobody else has."""
    return f"workers-{secrets.token_hex(6)}"
