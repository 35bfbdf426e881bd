"""What bootstrap.yml promises on AWS, whatever an emulator makes of it."""

from __future__ import annotations

from pathlib import Path

from deploy import templates
from deploy.artifacts import packaged

ROOT = Path(__file__).resolve().parents[3]
BOOTSTRAP = templates.load(ROOT / "pipeline" / "bootstrap.yml", ROOT)


def test_the_logging_role_can_be_set_in_an_account_that_never_had_an_api() -> None:
    setting = BOOTSTRAP.resources["ApiLogging"]
    first = BOOTSTRAP.resources[setting["DependsOn"]]
    assert first["Type"] == "AWS::ApiGateway::ApiKey"
    assert first["Properties"]["Enabled"] is False


def test_the_template_fits_into_a_request() -> None:
    assert len(packaged(BOOTSTRAP, "", None).encode()) <= 51_200
