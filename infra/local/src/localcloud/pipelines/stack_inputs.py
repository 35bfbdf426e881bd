"""What a CloudFormation action deploys, from its artifacts and its configuration."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from localcloud.pipelines import artifact_store
from localcloud.pipelines.actions import Action, Location

_CONFIGURATION = {"Parameters", "Tags"}
_PARTS = {"BucketName", "ObjectKey"}


class BadInput(Exception):
    """An artifact, or the configuration, is not what the action needs; the text names it."""


@dataclass(frozen=True)
class Inputs:
    """``template``: where it is from, and its text. ``tags`` None: the stack keeps those it has."""

    location: Location
    file: str
    template: bytes
    parameters: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] | None = None


def read(action: Action) -> Inputs:
    """The template with its parameters and tags.

    Overrides win over the configuration file. A parameter that neither names has the template's default,
    whatever the stack has: as CloudFormation takes it where a caller does not ask for the previous value.
    """
    artifacts = Artifacts(action)
    wanted = action.configuration["TemplatePath"]
    location, file = artifacts.locate(wanted)
    parameters, tags = _file(artifacts, action.configuration.get("TemplateConfiguration", ""))
    overrides = _json(action.configuration.get("ParameterOverrides") or "{}", "ParameterOverrides")
    for name, value in overrides.items():
        parameters[name] = _override(artifacts, name, value)
    return Inputs(location, file, artifacts.content(wanted), parameters, tags)


class Artifacts:
    """The input artifacts of an action, each fetched once."""

    def __init__(self, action: Action) -> None:
        self._action = action
        self._zips: dict[str, zipfile.ZipFile] = {}

    def locate(self, path: str) -> tuple[Location, str]:
        """Where the artifact of ``Artifact::file`` lies, and the file in it."""
        name, _, file = path.partition("::")
        if not file:
            raise BadInput(f"{path!r} is no file of an artifact, which is written Artifact::file")
        return self.location(name), file

    def location(self, name: str) -> Location:
        """Where the artifact with this name lies."""
        if name not in self._action.inputs:
            known = ", ".join(sorted(self._action.inputs)) or "none"
            raise BadInput(f"{name} is no input artifact of this action: it has {known}")
        return self._action.inputs[name]

    def content(self, path: str) -> bytes:
        """The content of ``Artifact::file``."""
        location, file = self.locate(path)
        try:
            return self._zip(path.partition("::")[0], location).read(file)
        except KeyError:
            raise BadInput(f"there is no {path}") from None

    def _zip(self, name: str, location: Location) -> zipfile.ZipFile:
        if name not in self._zips:
            found = artifact_store.get(self._action.variables, location)
            try:
                self._zips[name] = zipfile.ZipFile(io.BytesIO(found))
            except zipfile.BadZipFile:
                raise BadInput(f"the artifact {name} is no zip") from None
        return self._zips[name]


def _file(artifacts: Artifacts, path: str) -> tuple[dict[str, str], dict[str, str] | None]:
    """Parameters and tags of a template configuration file."""
    if not path:
        return {}, None
    said = _json(artifacts.content(path).decode("utf-8", "replace"), path)
    unknown = ", ".join(sorted(set(said) - _CONFIGURATION))
    if unknown:
        raise BadInput(f"{unknown} in {path} is not honoured on the local cloud")
    for section in said:
        if not isinstance(said[section], dict):
            raise BadInput(f"{section} in {path} is no JSON object")
        wrong = [name for name, value in said[section].items() if not isinstance(value, str)]
        if wrong:
            raise BadInput(f"{section} in {path} has values that are no text: {', '.join(wrong)}")
    return dict(said.get("Parameters", {})), said.get("Tags")


def _override(artifacts: Artifacts, name: str, value: Any) -> str:
    """The value of an overridden parameter: text, or one of the pipeline's two functions."""
    if isinstance(value, str):
        return value
    match value:
        case {"Fn::GetParam": [str(artifact), str(file), str(key)]}:
            path = f"{artifact}::{file}"
            found = _json(artifacts.content(path).decode("utf-8", "replace"), path)
            if key not in found:
                raise BadInput(f"{path} has no {key}, which the parameter {name} is overridden by")
            return str(found[key])
        case {"Fn::GetArtifactAtt": [str(artifact), str(part)]} if part in _PARTS:
            location = artifacts.location(artifact)
            return location.bucket if part == "BucketName" else location.key
    raise BadInput(f"ParameterOverrides has a value for {name} that is not there on the local cloud: {value}")


def _json(text: str, where: str) -> dict[str, Any]:
    try:
        said = json.loads(text)
    except ValueError as error:
        raise BadInput(f"{where} is no JSON: {error}") from None
    if not isinstance(said, dict):
        raise BadInput(f"{where} is no JSON object")
    return said
