"""What a buildspec says. Version 0.2; what is not done here is refused by its name, never passed over.

Takes the document as ``yaml.BaseLoader`` reads it: every scalar is text, so that ``yes`` and ``0.2`` stay
what was written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PHASES = ("install", "pre_build", "build", "post_build")
SHELLS = {"sh": "/bin/sh", "/bin/sh": "/bin/sh", "bash": "bash"}
REPORT_FORMATS = {"JUNITXML": "TEST", "COBERTURAXML": "CODE_COVERAGE"}
_VARIABLE = re.compile(r"[A-Za-z_]\w*")


class Malformed(Exception):
    """The buildspec cannot be followed; the message names the key."""


@dataclass(frozen=True)
class Phase:
    """Commands of one phase. ``on_failure`` is ABORT, CONTINUE, or "" for what the phase does by itself."""

    commands: tuple[str, ...] = ()
    finally_: tuple[str, ...] = ()
    on_failure: str = ""


@dataclass(frozen=True)
class Files:
    """Files of an artifact or of a report: patterns below a base directory."""

    patterns: tuple[str, ...]
    base: str = ""
    discard_paths: bool = False
    exclude: tuple[str, ...] = ()
    name: str = ""


@dataclass(frozen=True)
class Report:
    """Files of one format that go into a report group, which is named or has its ARN here."""

    group: str
    files: Files
    format: str


@dataclass(frozen=True)
class Cache:
    """What is kept from one build to the next. Without ``key`` there is one copy, which changes."""

    paths: tuple[str, ...] = ()
    key: str = ""
    fallback_keys: tuple[str, ...] = ()
    restores: bool = True
    saves: bool = True


@dataclass(frozen=True)
class Buildspec:
    """One buildspec."""

    phases: Mapping[str, Phase]
    shell: str = "/bin/sh"
    variables: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    exported: tuple[str, ...] = ()
    runtimes: Mapping[str, str] = field(default_factory=dict)
    reports: tuple[Report, ...] = ()
    artifacts: Files | None = None
    secondary_artifacts: Mapping[str, Files] = field(default_factory=dict)
    cache: Cache = field(default_factory=Cache)


def read(document: Any) -> Buildspec:
    """Return what it says; Malformed names what is wrong or not done here."""
    said = _mapping(document, "the buildspec")
    _only(said, "", "version", "env", "phases", "reports", "artifacts", "cache")
    if said.get("version") != "0.2":
        raise Malformed(f"version {said.get('version')!r}: only 0.2 is done here")
    environment = _mapping(said.get("env"), "env")
    _only(
        environment, "env.", "shell", "variables", "parameter-store", "secrets-manager", "exported-variables"
    )
    phases = _mapping(said.get("phases"), "phases")
    if not phases:
        raise Malformed("phases: there is none")
    _only(phases, "phases.", *PHASES)
    main, secondary = _artifacts(said)
    return Buildspec(
        phases={name: _phase(name, value) for name, value in phases.items()},
        shell=_shell(environment),
        variables=_variables(environment, "variables"),
        parameters=_variables(environment, "parameter-store"),
        secrets=_variables(environment, "secrets-manager"),
        exported=_texts(environment.get("exported-variables"), "env.exported-variables"),
        runtimes=_runtimes(_mapping(phases.get("install"), "phases.install")),
        reports=_reports(said),
        artifacts=main,
        secondary_artifacts=secondary,
        cache=_cache(_mapping(said.get("cache"), "cache")),
    )


def _shell(environment: Mapping[str, Any]) -> str:
    wanted = environment.get("shell", "sh")
    if wanted not in SHELLS:
        raise Malformed(f"env.shell {wanted!r}: {', '.join(SHELLS)} are done here")
    return SHELLS[wanted]


def _variables(environment: Mapping[str, Any], key: str) -> dict[str, str]:
    found = _mapping(environment.get(key), f"env.{key}")
    for name, value in found.items():
        if not _VARIABLE.fullmatch(name):
            raise Malformed(f"env.{key}: {name!r} is no name of a variable")
        if name.startswith("CODEBUILD_"):
            raise Malformed(f"env.{key}.{name}: names that begin with CODEBUILD_ are CodeBuild's own")
        _text(value, f"env.{key}.{name}")
    return dict(found)


def _phase(name: str, value: Any) -> Phase:
    where = f"phases.{name}."
    said = _mapping(value, where.rstrip("."))
    own = ("runtime-versions",) if name == "install" else ()
    _only(said, where, "commands", "finally", "on-failure", *own)
    on_failure = said.get("on-failure", "")
    if on_failure not in ("", "ABORT", "CONTINUE"):
        raise Malformed(f"{where}on-failure {on_failure!r}: ABORT and CONTINUE are done here")
    commands = _texts(said.get("commands"), f"{where}commands")
    if not commands and not said.get("runtime-versions"):
        raise Malformed(f"{where}commands: there is none")
    return Phase(commands, _texts(said.get("finally"), f"{where}finally"), on_failure)


def _runtimes(install: Mapping[str, Any]) -> dict[str, str]:
    wanted = _mapping(install.get("runtime-versions"), "phases.install.runtime-versions")
    _only(wanted, "phases.install.runtime-versions.", "python")
    return {name: _text(value, f"runtime-versions.{name}") for name, value in wanted.items()}


def _reports(said: Mapping[str, Any]) -> tuple[Report, ...]:
    reports = _mapping(said.get("reports"), "reports")
    return tuple(_report(name, value) for name, value in reports.items())


def _report(name: str, value: Any) -> Report:
    where = f"reports.{name}."
    said = _mapping(value, where.rstrip("."))
    _only(said, where, "files", "base-directory", "discard-paths", "file-format")
    wanted = said.get("file-format", "JUNITXML")
    if wanted not in REPORT_FORMATS:
        raise Malformed(f"{where}file-format {wanted!r}: {', '.join(REPORT_FORMATS)} are done here")
    return Report(name, _files(said, where), wanted)


def _artifacts(said: Mapping[str, Any]) -> tuple[Files | None, dict[str, Files]]:
    if "artifacts" not in said:
        return None, {}
    given = _mapping(said["artifacts"], "artifacts")
    known = ("files", "name", "discard-paths", "base-directory", "exclude-paths")
    _only(given, "artifacts.", *known, "secondary-artifacts")
    secondary: dict[str, Files] = {}
    for name, value in _mapping(given.get("secondary-artifacts"), "artifacts.secondary-artifacts").items():
        where = f"artifacts.secondary-artifacts.{name}."
        _only(_mapping(value, where.rstrip(".")), where, *known)
        secondary[name] = _files(value, where)
    # With secondary artifacts, those of the top are the primary ones, and need not be there.
    return (_files(given, "artifacts.") if "files" in given or not secondary else None), secondary


def _files(said: Mapping[str, Any], where: str) -> Files:
    patterns = _texts(said.get("files"), f"{where}files")
    if not patterns:
        raise Malformed(f"{where}files: there is none")
    base = _text(said.get("base-directory", ""), f"{where}base-directory")
    if any(sign in base for sign in "*?[$"):
        raise Malformed(f"{where}base-directory {base!r}: only a plain path is done here")
    return Files(
        patterns=patterns,
        base=base,
        discard_paths=_switch(said.get("discard-paths", "no"), f"{where}discard-paths"),
        exclude=_texts(said.get("exclude-paths"), f"{where}exclude-paths"),
        name=_text(said.get("name", ""), f"{where}name"),
    )


def _cache(said: Mapping[str, Any]) -> Cache:
    _only(said, "cache.", "paths", "key", "fallback-keys", "action")
    action = said.get("action", "")
    if action not in ("", "restore", "save"):
        raise Malformed(f"cache.action {action!r}: restore and save are done here")
    fallbacks = _texts(said.get("fallback-keys"), "cache.fallback-keys")
    if fallbacks and "key" not in said:
        raise Malformed("cache.fallback-keys: they are for a cache with a key")
    for path in (paths := _texts(said.get("paths"), "cache.paths")):
        if path.startswith(("/", "~", "$")) or ".." in path.split("/"):
            raise Malformed(f"cache.paths {path!r}: only paths below the source directory are done here")
    key = _text(said.get("key", ""), "cache.key")
    return Cache(paths, key, fallbacks, restores=action != "save", saves=action != "restore")


def _mapping(value: Any, where: str) -> dict[str, Any]:
    if value is None or value == "":
        return {}
    if not isinstance(value, dict):
        raise Malformed(f"{where}: a mapping is expected, and there is {value!r}")
    return value


def _only(said: Mapping[str, Any], where: str, *known: str) -> None:
    for key in said:
        if key not in known:
            raise Malformed(f"{where}{key} is not done on the local cloud")


def _texts(value: Any, where: str) -> tuple[str, ...]:
    if value is None or value == "":
        return ()
    if not isinstance(value, list):
        raise Malformed(f"{where}: a sequence is expected, and there is {value!r}")
    return tuple(_text(each, where) for each in value)


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise Malformed(f"{where}: text is expected, and there is {value!r}")
    return value


def _switch(value: Any, where: str) -> bool:
    if str(value).lower() not in ("yes", "true", "no", "false"):
        raise Malformed(f"{where} {value!r}: yes or no")
    return str(value).lower() in ("yes", "true")
