"""Variables in the configuration of actions: ``#{namespace.name}``.

https://docs.aws.amazon.com/codepipeline/latest/userguide/reference-variables.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_REFERENCE = re.compile(r"#\{([^{}]*)\}")
_FORM = re.compile(r"([A-Za-z0-9@_-]+)\.([A-Za-z0-9@_.-]+)")


class Unknown(Exception):
    """A variable that nobody has set."""


def malformed(text: str) -> list[str]:
    """References in ``text`` that are not a namespace and a name."""
    return [said for said in _REFERENCE.findall(text) if not _FORM.fullmatch(said)]


def resolve(text: str, namespaces: Mapping[str, Mapping[str, str]]) -> str:
    """``text`` with the values of its variables; Unknown names the one that is not there."""

    def value(match: re.Match[str]) -> str:
        said = match.group(1)
        form = _FORM.fullmatch(said)
        if form is None:
            raise Unknown(f"#{{{said}}} is no variable: a namespace, a period and a name are")
        namespace, name = form.groups()
        if namespace not in namespaces:
            there = ", ".join(sorted(namespaces))
            raise Unknown(
                f"#{{{said}}}: no action before this one has the namespace {namespace}, only {there}"
            )
        if name not in namespaces[namespace]:
            there = ", ".join(sorted(namespaces[namespace])) or "nothing"
            raise Unknown(f"#{{{said}}}: the namespace {namespace} has no variable {name}, only {there}")
        return namespaces[namespace][name]

    return _REFERENCE.sub(value, text)
