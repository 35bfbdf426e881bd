"""The layout's rules about imports, as import-linter contracts.

The contracts are written from the tree at each run, because import-linter refuses a package that does
not exist: a new service is held by all of them without anybody adding its name.
"""

from __future__ import annotations

import configparser
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tools.shell import ROOT, Command, Failed, capture

# Modules (or packages) of a service that may import the AWS SDK. Handlers are thin, the rest decides.
ADAPTERS = frozenset(
    {"bus", "clients", "config", "functions", "objects", "parameters", "queue", "queues", "store", "topics"}
)
# botocore's exceptions may be caught anywhere: which failures are worth a retry is a decision
AWS_SDK = ("boto3",)


@dataclass(frozen=True)
class Layout:
    """The import packages of a tree, by directory: ``{package: its directory}``."""

    services: dict[str, Path]
    shared: dict[str, Path]
    local: dict[str, Path]
    pipeline: dict[str, Path]

    @classmethod
    def of(cls, root: Path) -> Layout:
        """Read the layout of the project at ``root``; what does not exist yet is left out."""
        return cls(
            services=_packages(sorted(root.glob("services/*/src/*"))),
            shared=_packages(sorted(root.glob("shared/src/*"))),
            local=_packages(sorted(root.glob("infra/local/src/*"))),
            pipeline=_packages(sorted(root.glob("pipeline/*"))),
        )

    @property
    def everything(self) -> dict[str, Path]:
        """All packages."""
        return self.services | self.shared | self.local | self.pipeline

    def plain(self) -> list[str]:
        """Return the modules of services that import no AWS SDK: all but the adapters."""
        return [
            name
            for package, path in self.services.items()
            for name in _modules(package, path)
            if ADAPTERS.isdisjoint(name.split("."))
        ]


def check(python: Path, root: Path = ROOT) -> None:
    """Hold the tree at ``root`` to the contracts; ``python`` has import-linter. Failed shows breaches."""
    layout = Layout.of(root)
    if not layout.everything:
        return
    written = root / ".nox" / "contracts.ini"
    written.parent.mkdir(exist_ok=True)
    with written.open("w", encoding="utf-8") as file:
        contracts(layout).write(file)
    paths = os.pathsep.join(sorted({str(path.parent) for path in layout.everything.values()}))
    command: Command = [python.parent / "lint-imports", "--config", written, "--no-cache"]
    code, output = capture(command, env={"PYTHONPATH": paths}, cwd=root)
    if code:
        raise Failed(output.strip())


def contracts(layout: Layout) -> configparser.ConfigParser:
    """Return import-linter's configuration for ``layout``."""
    made = configparser.ConfigParser()
    made["importlinter"] = {
        "root_packages": _lines(layout.everything),
        "include_external_packages": "True",
        "exclude_type_checking_imports": "True",
    }
    shipped = [*layout.services, *layout.shared]
    everywhere_else = [name for name in layout.everything if name not in layout.local]
    if len(layout.services) > 1:
        made["importlinter:contract:services"] = {
            "name": "A service never imports another service",
            "type": "independence",
            "modules": _lines(layout.services),
        }
    rules = [
        ("shared", "The shared library imports no service", [*layout.shared], [*layout.services]),
        ("shipped", "What is deployed imports no tooling", shipped, [*layout.local, *layout.pipeline]),
        ("ministack", "Only infra/local knows MiniStack", everywhere_else, ["ministack"]),
        (
            "sdk",
            "Only adapters import the AWS SDK; handlers and decisions do not",
            layout.plain(),
            [*AWS_SDK],
        ),
    ]
    for key, name, sources, forbidden in rules:
        if sources and forbidden:
            made[f"importlinter:contract:{key}"] = {
                "name": name,
                "type": "forbidden",
                "source_modules": _lines(sources),
                "forbidden_modules": _lines(forbidden),
                # a decision may call an adapter, and a package of decisions may contain one
                "allow_indirect_imports": str(key == "sdk"),
                "as_packages": str(key != "sdk"),
            }
    return made


def _packages(paths: list[Path]) -> dict[str, Path]:
    return {path.name: path for path in paths if (path / "__init__.py").is_file()}


def _modules(package: str, directory: Path) -> list[str]:
    files = sorted(directory.rglob("*.py"))
    names = [".".join([package, *file.relative_to(directory).with_suffix("").parts]) for file in files]
    return [name.removesuffix(".__init__") for name in names]


def _lines(names: Iterable[str]) -> str:
    return "\n" + "\n".join(names)
