"""Template parameters that a person gives on the command line: ``STACK.NAME=VALUE``."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from deploy.errors import DeployError
from deploy.templates import Template

Settings = Mapping[str, Mapping[str, str]]  # stack → parameter → value


def parse(given: Iterable[str], templates: Mapping[str, Template], chosen: Collection[str]) -> Settings:
    """``["api.QueryConcurrency=0"]`` as ``{"api": {"QueryConcurrency": "0"}}``.

    Raises
    ------
    DeployError
        If one is not of that form, or names a stack that is not deployed now or a parameter it does not have.
    """
    found: dict[str, dict[str, str]] = {}
    for text in given:
        target, equals, value = text.partition("=")
        stack, dot, name = target.partition(".")
        if not (equals and dot):
            raise DeployError(f"--set {text}: write STACK.NAME=VALUE, for example api.QueryConcurrency=0")
        if stack not in chosen:
            raise DeployError(f"--set {text}: deployed now are {', '.join(sorted(chosen))}, and not {stack}")
        known = sorted(set(templates[stack].parameters) - {"Stage"})
        if name not in known:
            has = ", ".join(known) or "no parameter to set"
            raise DeployError(f"--set {text}: {templates[stack].where} has {has}, and not {name}")
        found.setdefault(stack, {})[name] = value
    return found
