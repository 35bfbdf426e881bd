"""The pipelines there are (inside the server). ``records.lock`` is held while they are changed."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator
from typing import Any

from ministack.core.responses import get_account_id, get_region

from localcloud import service_roles
from localcloud.pipelines import structure
from localcloud.pipelines.records import Definition, Pipeline, lock
from localcloud.services import Refusal

TOUCHES = service_roles.TOUCHES

SERVICE = "codepipeline.amazonaws.com"
_pipelines: dict[tuple[str, str, str], Pipeline] = {}


def _key(name: str) -> tuple[str, str, str]:
    return get_account_id(), get_region(), name


def find(name: str) -> Pipeline:
    """The pipeline of that name in the caller's account and region."""
    with lock:
        found = _pipelines.get(_key(name))
    if found is None:
        raise Refusal(
            "PipelineNotFoundException",
            f"Account '{get_account_id()}' does not have a pipeline with name '{name}'",
        )
    return found


def listed() -> list[Pipeline]:
    """The pipelines of the caller's account and region."""
    with lock:
        return [found for key, found in sorted(_pipelines.items()) if key[:2] == _key("")[:2]]


def with_triggers() -> list[Definition]:
    """Copies of the definitions that have triggers, in the caller's account and region."""
    with lock:
        return [copy.deepcopy(each.definition) for each in listed() if each.definition.get("triggers")]


def everywhere() -> list[Pipeline]:
    """All pipelines, whosesoever they are."""
    with lock:
        return list(_pipelines.values())


def create(definition: Definition, tags: dict[str, str]) -> Pipeline:
    """A new pipeline of what CreatePipeline was given."""
    with lock:
        if _key(definition["name"]) in _pipelines:
            raise Refusal(
                "PipelineNameInUseException",
                f"A pipeline with the name '{definition['name']}' already exists",
            )
        now = time.time()
        made = Pipeline(get_account_id(), get_region(), _checked(definition, 1), now, now, dict(tags))
        _pipelines[_key(made.name)] = made
        return made


def update(definition: Definition) -> Pipeline:
    """Another structure for a pipeline: one version more, whether or not anything differs, as on AWS."""
    with lock:
        found = find(definition["name"])
        found.definition = _checked(definition, found.version + 1)
        found.updated = time.time()
        for stage in set(found.transitions) - {each["name"] for each in found.stages}:
            del found.transitions[stage]
        return found


def delete(name: str) -> Pipeline | None:
    """The pipeline that was there."""
    with lock:
        return _pipelines.pop(_key(name), None)


def replace_all(said: Iterator[Pipeline]) -> None:
    """Forget all pipelines and take these."""
    with lock:
        _pipelines.clear()
        for each in said:
            _pipelines[each.account, each.region, each.name] = each


def there(pipeline: Pipeline) -> bool:
    """Whether it has not been deleted meanwhile."""
    return any(each is pipeline for each in everywhere())


def _checked(definition: Definition, version: int) -> Definition:
    wrong = structure.problems(definition, get_region())
    if wrong:
        raise Refusal(wrong[0].code, "; ".join(problem.text for problem in wrong))
    try:
        service_roles.credentials(definition["roleArn"], SERVICE, "CreatePipeline")
    except service_roles.NotTrusted as error:
        raise Refusal(
            "InvalidStructureException", f"CodePipeline may not act as this role: {error}"
        ) from None
    whole: dict[str, Any] = copy.deepcopy(definition)
    whole.setdefault("pipelineType", "V1")
    whole.setdefault("executionMode", "SUPERSEDED")
    for stage in whole["stages"]:
        for action in stage["actions"]:
            action.setdefault("runOrder", 1)
            for key in ("inputArtifacts", "outputArtifacts"):
                action.setdefault(key, [])
            action.setdefault("configuration", {})
    return whole | {"version": version}
