from __future__ import annotations

import re

import pytest

from deploy import settings, templates
from deploy.errors import DeployError
from tests.toy import Toy


@pytest.fixture
def known(toy: Toy) -> dict[str, templates.Template]:
    toy.replace("infra/base.yml", "Parameters:\n", "Parameters:\n  Email:\n    Type: String\n")
    return {template.stack: template for template in templates.everything(toy.root)}


def test_each_value_goes_to_its_stack_and_may_hold_anything(known: dict[str, templates.Template]) -> None:
    found = settings.parse(["base.Email=a=b.c"], known, ["base", "hello"])
    assert found == {"base": {"Email": "a=b.c"}}
    assert settings.parse([], known, ["base"]) == {}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("Email=x", "write STACK.NAME=VALUE"),
        ("base.Email", "write STACK.NAME=VALUE"),
        ("hello.Email=x", "deployed now are base, and not hello"),
        ("base.Mail=x", "infra/base.yml has Email, and not Mail"),
        ("base.Stage=prod", "infra/base.yml has Email, and not Stage"),
    ],
)
def test_what_no_stack_of_this_deployment_takes_is_refused(
    known: dict[str, templates.Template], given: str, message: str
) -> None:
    with pytest.raises(DeployError, match=re.escape(message)):
        settings.parse([given], known, ["base"])
