"""Zip files that depend on their content only, and the hash of that content."""

from __future__ import annotations

import base64
import hashlib
import os
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can hold
_FILE, _LIBRARY = 0o100644, 0o100755


def mode(name: str) -> int:
    """The mode a file gets, by its name alone, so that no umask and no file system matters."""
    return _LIBRARY if name.endswith(".so") or ".so." in name else _FILE


def write(path: Path, files: Mapping[str, bytes]) -> None:
    """Write ``files`` (name → bytes) as a zip: sorted, with fixed times and modes; atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".part")
    with os.fdopen(handle, "wb") as stream, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system = 3  # Unix, also when built elsewhere: the modes count
            entry.external_attr = mode(name) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, files[name])
    Path(temporary).chmod(0o644)
    Path(temporary).replace(path)


def content_hash(files: Mapping[str, bytes], *more: str) -> str:
    """SHA-256 over sorted names, modes and bytes (and ``more`` text), independent of compression."""
    digest = hashlib.sha256()
    for name in sorted(files):
        content = hashlib.sha256(files[name]).hexdigest()
        digest.update(f"{name}\0{mode(name):o}\0{content}\n".encode())
    for text in more:
        digest.update(f"\0{text}\n".encode())
    return digest.hexdigest()


def code_sha256(path: Path) -> str:
    """The file's SHA-256 in base64: what Lambda shows as ``CodeSha256`` for a zip."""
    with path.open("rb") as stream:
        return base64.b64encode(hashlib.file_digest(stream, "sha256").digest()).decode()
