from __future__ import annotations

from pathlib import Path

import pytest

from deploy import stages, templates
from deploy.errors import DeployError
from tests.toy import Toy

ROOT = Path(__file__).resolve().parents[3]
DECLARED = "Parameters:\n  Limit: { Type: Number, Default: 0.5 }\n  Open: { Type: String, Default: true }\n"


@pytest.fixture
def base(toy: Toy) -> templates.Template:
    toy.replace("infra/base.yml", "Parameters:\n", DECLARED)
    return templates.discover(toy.root)[0]


def test_values_are_committed_beside_the_template_for_each_stage(toy: Toy, base: templates.Template) -> None:
    toy.write("infra/stages/base.yml", "dev: {Limit: 1, Open: false}\nprod: {Limit: [2, x]}\n")
    assert stages.values(base, "dev") == {"Limit": "1", "Open": "false"}
    assert stages.values(base, "prod") == {"Limit": "2,x"}


def test_a_template_without_a_file_has_its_defaults(base: templates.Template) -> None:
    assert stages.values(base, "dev") == {}
    assert stages.complete(base, {"Stage": "dev"}) == {"Stage": "dev", "Limit": "0.5", "Open": "true"}
    with pytest.raises(DeployError, match="nothing says what Stage is"):
        stages.complete(base, {})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("test: {}", "test is no stage"),
        ("dev: {Limits: 1}", "no parameter Limits; it has Limit, Open"),
        ("dev: {Stage: prod}", "no parameter Stage"),
        ("dev: [", "infra/stages/base.yml"),
    ],
)
def test_a_value_for_nothing_is_refused(toy: Toy, base: templates.Template, text: str, said: str) -> None:
    toy.write("infra/stages/base.yml", text)
    with pytest.raises(DeployError, match=said):
        stages.values(base, "dev")


def test_what_is_committed_fits_the_templates() -> None:
    files = {*ROOT.glob("infra/stages/*"), *ROOT.glob("services/*/stages.yml")}
    found = {stages.path(each): each for each in templates.discover(ROOT)}
    assert files <= set(found), "a file of values that belongs to no template"
    for path in files:
        for stage in stages.STAGES:
            stages.values(found[path], stage)
