"""What a template's parameters are in each stage, as it is committed beside the template.

``services/<service>/stages.yml`` or ``infra/stages/<stack>.yml``: stage → parameter → value. Beside the
template and not in one file for all: a pipeline starts by the paths that a push changes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from deploy.errors import DeployError
from deploy.templates import Template

STAGES = ("dev", "prod")


def path(template: Template) -> Path:
    """Where the values of a template are committed; the file may be missing."""
    if template.path.name == "template.yml":
        return template.path.with_name("stages.yml")
    return template.path.parent / "stages" / f"{template.stack}.yml"


def values(template: Template, stage: str) -> dict[str, str]:
    """The committed values of a template's parameters in a stage.

    Raises
    ------
    DeployError
        If the file names a stage or a parameter that there is not.
    """
    file = path(template)
    if not file.exists():
        return {}
    where = file.relative_to(template.root).as_posix()
    try:
        said = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    except yaml.YAMLError as error:
        raise DeployError(f"{where}: {error}") from error
    known = set(template.parameters) - {"Stage"}
    for name, given in said.items():
        if name not in STAGES:
            raise DeployError(f"{where}: {name} is no stage; there are {', '.join(STAGES)}")
        for parameter in given or {}:
            if parameter not in known:
                has = ", ".join(sorted(known)) or "none"
                raise DeployError(f"{where}: {template.where} has no parameter {parameter}; it has {has}")
    return {name: text(value) for name, value in (said.get(stage) or {}).items()}


def complete(template: Template, given: dict[str, str]) -> dict[str, str]:
    """Every parameter of the template with its value: the given one, or else the template's default."""
    defaults = {
        name: text(declared["Default"])
        for name, declared in template.parameters.items()
        if "Default" in declared
    }
    missing = sorted(set(template.parameters) - set(defaults) - set(given))
    if missing:
        raise DeployError(f"{template.where}: nothing says what {', '.join(missing)} is")
    return {**defaults, **given}


def text(value: Any) -> str:
    """A value of YAML as CloudFormation takes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ",".join(map(text, value))
    return str(value)
