"""One zip per service, with the same bytes for the same input, on any machine and by any Python >= 3.11.

A package holds the locked dependencies, wotr-common's pinned wheel, the service's ``src`` and the bytecode of
all of it. Sources stay beside their bytecode: a traceback shows lines, and the zip has room for them.

Kept under ``dist/``: installed dependencies by lock, bytecode by file, zips by all their input.
This module and what it imports need the standard library, PyYAML and the ``uv`` command only.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sysconfig
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from deploy import archive, bytecode, dependencies, wheels
from deploy.errors import DeployError
from deploy.templates import Template

MAX_ZIP_BYTES = 8 * 1024 * 1024
LOCK = "requirements.lock"
# What would not leave a service's zip within the budget, by the top-level names of its files: OpenSSL, in one
# file. It travels as a layer, for the functions that need it, where a service's lock has it.
LAYERED = re.compile(r"(?:cryptography|cffi|_cffi_backend|pycparser)[-./]")
LAYER_FOLDER = "python/"  # where Lambda's Python finds what is in a layer


@dataclass(frozen=True)
class Target:
    """What a package is built for; ``platform`` is uv's name for a foreign one."""

    name: str
    python: str
    platform: str

    @property
    def folder(self) -> str:
        return self.name if self.foreign else f"{self.name}-{self.python}"

    @property
    def foreign(self) -> tuple[str, str] | None:
        """Platform and Python version, where they are not this machine's."""
        return None if self.name == "host" else (self.platform, self.python)


LAMBDA = Target("lambda", "3.13", "aarch64-manylinux2014")
HOST = Target("host", sysconfig.get_python_version(), sysconfig.get_platform())
TARGETS = {target.name: target for target in (LAMBDA, HOST)}


@dataclass(frozen=True)
class Package:
    """A built zip.

    ``content`` is the hash of names, modes and bytes and makes the key; ``code_sha256`` is the archive's hash
    as Lambda reports it. ``size`` and ``unpacked`` are in bytes. ``layer`` is what travels beside it.
    """

    service: str
    target: str
    path: Path
    content: str
    code_sha256: str
    size: int
    unpacked: int
    reused: bool = False
    layer: Package | None = None

    @property
    def parts(self) -> tuple[Package, ...]:
        """The package, and its layer if it has one."""
        return (self, self.layer) if self.layer else (self,)

    @property
    def key(self) -> str:
        """The S3 key: the same content has the same key on any machine."""
        return f"wotr/{self.service}/{self.content}.zip"


@dataclass(frozen=True)
class _Plan:
    """One service, and everything its package depends on."""

    template: Template
    service: Path
    target: Target
    wheel: wheels.Wheel | None
    site: Path  # installed dependencies
    key: str  # hash of all input

    @property
    def name(self) -> str:
        return self.template.stack


def build(templates: Iterable[Template], target: Target, root: Path) -> dict[str, Package]:
    """Build the packages of those templates that have functions, by service name.

    Raises
    ------
    DeployError
        If a lock is missing or stale, a handler's module is not in the package, an interpreter for the
        bytecode is missing, or a zip is over the budget; it says what to do.
    """
    plans = [_plan(template, target, root) for template in templates if template.functions]
    done = {plan.name: found for plan in plans if (found := _stored(plan, root))}
    todo = [plan for plan in plans if plan.name not in done]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        sites = {plan.site: plan for plan in todo if not plan.site.exists()}
        list(pool.map(_install, sites.values()))
        files = dict(zip((plan.name for plan in todo), pool.map(_sources, todo), strict=True))
        merged = {name: path for found in files.values() for name, path in found.items()}
        # Services share most libraries: their bytecode is compiled once, for all together. Where two services
        # have different files of one name, _write compiles what is missing.
        bytecode.compile_all(python_files(merged), target.python, cache(root) / "bytecode")
        built = pool.map(lambda plan: _write(plan, files[plan.name], root), todo)
        done.update({package.service: package for package in built})
    return {plan.name: done[plan.name] for plan in plans}


def _plan(template: Template, target: Target, root: Path) -> _Plan:
    service = template.service
    if service is None:
        raise DeployError(
            f"{template.where} has functions, but only a service (services/*/template.yml) has code"
        )
    version = wheels.pinned_version(service)
    wheel = wheels.wheel(root, version) if version else None
    lock = service / LOCK
    if not lock.exists():
        raise DeployError(f"{lock.relative_to(root)} is missing: python3 noxfile.py -s lock")
    recipe = f"{_own_source()}\0{bytecode.RECIPE}\0{target}\0{wheel.digest if wheel else ''}\0"
    digest = hashlib.sha256(recipe.encode() + lock.read_bytes())
    site = cache(root) / "site" / digest.hexdigest()[:24]
    for name, path in _own(service).items():
        digest.update(f"\0{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}".encode())
    for function in template.functions:
        digest.update(f"\0{function.handler}".encode())
    return _Plan(template, service, target, wheel, site, digest.hexdigest())


@lru_cache
def _own_source() -> str:
    """Hash of the modules that make a package: a change in them rebuilds everything."""
    digest = hashlib.sha256()
    for module in ("packages.py", "dependencies.py", "archive.py", "bytecode.py"):
        digest.update(Path(__file__).with_name(module).read_bytes())
    return digest.hexdigest()


def _install(plan: _Plan) -> None:
    dependencies.install(plan.service / LOCK, plan.wheel, plan.site, plan.target.foreign)


def _own(service: Path) -> dict[str, Path]:
    return tree(service / "src")


def tree(folder: Path) -> dict[str, Path]:
    """Every file below ``folder`` by its name in the package; no caches, no hidden files."""
    found = {}
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != "__pycache__" and not name.endswith(".egg-info")]
        for name in names:
            if not name.startswith(".") and name != "py.typed":
                path = Path(place, name)
                found[path.relative_to(folder).as_posix()] = path
    return found


def python_files(files: dict[str, Path]) -> dict[str, Path]:
    """Those of ``files`` that are sources."""
    return {name: path for name, path in files.items() if name.endswith(".py")}


def _sources(plan: _Plan) -> dict[str, Path]:
    """All files of the package but the bytecode; every handler's module must be among them."""
    own = _own(plan.service)
    files = {**tree(plan.site), **own}
    for function in plan.template.functions:
        module = function.handler.rpartition(".")[0].replace(".", "/")
        if f"{module}.py" not in own:
            raise DeployError(
                f"{plan.template.where}:{function.line}: {function.logical_id} has the handler "
                f"{function.handler}, but there is no {plan.service.name}/src/{module}.py"
            )
    return files


def _write(plan: _Plan, files: dict[str, Path], root: Path) -> Package:
    started = time.perf_counter()
    python = python_files(files)
    compiled = bytecode.compile_all(python, plan.target.python, cache(root) / "bytecode")
    broken = sorted(set(python_files(_own(plan.service))) - set(compiled))
    if broken:
        raise DeployError(f"{plan.service.name}/src/{broken[0]} is no valid Python {plan.target.python}")
    heavy = {name for name in files if LAYERED.match(name)}
    if bool(heavy) != bool(plan.template.layers):
        raise DeployError(
            f"{plan.template.where}: {plan.service.name}/{LOCK} "
            + ("has what travels as a layer" if heavy else "has nothing that travels as a layer")
            + f", and the template {'no' if heavy else 'an'} AWS::Serverless::LayerVersion"
        )
    path = _zip(plan, root)
    package = _zipped(plan, {n: files[n] for n in files if n not in heavy}, compiled, plan.name, path)
    if heavy:
        beside = path.with_name(f"{plan.name}-layer.zip")
        layer = _zipped(plan, {n: files[n] for n in heavy}, compiled, f"{plan.name}-layer", beside)
        package = replace(package, layer=layer)
    record = {"input": plan.key, "seconds": round(time.perf_counter() - started, 2), **_recorded(package)}
    path.with_suffix(".json").write_text(json.dumps(record, indent=2) + "\n")
    return package


def _zipped(plan: _Plan, files: dict[str, Path], compiled: dict[str, Path], name: str, path: Path) -> Package:
    """A zip of ``files`` and their bytecode."""
    folder = "" if name == plan.name else LAYER_FOLDER
    content = {f"{folder}{each}": found.read_bytes() for each, found in files.items()}
    # The key leaves the bytecode out: it follows from the sources, and two patch releases of an interpreter
    # may differ in it. One source would have two keys, and a deployment would change nothing.
    digest = archive.content_hash(content, f"{bytecode.RECIPE} {plan.target}")
    for each, found in compiled.items():
        if each in files:
            compiled_name = bytecode.compiled_name(each, plan.target.python)
            content[f"{folder}{compiled_name}"] = found.read_bytes()
    archive.write(path, content)
    package = Package(
        service=name,
        target=plan.target.name,
        path=path,
        content=digest,
        code_sha256=archive.code_sha256(path),
        size=path.stat().st_size,
        unpacked=sum(map(len, content.values())),
    )
    _within_budget(package, content)
    return package


def _recorded(package: Package) -> dict[str, Any]:
    """A package as its record says it, paths as names of files beside the record."""
    layer = _recorded(package.layer) if package.layer else None
    return {**asdict(package), "path": package.path.name, "layer": layer}


def _within_budget(package: Package, content: dict[str, bytes]) -> None:
    if package.size <= MAX_ZIP_BYTES:
        return
    shares: dict[str, int] = {}
    for name, data in content.items():
        shares[name.split("/")[0]] = shares.get(name.split("/")[0], 0) + len(data)
    largest = sorted(shares, key=lambda name: -shares[name])[:5]
    package.path.unlink()
    raise DeployError(
        f"{package.service}: the zip has {package.size / 2**20:.1f} MiB, over the budget of "
        f"{MAX_ZIP_BYTES / 2**20:.0f} MiB. Largest before compression: "
        + ", ".join(f"{name} {shares[name] / 2**20:.1f} MiB" for name in largest)
    )


def _stored(plan: _Plan, root: Path) -> Package | None:
    """The package of an earlier build with the same input, if its zips are intact."""
    path = _zip(plan, root)
    try:
        record = json.loads(path.with_suffix(".json").read_text())
        if record.pop("input") != plan.key:
            return None
        record.pop("seconds")
        return _intact(record, path.parent)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _intact(record: dict[str, Any], folder: Path) -> Package | None:
    """The package that a record tells of, None where a zip of it is not what it was."""
    layer = _intact(record["layer"], folder) if record["layer"] else None
    package = Package(**{**record, "path": folder / record["path"], "reused": True, "layer": layer})
    whole = package.code_sha256 == archive.code_sha256(package.path)
    return package if whole and bool(layer) == bool(record["layer"]) else None


def _zip(plan: _Plan, root: Path) -> Path:
    return root / "dist" / "packages" / plan.target.folder / f"{plan.name}.zip"


def cache(root: Path) -> Path:
    """What is kept from build to build."""
    return root / "dist" / "cache"
