"""What a pipeline may not do: reach prod without a person, overtake itself, keep who pushed waiting."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from cfnlint.template import Template

from tools.template_rules import _house

PIPELINE = "AWS::CodePipeline::Pipeline"
# modes of CloudFormation's actions that change a stack
CHANGING = ("CHANGE_SET_EXECUTE", "CREATE_UPDATE", "DELETE_ONLY", "REPLACE_ON_FAILURE")
MOST_PATTERNS = 8
MOST_BUILDS = 2


class Action(NamedTuple):
    """One action, its place in the template and its turn: stage by stage, in a stage by run order."""

    path: _house.Path
    turn: tuple[int, int]
    described: dict[str, Any]

    @property
    def provider(self) -> str:
        return str(_house.dig(self.described, "ActionTypeId", "Provider"))

    def setting(self, name: str) -> Any:
        return _house.dig(self.described, "Configuration", name)

    @property
    def changes(self) -> bool:
        """Whether it changes a stack."""
        return self.provider == "CloudFormation" and self.setting("ActionMode") in CHANGING


class ApprovedProd(_house.HouseRule):
    """What the tests of a stage cannot know, a person has to say."""

    id = "E9016"
    shortdesc = "Whatever changes a stack of prod stands behind a manual approval"
    description = "A Manual action of an earlier stage or run order comes before each change of a prod stack"

    def breaches(self, cfn: Template) -> Iterator[_house.Breach]:
        for _, every in _pipelines(cfn):
            asked = [action.turn for action in every if action.provider == "Manual"]
            for action in every:
                prod = "prod" in str(action.setting("StackName"))
                if action.changes and prod and not any(turn < action.turn for turn in asked):
                    yield action.path, "this changes prod, and no manual approval stands before it"


class FewBuilds(_house.HouseRule):
    """Whoever pushes waits for what comes before the first stage that they can look at."""

    id = "E9017"
    shortdesc = "At most two builds come before the first stack is changed"
    description = "CodeBuild actions before the first CloudFormation action that changes a stack"

    def breaches(self, cfn: Template) -> Iterator[_house.Breach]:
        for path, every in _pipelines(cfn):
            first = min((action.turn for action in every if action.changes), default=None)
            builds = [
                action for action in every if action.provider == "CodeBuild" and first and action.turn < first
            ]
            if len(builds) > MOST_BUILDS:
                yield path, f"{len(builds)} builds before the first deployment; {MOST_BUILDS} are the most"


class InOrder(_house.HouseRule):
    """A push that overtakes another leaves prod with the older one."""

    id = "E9018"
    shortdesc = "Executions of a pipeline queue, and pushes of certain files start them"
    description = "PipelineType V2, ExecutionMode QUEUED, and push triggers with at most eight file paths"

    def breaches(self, cfn: Template) -> Iterator[_house.Breach]:
        for name, properties in _house.resources(cfn, PIPELINE).items():
            path: _house.Path = ["Resources", name, "Properties"]
            if (properties.get("PipelineType"), properties.get("ExecutionMode")) != ("V2", "QUEUED"):
                yield path, f"{name} needs PipelineType: V2 and ExecutionMode: QUEUED"
            pushes = [
                push
                for trigger in properties.get("Triggers") or []
                for push in _house.dig(trigger, "GitConfiguration", "Push") or []
            ]
            paths = [_house.dig(push, "FilePaths", "Includes") for push in pushes]
            if not paths or not all(paths):
                yield path, f"{name} needs a push trigger with FilePaths: Includes"
            for found in paths:
                if isinstance(found, list) and len(found) > MOST_PATTERNS:
                    yield path, f"{len(found)} file paths; {MOST_PATTERNS} are the most"


class WatchedCanary(_house.HouseRule):
    """A version that fails is taken back by an alarm, before most of its callers have met it."""

    id = "E9019"
    shortdesc = "A function's alias moves by canary, and an alarm takes it back"
    description = "DeploymentPreference with a canary among its types and with alarms; not for hooks"

    def breaches(self, cfn: Template) -> Iterator[_house.Breach]:
        if _house.dig(cfn.template, "Metadata", "wotr", "deployed") == "on request":
            return  # no pipeline delivers it
        functions = _house.resources(cfn, "AWS::Serverless::Function")
        wanted = {name: found.get("DeploymentPreference") or {} for name, found in functions.items()}
        hooks = {
            _house.logical_id(hook)
            for preference in wanted.values()
            for hook in (preference.get("Hooks") or {}).values()
        }
        for name, preference in wanted.items():
            off = str(preference.get("Enabled", True)).lower() == "false"
            canary = any("Canary" in str(kind) for kind in _house.alternatives(preference.get("Type")))
            alarmed = any(_house.listed(each) for each in _house.alternatives(preference.get("Alarms")))
            if name not in hooks and (off or not canary or not alarmed):
                yield (
                    ["Resources", name],
                    f"{name} needs a DeploymentPreference with a canary and with alarms that take it back",
                )


def _pipelines(cfn: Template) -> Iterator[tuple[_house.Path, list[Action]]]:
    for name, properties in _house.resources(cfn, PIPELINE).items():
        path: _house.Path = ["Resources", name, "Properties", "Stages"]
        yield path, list(_actions(properties.get("Stages") or [], path))


def _actions(stages: list[Any], path: _house.Path) -> Iterator[Action]:
    for number, entry in enumerate(stages):
        for stage in _house.alternatives(entry):
            for index, action in enumerate(stage.get("Actions") or []):
                where = [*path, number] if stage is not entry else [*path, number, "Actions", index]
                yield Action(where, (number, int(action.get("RunOrder", 1))), action)
