"""CloudFormation templates as the deployment sees them: exports, imports and functions.

PyYAML does the reading; the loader below only adds CloudFormation's short tags and remembers lines.
(cfn-flip, the library for the tags, loses the line numbers that our messages need.)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from deploy.errors import DeployError

BOOTSTRAP = "bootstrap"
SERVICE_PIPELINE = Path("pipeline/service-pipeline.yml")  # a stack for each deployable
_VARIABLE = re.compile(r"\$\{([^!}][^}]*)\}")


class TemplateError(DeployError):
    """A template that cannot be read, or that breaks a convention the deployment relies on."""


class Mapping(dict[str, Any]):
    """A YAML mapping that knows its line (1-based)."""

    line = 0


class _Loader(yaml.SafeLoader):
    """YAML as CloudFormation reads it: dates stay text, a repeated key is an error."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _mapping(loader: _Loader, node: yaml.MappingNode) -> Mapping:
    result = Mapping()
    result.line = node.start_mark.line + 1
    for key_node, value_node in node.value:
        key = str(loader.construct_object(key_node, deep=True))
        if key in result:
            raise yaml.constructor.ConstructorError(
                None, None, f"the key {key!r} appears twice", key_node.start_mark
            )
        result[key] = loader.construct_object(value_node, deep=True)
    return result


def _short_tag(loader: _Loader, name: str, node: yaml.Node) -> Mapping:
    """``!Sub x`` as ``{"Fn::Sub": x}``; ``!GetAtt A.b`` as the list form that every tool accepts."""
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = _mapping(loader, node)  # type: ignore[arg-type]
    if name == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    result = Mapping({name if name in ("Ref", "Condition") else f"Fn::{name}": value})
    result.line = node.start_mark.line + 1
    return result


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
_Loader.add_multi_constructor("!", _short_tag)


@dataclass(frozen=True)
class Export:
    """One exported output; ``name`` keeps ``${Stage}`` unresolved."""

    output: str
    name: str
    description: str
    line: int


@dataclass(frozen=True)
class Import:
    """One ``Fn::ImportValue``; ``name`` keeps ``${Stage}`` unresolved."""

    name: str
    line: int


@dataclass(frozen=True)
class Function:
    """One Lambda function of a template; ``alias`` is None where none is published.

    ``environment`` has a parameter's default for a reference to it, and "unknown" for what only a deployment
    knows.
    """

    logical_id: str
    handler: str
    alias: str | None
    environment: dict[str, str]
    line: int


@dataclass(frozen=True)
class Template:
    """One deployable template. ``stack`` is the short name: ``data``, ``api``, …"""

    path: Path
    stack: str
    body: Mapping
    root: Path

    @property
    def where(self) -> str:
        """The path as messages show it, relative to the repository."""
        return self.path.relative_to(self.root).as_posix()

    @cached_property
    def service(self) -> Path | None:
        """The folder of the service that the template's code is of, or None where it has no code.

        An infrastructure template borrows a service's code by naming it, as `CodeUri: ../services/auth/src`.
        """
        if self.path.name == "template.yml":
            return self.path.parent
        named = {
            (self.path.parent / uri).resolve().parent
            for resource in self.resources.values()
            if resource.get("Type") == "AWS::Serverless::Function"
            and isinstance(uri := (resource.get("Properties") or {}).get("CodeUri"), str)
        }
        if len(named) > 1:
            raise TemplateError(f"{self.where}: all its functions must be of one service's code")
        return named.pop() if named else None

    @property
    def on_request(self) -> bool:
        """Whether it is deployed only when it is named (`Metadata: wotr: deployed: on request`)."""
        said = ((self.body.get("Metadata") or {}).get("wotr") or {}).get("deployed", "always")
        if said not in ("always", "on request"):
            raise TemplateError(f"{self.where}: deployed is {said!r}, not 'always' or 'on request'")
        return bool(said == "on request")

    @property
    def stack_pattern(self) -> str:
        """The stack's name with ``${Stage}`` unresolved; the bootstrap stack serves all stages."""
        return f"wotr-{BOOTSTRAP}" if self.stack == BOOTSTRAP else f"wotr-{self.stack}-${{Stage}}"

    def stack_name(self, stage: str) -> str:
        return self.stack_pattern.replace("${Stage}", stage)

    @cached_property
    def exports(self) -> tuple[Export, ...]:
        return tuple(
            Export(
                output=output,
                name=self.literal(value["Export"].get("Name"), value.line),
                description=str(value.get("Description", "")).strip(),
                line=value.line,
            )
            for output, value in (self.body.get("Outputs") or {}).items()
            if isinstance(value, Mapping) and isinstance(value.get("Export"), dict)
        )

    @cached_property
    def imports(self) -> tuple[Import, ...]:
        """Every import once, at its first line."""
        found: dict[str, Import] = {}
        for node in _walk(self.body):
            if "Fn::ImportValue" in node:
                name = self.literal(node["Fn::ImportValue"], node.line)
                found.setdefault(name, Import(name, node.line))
        return tuple(found.values())

    @cached_property
    def functions(self) -> tuple[Function, ...]:
        shared = ((self.body.get("Globals") or {}).get("Function")) or {}
        return tuple(
            self._function(logical_id, resource, shared)
            for logical_id, resource in self.resources.items()
            if resource.get("Type") == "AWS::Serverless::Function"
        )

    @property
    def layers(self) -> tuple[str, ...]:
        """Logical ids of the layers that the service brings along."""
        kind = "AWS::Serverless::LayerVersion"
        return tuple(name for name, resource in self.resources.items() if resource.get("Type") == kind)

    @property
    def resources(self) -> dict[str, Mapping]:
        return self.body.get("Resources") or {}

    @property
    def parameters(self) -> dict[str, Mapping]:
        return self.body.get("Parameters") or {}

    def _function(self, logical_id: str, resource: Mapping, shared: dict[str, Any]) -> Function:
        own = resource.get("Properties") or {}
        handler = own.get("Handler", shared.get("Handler"))
        if not isinstance(handler, str) or "." not in handler:
            raise TemplateError(
                f"{self.where}:{resource.line}: function {logical_id} needs a literal Handler "
                "such as wotr_api.handlers.accept.handler"
            )
        variables = {
            **((shared.get("Environment") or {}).get("Variables") or {}),
            **((own.get("Environment") or {}).get("Variables") or {}),
        }
        alias = own.get("AutoPublishAlias", shared.get("AutoPublishAlias"))
        known = {name: self._known(value) for name, value in variables.items()}
        return Function(logical_id, handler, alias, known, resource.line)

    def _known(self, value: Any) -> str:
        if isinstance(value, dict) and value.get("Ref") in self.parameters:
            return str(self.parameters[value["Ref"]].get("Default", "dev"))
        if isinstance(value, dict) and list(value) == ["Fn::If"]:
            return self._known(value["Fn::If"][1])  # either is a value that the handler has to take
        return "unknown" if isinstance(value, dict) else str(value)

    def literal(self, value: Any, line: int) -> str:
        """An export's or import's name as text in which only ``${Stage}`` may be left open."""
        variables: dict[str, Any] = {}
        if isinstance(value, dict) and list(value) == ["Fn::Sub"]:
            value = value["Fn::Sub"]
            if isinstance(value, list):
                value, variables = value

        def resolve(match: re.Match[str]) -> str:
            name = match[1].strip()
            if name == "AWS::StackName":
                return self.stack_pattern
            replacement = variables.get(name)
            return replacement if isinstance(replacement, str) else "${" + name + "}"

        text = _VARIABLE.sub(resolve, value) if isinstance(value, str) else ""
        if not text or set(_VARIABLE.findall(text)) - {"Stage"}:
            raise TemplateError(
                f"{self.where}:{line}: cannot tell which export this names. Write an export as "
                "!Sub ${AWS::StackName}-<Output> and an import as "
                "Fn::ImportValue: !Sub wotr-<stack>-${Stage}-<Output>"
            )
        return text


def load(path: Path, root: Path, stack: str | None = None) -> Template:
    """Read one template.

    Raises
    ------
    TemplateError
        If it is no YAML mapping with ``Resources``; the message has file and line.
    """
    where = path.relative_to(root).as_posix()
    try:
        body = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506 (a SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise TemplateError(f"{where}:{line}: {error.problem}") from error
    if not isinstance(body, Mapping) or not isinstance(body.get("Resources"), dict):
        raise TemplateError(f"{where}:1: no CloudFormation template (it has no Resources)")
    name = stack or (path.parent.name if path.name == "template.yml" else path.stem)
    return Template(path, name, body, root)


def discover(root: Path) -> list[Template]:
    """Every deployable of the repository: infra/*.yml and services/*/template.yml, by stack name."""
    paths = [*root.glob("infra/*.yml"), *root.glob("services/*/template.yml")]
    templates = sorted((load(path, root) for path in paths), key=lambda template: template.stack)
    for first, second in pairwise(templates):
        if first.stack == second.stack:
            raise TemplateError(f"{first.where} and {second.where} both make the stack {first.stack!r}")
    return templates


def everything(root: Path) -> list[Template]:
    """The account-wide bootstrap template, which must be deployed before any other, and all deployables."""
    return [load(root / "pipeline" / "bootstrap.yml", root, BOOTSTRAP), *discover(root)]


def repository(start: Path | None = None) -> Path:
    """The repository's root: the nearest folder upwards that holds ``infra`` and ``services``."""
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / "infra").is_dir() and (folder / "services").is_dir():
            return folder
    raise DeployError(f"{here} is not inside the repository (no infra/ and services/ above it); use --root")


def _walk(node: Any) -> Iterator[Mapping]:
    if isinstance(node, Mapping):
        yield node
    if isinstance(node, dict):
        for value in node.values():
            yield from _walk(value)
    elif isinstance(node, list):
        for value in node:
            yield from _walk(value)
