"""The environment of a build's commands: where each variable comes from, and which wins."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from localcloud.builds.buildspec import Buildspec

Client = Callable[[str], Any]
_BATCH = 10  # names that one GetParameters takes


class Missing(Exception):
    """A parameter or a secret is not there, or has no such part."""


class Variable(NamedTuple):
    """A variable by its source: PLAINTEXT, PARAMETER_STORE or SECRETS_MANAGER."""

    value: str
    type: str = "PLAINTEXT"


def wanted(
    spec: Buildspec, project: Iterable[Mapping[str, str]], asked: Iterable[Mapping[str, str]]
) -> dict[str, Variable]:
    """By name, the last of: buildspec, project, who started the build."""
    found = {name: Variable(value) for name, value in spec.variables.items()}
    found |= {name: Variable(value, "PARAMETER_STORE") for name, value in spec.parameters.items()}
    found |= {name: Variable(value, "SECRETS_MANAGER") for name, value in spec.secrets.items()}
    for each in (*project, *asked):
        found[each["name"]] = Variable(each["value"], each.get("type", "PLAINTEXT"))
    return found


def resolved(variables: Mapping[str, Variable], client: Client) -> tuple[dict[str, str], set[str]]:
    """Values by name, and those that no log may show. Asks with the build's role; ClientError, Missing."""
    plain = {name: each.value for name, each in variables.items() if each.type == "PLAINTEXT"}
    parameters = {name: each.value for name, each in variables.items() if each.type == "PARAMETER_STORE"}
    secret = {name: each.value for name, each in variables.items() if each.type == "SECRETS_MANAGER"}
    values = _parameters(sorted(set(parameters.values())), client) if parameters else {}
    told = {name: values[parameter] for name, parameter in parameters.items()}
    hidden = {name: _secret(reference, client("secretsmanager")) for name, reference in secret.items()}
    return {**plain, **told, **hidden}, {value for value in hidden.values() if value.strip()}


def _parameters(names: list[str], client: Client) -> dict[str, str]:
    values: dict[str, str] = {}
    for start in range(0, len(names), _BATCH):
        request = {"Names": names[start : start + _BATCH], "WithDecryption": True}
        answer = client("ssm").get_parameters(**request)
        if missing := answer["InvalidParameters"]:
            raise Missing(f"there is no parameter {', '.join(missing)}")
        values |= {each["Name"]: each["Value"] for each in answer["Parameters"]}
    return values


def reference(said: str) -> dict[str, str]:
    """The parts of ``SECRET[:JSON-KEY[:VERSION-STAGE[:VERSION-ID]]]``; SECRET is a name or an ARN."""
    parts = said.split(":")
    length = 7 if said.startswith("arn:") else 1
    parts = [":".join(parts[:length]), *parts[length:], "", "", ""]
    return dict(zip(("SecretId", "key", "VersionStage", "VersionId"), parts, strict=False))


def _secret(said: str, client: Any) -> str:
    asked = reference(said)
    key = asked.pop("key")
    value = client.get_secret_value(**{name: part for name, part in asked.items() if part})["SecretString"]
    if not key:
        return str(value)
    try:
        return str(json.loads(value)[key])
    except (ValueError, KeyError, TypeError):
        raise Missing(f"the secret {asked['SecretId']} is no JSON with the key {key}") from None
