"""What service-pipeline.yml promises, for each deployable that it is deployed for."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from checks import changes
from deploy import build, closure, templates

ROOT = Path(__file__).resolve().parents[3]
TEMPLATE = templates.load(ROOT / "pipeline" / "service-pipeline.yml", ROOT, "pipeline")
BOOTSTRAP = templates.load(ROOT / "pipeline" / "bootstrap.yml", ROOT, "bootstrap")
PIPELINE = TEMPLATE.resources["Pipeline"]["Properties"]
VARIABLE = re.compile(r"#\{([\w.]+)\}")


def stages(library: bool) -> dict[str, list[dict[str, Any]]]:
    """The stages' actions by name, as a stack or the library gets them."""
    found = {}
    for entry in PIPELINE["Stages"]:
        stage = entry["Fn::If"][2 if library else 1] if "Fn::If" in entry else entry
        if "Name" in stage:
            found[stage["Name"]] = stage["Actions"]
    return found


STACK = stages(library=False)
ACTIONS = {
    (stage, action["Name"]): action.get("Configuration", {}) for stage in STACK for action in STACK[stage]
}


def test_the_library_is_built_and_a_stack_goes_all_the_way() -> None:
    assert list(stages(library=True)) == ["Source", "Build"]
    assert list(STACK) == ["Source", "Build", "Dev", "Verify", "Prod", "Smoke"]


def test_the_bootstrap_stack_exports_what_a_pipeline_imports() -> None:
    exported = {export.name for export in BOOTSTRAP.exports}
    assert {wanted.name for wanted in TEMPLATE.imports} - exported == set()
    assert TEMPLATE.imports


@pytest.mark.parametrize("deployable", build.deployables(ROOT))
def test_every_deployable_can_have_one(deployable: str) -> None:
    assert re.fullmatch(TEMPLATE.parameters["Deployable"]["AllowedPattern"], deployable)
    assert "," not in "".join(closure.filters(ROOT)[deployable]), "the parameter is a comma-delimited list"


def test_prod_gets_the_template_of_prod_with_its_values_after_dev_was_verified() -> None:
    for stage, place in {"dev": "Dev", "prod": "Prod"}.items():
        made, done = ACTIONS[place, "Prepare"], ACTIONS[place, "Execute"]
        assert made["TemplatePath"] == f"Built::template-{stage}.json"
        assert made["TemplateConfiguration"] == f"Built::configuration-{stage}.json"
        assert made["StackName"] == done["StackName"] == {"Fn::Sub": f"wotr-${{Deployable}}-{stage}"}
        assert made["ChangeSetName"] == done["ChangeSetName"] == "wotr-delivery"
    names = list(STACK)
    assert names.index("Dev") < names.index("Verify") < names.index("Prod")


@pytest.mark.parametrize(
    ("place", "check", "stage"),
    [
        (("Verify", "Verify"), "verify", "dev"),
        (("Prod", "Summarise"), "summary", "prod"),
        (("Prod", "Traffic"), "traffic", "prod"),
        (("Smoke", "Smoke"), "smoke", "prod"),
    ],
)
def test_checks_are_asked_of_the_stage_that_was_deployed(
    place: tuple[str, str], check: str, stage: str
) -> None:
    said = {each["name"]: each["value"] for each in json.loads(ACTIONS[place]["EnvironmentVariables"])}
    assert (said["CHECK"], said["WOTR_STAGE"]) == (check, stage)
    if check in ("summary", "traffic"):
        assert said["WOTR_CHANGE_SET"] == ACTIONS["Prod", "Prepare"]["ChangeSetName"]


def test_checks_are_counted_apart_from_builds_and_never_wait_for_them() -> None:
    small = "BUILD_GENERAL1_SMALL"
    assert TEMPLATE.resources["CheckProject"]["Properties"]["Environment"]["ComputeType"] == small
    assert small not in TEMPLATE.parameters["BuildCompute"]["AllowedValues"]


def test_whoever_approves_reads_commit_changes_and_results_within_a_thousand_characters() -> None:
    text = ACTIONS["Prod", "Approve"]["CustomData"]["Fn::Sub"]
    longest = {
        "Source.CommitId": 40,
        "Source.BranchName": 60,
        "Summarise.CHANGES": changes.LIMIT,
        "Verify.RESULTS": 60,
    }
    assert set(VARIABLE.findall(text)) == set(longest)
    spelled = VARIABLE.sub(lambda found: "x" * longest[found[1]], text).replace("${Deployable}", "x" * 15)
    assert len(spelled) <= 1000


def test_every_variable_is_told_by_an_action_before() -> None:
    exported = (ROOT / "pipeline" / "check.buildspec.yml").read_text()
    namespaces = {action.get("Namespace"): action["Name"] for actions in STACK.values() for action in actions}
    for configuration in ACTIONS.values():
        for name in VARIABLE.findall(json.dumps(configuration)):
            namespace, _, variable = name.partition(".")
            assert namespace in namespaces
            assert namespace == "Source" or f"    - {variable}\n" in exported


def test_prod_is_prepared_summed_up_approved_and_deployed_with_traffic_beside_it() -> None:
    assert {action["Name"]: action["RunOrder"] for action in STACK["Prod"]} == {
        "Prepare": 1,
        "Summarise": 2,
        "Approve": 3,
        "Execute": 4,
        "Traffic": 4,
    }
