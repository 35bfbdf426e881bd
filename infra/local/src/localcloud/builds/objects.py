"""A build's objects in buckets: sources that come, artifacts that go."""

from __future__ import annotations

import hashlib
import shutil
import stat
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from localcloud.builds.buildspec import Files
from localcloud.builds.matching import matched

_SCRATCH = "object.zip"
_EARLIEST = (1980, 1, 1, 0, 0, 0)


class NoFiles(Exception):
    """No file fits what should be uploaded."""


def bucket_and_key(location: str) -> tuple[str, str]:
    """Of ``BUCKET/KEY``, or of an object's ARN."""
    bucket, _, key = location.removeprefix("arn:aws:s3:::").partition("/")
    return bucket, key


def unpack(client: Any, bucket: str, key: str, version: str, directory: Path) -> str:
    """Fetch a zip and unpack it with modes and links; returns the object's version, "" where it has none."""
    more = {"VersionId": version} if version else {}
    archive = directory.parent / f"{directory.name}-{_SCRATCH}"
    answer = client.get_object(Bucket=bucket, Key=key, **more)
    with archive.open("wb") as file:
        shutil.copyfileobj(answer["Body"], file, 1 << 20)
    directory.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(archive) as zipped:
        for entry in zipped.infolist():
            _unpack(zipped, entry, directory)
    archive.unlink()
    return str(answer.get("VersionId", "")).replace("null", "")


def _unpack(zipped: zipfile.ZipFile, entry: zipfile.ZipInfo, directory: Path) -> None:
    mode = entry.external_attr >> 16
    if not stat.S_ISLNK(mode):
        path = zipped.extract(entry, directory)
        if mode and not entry.is_dir():
            Path(path).chmod(stat.S_IMODE(mode) | stat.S_IRUSR | stat.S_IWUSR)
        return
    target = zipped.read(entry).decode()
    link = directory / entry.filename
    if not (link.parent / target).resolve().is_relative_to(directory.resolve()):
        raise zipfile.BadZipFile(f"{entry.filename} links to {target}, which is outside of the source")
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(target)


def named(files: Files, source: Path) -> Iterator[tuple[str, Path]]:
    """Names within an artifact with the files behind them; NoFiles."""
    base = source / files.base
    found = matched(base, files.patterns, files.exclude) if base.is_dir() else []
    if not found:
        where = f" in {files.base}" if files.base else ""
        raise NoFiles(f"no matching artifact paths found: {', '.join(files.patterns)}{where}")
    for path in found:
        yield (path.rpartition("/")[2] if files.discard_paths else path), base / path


def pack(files: Files, source: Path, archive: Path) -> Mapping[str, str]:
    """Zip the files; returns the zip's digests by name."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as zipped:
        for name, path in named(files, source):
            entry = zipfile.ZipInfo(name, _EARLIEST)
            entry.external_attr = path.stat().st_mode << 16  # what a link leads to, as CodeBuild has it
            entry.compress_type = zipfile.ZIP_DEFLATED
            with path.open("rb") as content, zipped.open(entry, "w") as packed:
                shutil.copyfileobj(content, packed, 1 << 20)
    whole = archive.read_bytes()
    return {
        "sha256sum": hashlib.sha256(whole).hexdigest(),
        "md5sum": hashlib.md5(whole, usedforsecurity=False).hexdigest(),
    }


def put(client: Any, bucket: str, key: str, path: Path, encryption_key: str) -> None:
    """Store a file, under a key of KMS if there is one."""
    encrypted = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": encryption_key} if encryption_key else {}
    with path.open("rb") as content:
        client.put_object(Bucket=bucket, Key=key, Body=content, **encrypted)
