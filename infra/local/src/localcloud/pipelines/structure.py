"""What is wrong with a pipeline's definition: AWS's rules, and what is not there on the local cloud.

https://docs.aws.amazon.com/codepipeline/latest/userguide/reference-pipeline-structure.html
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from localcloud.pipelines import globs, providers, variables
from localcloud.pipelines.actions import unknown
from localcloud.pipelines.records import Declaration, Definition, run_order

_NAME = re.compile(r"[A-Za-z0-9.@_-]{1,100}")
_NAMESPACE = re.compile(r"[A-Za-z0-9@_-]{1,100}")
_MOST_PATTERNS, _MOST_FILTERS, _MOST_ORDER = 8, 3, 999
_SHORTEST_MINUTES, _LONGEST_MINUTES = 5, 86400
_RESERVED = {"codepipeline", "variables"}
_NOT_OF_PIPELINES = ("artifactStores",)
_NOT_OF_STAGES = ("blockers", "onFailure", "onSuccess", "beforeEntry")
_NOT_OF_ACTIONS = ("commands", "outputVariables", "environmentVariables")


class Problem(NamedTuple):
    """One thing that is wrong; ``code`` is the API's error."""

    code: str
    text: str


def problems(definition: Definition, region: str) -> list[Problem]:
    """Everything that is wrong with a definition."""
    found = [Problem("InvalidStructureException", text) for text in _of_pipeline(definition)]
    found += [Problem("InvalidStructureException", text) for text in _of_triggers(definition)]
    found += [Problem("InvalidStageDeclarationException", text) for text in _of_stages(definition["stages"])]
    for stage in definition["stages"]:
        for action in stage["actions"]:
            place = f"stage {stage['name']}, action {action['name']}"
            found += [
                Problem("InvalidActionDeclarationException", f"{place}: {text}")
                for text in _of_action(action, region)
            ]
    return found + [Problem("InvalidActionDeclarationException", text) for text in _of_artifacts(definition)]


def _of_pipeline(definition: Definition) -> Iterator[str]:
    if not _NAME.fullmatch(definition["name"]):
        yield f"{definition['name']!r} is no name of a pipeline"
    for key in _NOT_OF_PIPELINES:
        if definition.get(key):
            yield f"{key} is not there on the local cloud"
    if not definition.get("artifactStore"):
        yield "artifactStore is missing"
    mode = definition.get("executionMode", "SUPERSEDED")
    if mode == "PARALLEL":
        yield "executionMode PARALLEL is not there on the local cloud: QUEUED and SUPERSEDED are"
    if definition.get("pipelineType", "V1") != "V2":
        for key in ("variables", "triggers"):
            if definition.get(key):
                yield f"{key} are for pipelines of type V2"
        if mode != "SUPERSEDED":
            yield f"executionMode {mode} is for pipelines of type V2"
    yield from _twice("variable", (each["name"] for each in definition.get("variables", [])))


def _of_triggers(definition: Definition) -> Iterator[str]:
    connections = {
        action["name"]
        for stage in definition["stages"]
        for action in stage["actions"]
        if action["actionTypeId"]["provider"] == "CodeStarSourceConnection"
    }
    named = [each["gitConfiguration"]["sourceActionName"] for each in definition.get("triggers", [])]
    yield from _twice("trigger for the source action", named)
    for trigger in definition.get("triggers", []):
        git = trigger["gitConfiguration"]
        place = f"the trigger for {git['sourceActionName']}"
        if git["sourceActionName"] not in connections:
            yield f"{place} names no source action with a connection"
        if git.get("pullRequest"):
            yield f"{place}: pullRequest is not there on the local cloud"
        if len(git.get("push", [])) > _MOST_FILTERS:
            yield f"{place} has more than {_MOST_FILTERS} push filters"
        for push in git.get("push", []):
            yield from (f"{place}: {text}" for text in _of_push(push))


def _of_push(push: dict[str, Any]) -> Iterator[str]:
    if "tags" in push and ("branches" in push or "filePaths" in push):
        yield "tags and branches or filePaths do not go together in one push filter"
    for kind, patterns in push.items():
        for which in ("includes", "excludes"):
            if which in patterns and not 1 <= len(patterns[which]) <= _MOST_PATTERNS:
                yield f"{kind} {which} has {len(patterns[which])} patterns: 1 to {_MOST_PATTERNS} are allowed"
            yield from filter(None, map(globs.problem, patterns.get(which, [])))


def _of_stages(stages: list[Declaration]) -> Iterator[str]:
    if len(stages) < 2:
        yield "a pipeline has two stages at least"
    yield from _twice("stage", (stage["name"] for stage in stages))
    for number, stage in enumerate(stages):
        place = f"stage {stage['name']}"
        if not _NAME.fullmatch(stage["name"]):
            yield f"{stage['name']!r} is no name of a stage"
        if not stage["actions"]:
            yield f"{place} has no actions"
        for key in _NOT_OF_STAGES:
            if stage.get(key):
                yield f"{place}: {key} is not there on the local cloud"
        yield from (
            f"{place}: {text}" for text in _twice("action", (each["name"] for each in stage["actions"]))
        )
        sources = [action["actionTypeId"]["category"] == "Source" for action in stage["actions"]]
        if number == 0 and not all(sources):
            yield f"{place}: the first stage has source actions only"
        if number > 0 and any(sources):
            yield f"{place}: source actions are in the first stage only"


def _of_action(action: Declaration, region: str) -> Iterator[str]:
    if not _NAME.fullmatch(action["name"]):
        yield "this is no name of an action"
    if not 1 <= run_order(action) <= _MOST_ORDER:
        yield f"runOrder is 1 to {_MOST_ORDER}"
    if action.get("region", region) != region:
        yield f"region {action['region']}: actions in other regions are not there on the local cloud"
    timeout = action.get("timeoutInMinutes", _SHORTEST_MINUTES)
    if "timeoutInMinutes" in action and action["actionTypeId"]["category"] != "Approval":
        yield "timeoutInMinutes is for manual approvals only"
    if not _SHORTEST_MINUTES <= timeout <= _LONGEST_MINUTES:
        yield f"timeoutInMinutes is {_SHORTEST_MINUTES} to {_LONGEST_MINUTES}"
    namespace = action.get("namespace", "any")
    if namespace in _RESERVED or not _NAMESPACE.fullmatch(namespace):
        yield f"namespace {namespace} is reserved, or has other characters than letters, digits, @, _ and -"
    yield from _not_there(action)
    yield from _of_type(action)


def _not_there(action: Declaration) -> Iterator[str]:
    for key in _NOT_OF_ACTIONS:
        if action.get(key):
            yield f"{key} is not there on the local cloud"
    for artifact in action.get("outputArtifacts", []):
        if artifact.get("files"):
            yield f"files of the output artifact {artifact['name']} are for actions with commands only"
    for key, value in action.get("configuration", {}).items():
        for said in variables.malformed(value):
            yield f"{key} has #{{{said}}}, which is not a namespace, a period and a name"


def _of_type(action: Declaration) -> Iterator[str]:
    configuration = action.get("configuration", {})
    try:
        module, entry = providers.module(action["actionTypeId"]), providers.entry(action["actionTypeId"])
        wrong = unknown(module, configuration)
        yield from (f"configuration key {text}" for text in wrong)
        yield from () if wrong else providers.wrong(action["actionTypeId"], configuration)
    except providers.NotThere as error:
        yield str(error)
        return
    for key, (least, most) in (("inputArtifacts", entry.inputs), ("outputArtifacts", entry.outputs)):
        if not least <= len(action.get(key, [])) <= most:
            wanted = str(least) if least == most else f"{least} to {most}"
            yield f"{len(action.get(key, []))} {key}: {action['actionTypeId']['provider']} has {wanted}"


def _of_artifacts(definition: Definition) -> Iterator[str]:
    """Each artifact is made once, before it is used, and each namespace has one action."""
    stages: list[Declaration] = definition["stages"]
    every = [(number, action) for number, stage in enumerate(stages) for action in stage["actions"]]
    made = {
        artifact["name"]: (number, run_order(action))
        for number, action in every
        for artifact in action.get("outputArtifacts", [])
    }
    outputs = (artifact["name"] for _, action in every for artifact in action.get("outputArtifacts", []))
    yield from _twice("output artifact", outputs)
    yield from _twice("namespace", (action["namespace"] for _, action in every if "namespace" in action))
    for number, action in every:
        place, turn = f"stage {stages[number]['name']}, action {action['name']}", (number, run_order(action))
        for artifact in action.get("inputArtifacts", []):
            if made.get(artifact["name"], turn) >= turn:
                yield f"{place}: no action before it makes the input artifact {artifact['name']}"


def _twice(what: str, names: Iterable[str]) -> Iterator[str]:
    for name, count in Counter(names).items():
        if count > 1:
            yield f"there are {count} of the {what} {name}"
