"""The wheel store: wotr-common's wheels under ``dist/wheels``, by version.

A service pins one exact version. The current version's wheel is built from the working tree, an older one
from its git tag ``common-vX.Y.Z`` or, in a clone without tags, from the commit that released it. A
published version never changes: ``shared/releases.lock`` holds the hash of each one's content, and a wheel
that does not match is refused. Archive hashes would not do: another zlib compresses differently.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from dataclasses import dataclass
from email.parser import Parser
from pathlib import Path
from typing import Any

from deploy.errors import DeployError

LIBRARY = "wotr-common"
_CONTENT_FIELDS = ("Name", "Version", "Requires-Python", "Requires-Dist", "Provides-Extra")
_LINE = re.compile(r"(?P<version>\d+\.\d+\.\d+) (?P<digest>[0-9a-f]{64})")


class ReleaseError(DeployError):
    """wotr-common's content and ``shared/releases.lock`` do not agree."""


@dataclass(frozen=True)
class Wheel:
    """One built wheel; ``digest`` is the SHA-256 of its content, not of the archive."""

    version: str
    path: Path
    digest: str


def current_version(root: Path) -> str:
    """The version in ``shared/pyproject.toml``."""
    return str(_project(root / "shared" / "pyproject.toml")["version"])


def pinned_version(service: Path) -> str | None:
    """The version of wotr-common that a service pins, or None where it does not use the library.

    Raises
    ------
    DeployError
        If it depends on the library without pinning one exact version.
    """
    manifest = service / "pyproject.toml"
    for requirement in _project(manifest).get("dependencies", []):
        if re.match(r"wotr[-_.]common\b", requirement, re.IGNORECASE):
            pin = re.fullmatch(r"[\w.-]+\s*==\s*(\d+\.\d+\.\d+)", requirement.strip())
            if pin is None:
                raise DeployError(
                    f"{manifest}: write {LIBRARY}==X.Y.Z with an exact version, not {requirement!r}"
                )
            return pin[1]
    return None


def content_digest(wheel: Path) -> str:
    """SHA-256 over the wheel's modules and the metadata that matters to an installer.

    What the build tool adds by itself (RECORD, WHEEL, the README inside METADATA) stays out, so that a new
    release of hatchling changes nothing.
    """
    digest = hashlib.sha256()
    with zipfile.ZipFile(wheel) as archive:
        for name in sorted(archive.namelist()):
            folder, _, file = name.rpartition("/")
            if not folder.endswith(".dist-info"):
                digest.update(f"{name}\0{hashlib.sha256(archive.read(name)).hexdigest()}\n".encode())
            elif file == "METADATA":
                metadata = Parser().parsestr(archive.read(name).decode(), headersonly=True)
                fields = [
                    f"{key}: {value}"
                    for key in _CONTENT_FIELDS
                    for value in sorted(metadata.get_all(key, []))
                ]
                digest.update("\n".join(fields).encode())
            elif file == "entry_points.txt":
                digest.update(archive.read(name))
    return digest.hexdigest()


def releases(root: Path) -> dict[str, str]:
    """Version → content digest of every published version."""
    path = root / "shared" / "releases.lock"
    return _releases(path.read_text(), str(path)) if path.exists() else {}


def wheel(root: Path, version: str) -> Wheel:
    """The wheel of ``version``, built where the store does not have it, and checked against releases.lock.

    A version that has no line yet is accepted only for the working tree: it is not published.
    """
    if version == current_version(root):
        result = _of_working_tree(root, version)
        published = releases(root).get(version)
        if published not in (None, result.digest):
            raise ReleaseError(_bump(version))
        return result
    published = releases(root).get(version)
    if published is None:
        raise ReleaseError(
            f"{LIBRARY} {version} was never released: shared/releases.lock has no line for it, and the "
            f"working tree is {current_version(root)}. Pin a released version."
        )
    result = _of_history(root, version, published)
    if result.digest != published:
        raise ReleaseError(
            f"The history of common-v{version} builds another content ({result.digest}) than "
            f"shared/releases.lock names ({published}). A published version never changes: restore the tag "
            "or the line."
        )
    return result


def fill(root: Path) -> list[Wheel]:
    """Bring the current version and every version that a service pins into the store."""
    versions = {current_version(root), *pinned(root)}
    return [wheel(root, version) for version in sorted(versions, key=_ordered)]


def pinned(root: Path) -> set[str]:
    """Every version that a service pins."""
    found = {pinned_version(path.parent) for path in root.glob("services/*/pyproject.toml")}
    return {version for version in found if version}


def take(root: Path, version: str, data: bytes) -> Wheel:
    """Bring a published wheel from elsewhere into the store; ReleaseError if it is not what was published."""
    store = _store(root)
    store.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=store) as place:
        brought = Path(place) / _file(version)
        brought.write_bytes(data)
        digest, published = content_digest(brought), releases(root).get(version)
        if digest != published:
            raise ReleaseError(
                f"what came as {LIBRARY} {version} has the content {digest}, and shared/releases.lock says "
                f"{published or 'nothing about that version'}"
            )
        _source_note(root, version).unlink(missing_ok=True)
        brought.replace(store / brought.name)
    return Wheel(version, store / brought.name, digest)


def check(root: Path) -> Wheel:
    """The current version's wheel; ReleaseError if it is not released, or if a released line has changed."""
    result = wheel(root, current_version(root))
    known = releases(root)
    if result.version not in known:
        raise ReleaseError(
            f"{LIBRARY} {result.version} is not in shared/releases.lock. Release it: "
            "python3 noxfile.py -s deploy -- release-common, then commit shared/releases.lock."
        )
    for version, digest in _tagged_releases(root).items():
        if known.get(version) != digest:
            raise ReleaseError(
                f"shared/releases.lock no longer says what the tag common-v{version} says: "
                f"the line must read '{version} {digest}'."
            )
    return result


def release(root: Path) -> tuple[Wheel, bool]:
    """Write the current version's line; False where it is there already.

    Raises
    ------
    ReleaseError
        If the version is published with another content.
    """
    result = wheel(root, current_version(root))
    known = releases(root)
    if result.version in known:
        return result, False
    known[result.version] = result.digest
    lines = [f"{version} {known[version]}\n" for version in sorted(known, key=_ordered)]
    (root / "shared" / "releases.lock").write_text("".join(lines))
    return result, True


def _bump(version: str) -> str:
    major, minor, patch = _ordered(version)
    return (
        f"shared/ has changed since {LIBRARY} {version} was published: releases.lock has another hash. "
        "A published version never changes: bump the version.\n"
        f'  1. shared/pyproject.toml: version = "{major}.{minor}.{patch + 1}" for a fix, '
        f'"{major}.{minor + 1}.0" for an addition\n'
        "  2. shared/CHANGELOG.md: say what changed\n"
        "  3. python3 noxfile.py -s deploy -- release-common\n"
        "  4. in each service that adopts it: the pin in pyproject.toml, and its lock"
    )


def _of_working_tree(root: Path, version: str) -> Wheel:
    """Built again only if a file of the library has changed since."""
    shared = root / "shared"
    inputs = hashlib.sha256()
    for path in sorted([shared / "pyproject.toml", *(shared / "src").rglob("*")]):
        if path.is_file() and "__pycache__" not in path.parts:
            inputs.update(f"{path.relative_to(shared).as_posix()}\0".encode() + path.read_bytes() + b"\0")
    source = f"tree {inputs.hexdigest()}"
    return _stored(root, version, source) or _build(root, shared, version, source)


def _of_history(root: Path, version: str, published: str) -> Wheel:
    commit = _released_in(root, version, published)
    if commit is None:
        kept = _store(root) / _file(version)
        if kept.exists() and content_digest(kept) == published:
            return Wheel(version, kept, published)
        raise ReleaseError(
            f"{LIBRARY} {version} is needed, and this clone has neither the tag common-v{version} nor the "
            "commit that released it. Fetch them: git fetch --tags --unshallow. Where there is no history, "
            "take it from the artifact bucket: python3 noxfile.py -s deploy -- wheels --published"
        )
    source = f"commit {commit}"
    stored = _stored(root, version, source)
    if stored:
        return stored
    exported = _git(root, "archive", commit, "shared")
    if exported is None:
        raise ReleaseError(f"The commit {commit} holds no shared/: it is no release of {LIBRARY}.")
    with tempfile.TemporaryDirectory() as place:
        with tarfile.open(fileobj=io.BytesIO(exported)) as archive:
            archive.extractall(place, filter="data")
        return _build(root, Path(place) / "shared", version, source)


def _released_in(root: Path, version: str, published: str) -> str | None:
    """The tagged commit of a version, or else the one that wrote its line: tags travel apart."""
    tagged = _git(root, "rev-parse", "--verify", "--quiet", f"common-v{version}^{{commit}}")
    if tagged is not None:
        return tagged.decode().strip()
    wrote = _git(
        root, "log", "--reverse", "--format=%H", f"-S{version} {published}", "--", "shared/releases.lock"
    )
    return wrote.decode().split()[0] if wrote and wrote.strip() else None


def _build(root: Path, project: Path, version: str, source: str) -> Wheel:
    """Build with the hatchling of this environment: no build environment, no download."""
    store = _store(root)
    store.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=store) as place:
        answer = subprocess.run(
            [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", place],
            cwd=project,
            capture_output=True,
            text=True,
            env={**os.environ, "SOURCE_DATE_EPOCH": "315532800"},
            check=False,
        )
        if answer.returncode != 0:
            raise DeployError(f"the wheel of {LIBRARY} cannot be built:\n{answer.stdout}{answer.stderr}")
        built = Path(place) / _file(version)
        if not built.exists():
            found = ", ".join(path.name for path in Path(place).iterdir())
            raise DeployError(f"{project} does not build {built.name}, but {found or 'nothing'}")
        _source_note(root, version).unlink(missing_ok=True)
        built.replace(store / built.name)
        _source_note(root, version).write_text(source, encoding="utf-8")
    return Wheel(version, store / built.name, content_digest(store / built.name))


def _stored(root: Path, version: str, source: str) -> Wheel | None:
    path, note = _store(root) / _file(version), _source_note(root, version)
    if path.exists() and note.exists() and note.read_text(encoding="utf-8") == source:
        return Wheel(version, path, content_digest(path))
    return None


def _file(version: str) -> str:
    return f"wotr_common-{version}-py3-none-any.whl"


def _source_note(root: Path, version: str) -> Path:
    """Where it is written from what a stored wheel was built."""
    return _store(root) / f"{_file(version)}.source"


def _git(root: Path, *arguments: str) -> bytes | None:
    """What git prints, or None where it fails or ``root`` is no clone, though it may lie inside of one."""
    if not (root / ".git").exists():
        return None
    answer = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, check=False)
    return answer.stdout if answer.returncode == 0 else None


def _tagged_releases(root: Path) -> dict[str, str]:
    """What each tag ``common-v*`` says about its own version; empty outside a git clone."""
    found = {}
    for tag in (_git(root, "tag", "--list", "common-v*") or b"").decode().split():
        text = _git(root, "show", f"{tag}:shared/releases.lock")
        version = tag.removeprefix("common-v")
        lines = _releases(text.decode(), tag) if text else {}
        if version in lines:
            found[version] = lines[version]
    return found


def _releases(text: str, where: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line.strip())
        if match is None or match["version"] in found:
            raise ReleaseError(
                f"{where}:{number}: expected one 'X.Y.Z <sha256>' a line, each version once: {line!r}"
            )
        found[match["version"]] = match["digest"]
    return found


def _ordered(version: str) -> tuple[int, int, int]:
    major, minor, patch = version.split(".")
    return int(major), int(minor), int(patch)


def _project(manifest: Path) -> dict[str, Any]:
    """The ``[project]`` table of a pyproject.toml."""
    try:
        table: dict[str, Any] = tomllib.loads(manifest.read_text(encoding="utf-8"))["project"]
    except (OSError, KeyError, tomllib.TOMLDecodeError) as error:
        raise DeployError(f"{manifest}: no readable [project] table ({error})") from error
    return table


def _store(root: Path) -> Path:
    return root / "dist" / "wheels"
