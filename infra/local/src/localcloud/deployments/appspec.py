"""The AppSpec of a Lambda deployment: which alias goes from which version to which, and its hooks.

https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-resources.html
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

import yaml

from localcloud.services import Body, Refusal

BEFORE, AFTER = "BeforeAllowTraffic", "AfterAllowTraffic"

_TYPE = "AWS::Lambda::Function"
_PROPERTIES = ("Name", "Alias", "CurrentVersion", "TargetVersion")


@dataclass(frozen=True)
class AppSpec:
    """One alias to shift; ``hooks`` by lifecycle event, the function that validates it."""

    function: str
    alias: str
    current: str
    target: str
    hooks: dict[str, str] = field(default_factory=dict)


def read(revision: Body) -> AppSpec:
    """The AppSpec of a revision; refuses what is none, or asks for anything that is not done here."""
    kind = revision.get("revisionType")
    if kind not in ("AppSpecContent", "String"):
        raise _invalid(f"revisions of type {kind} are not read on the local cloud; give AppSpecContent")
    content = (revision.get("appSpecContent") or revision.get("string") or {}).get("content") or ""
    try:
        document = yaml.safe_load(content)  # JSON is YAML
    except yaml.YAMLError as error:
        raise _invalid(f"the AppSpec can be read neither as JSON nor as YAML: {error}") from None
    if not isinstance(document, dict):
        raise _invalid("the AppSpec is empty")
    parts = {str(name).lower(): value for name, value in document.items()}
    if surplus := set(parts) - {"version", "resources", "hooks"}:
        raise _invalid(f"the AppSpec has {', '.join(sorted(surplus))}, which is not known")
    if str(parts.get("version")) not in ("0", "0.0"):
        raise _invalid("the AppSpec's version is 0.0")
    return _of(_pairs(parts.get("resources")), _pairs(parts.get("hooks")))


def written(spec: AppSpec, logical_id: str) -> Body:
    """A revision that says this, as CloudFormation gives it."""
    properties = (spec.function, spec.alias, spec.current, spec.target)
    resource = {"Type": _TYPE, "Properties": dict(zip(_PROPERTIES, properties, strict=True))}
    document = {
        "version": 0.0,
        "Resources": [{logical_id: resource}],
        "Hooks": [{event: function} for event, function in spec.hooks.items()],
    }
    content = json.dumps(document)
    digest = hashlib.sha256(content.encode()).hexdigest()
    return {"revisionType": "AppSpecContent", "appSpecContent": {"content": content, "sha256": digest}}


def _of(resources: dict[str, Any], hooks: dict[str, Any]) -> AppSpec:
    if len(resources) != 1:
        raise _invalid("the AppSpec names one Lambda function, no more and no less")
    (resource,) = resources.values()
    if not isinstance(resource, dict) or resource.get("Type") != _TYPE:
        raise _invalid(f"the AppSpec's resource is of type {_TYPE}")
    properties = resource.get("Properties") or {}
    if missing := [name for name in _PROPERTIES if not properties.get(name)]:
        raise _invalid(f"the AppSpec lacks {', '.join(missing)}")
    if surplus := sorted(set(properties) - set(_PROPERTIES)):
        raise _invalid(f"the AppSpec has {', '.join(surplus)}, which is not known")
    if surplus := sorted(set(hooks) - {BEFORE, AFTER}):
        raise _invalid(f"a Lambda deployment has no hook {', '.join(surplus)}")
    function, alias, current, target = (str(properties[name]) for name in _PROPERTIES)
    return AppSpec(function, alias, current, target, {event: str(hooks[event]) for event in hooks})


def _pairs(said: Any) -> dict[str, Any]:
    """A map, or a list of maps of one, as one map."""
    if said is None:
        return {}
    if isinstance(said, dict):
        return said
    if isinstance(said, list) and all(isinstance(each, dict) for each in said):
        return {name: value for each in said for name, value in each.items()}
    raise _invalid("Resources and Hooks of an AppSpec are maps")


def _invalid(words: str) -> Refusal:
    return Refusal("InvalidRevisionException", words)
