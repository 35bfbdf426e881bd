"""What a build finds of the builds before it: a tar in a bucket, of the paths that the buildspec names.

The tar is not compressed: it goes over the loopback, and packages are compressed already. What was packed or
unpacked last is also kept as a tree beside the builds, so that an object that has not changed is copied from
there instead of fetched; the role is asked for the object all the same. Files that are as they were are not
stored again. Packing and copying is left to programs of their own, so that the server goes on answering.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from localcloud.builds.matching import matched

Manifest = dict[str, tuple[int, int, int]]
# Held while a tree is changed or copied: builds of one project may run side by side.
_shelves = threading.Lock()
_NOT_THERE = {"404", "NoSuchKey", "NotFound"}
# In small parts, one after the other: between them the server answers others.
_TRANSFER = TransferConfig(multipart_chunksize=8 << 20, use_threads=False)


@dataclass
class Cache:
    """The cache of one build. ``bucket`` and ``prefix`` say where, ``name`` which; ``shelf`` keeps trees.

    ``keyed``: the name is a key of the buildspec's; such a cache never changes once it is there.
    """

    client: Any
    bucket: str
    prefix: str
    name: str
    paths: tuple[str, ...]
    shelf: Path
    encryption_key: str = ""
    keyed: bool = False
    _restored: Manifest = field(default_factory=dict)
    _exact: bool = False

    def restore(self, source: Path, fallbacks: Iterable[str] = ()) -> str:
        """Put the files of the cache into ``source``; returns a sentence about it. ClientError."""
        for key, exact in self._candidates(fallbacks):
            etag = self._etag(key)
            if etag:
                how = "copied" if self._copied(key, etag, source) else self._fetched(key, etag, source)
                self._restored, self._exact = manifest(source, self.paths), exact
                return f"Cache {key} {how}: {self._figures(self._restored)}"
        return f"There is no cache {self._key} yet"

    def save(self, source: Path) -> str:
        """Store the files where they are not what was restored; returns a sentence about it. ClientError.

        The files are gone afterwards: nothing comes after this in a build.
        """
        if self.keyed and self._exact:
            return f"Cache {self._key} is there already, and one with a key does not change"
        now = manifest(source, self.paths)
        if not now:
            return f"No file fits the paths of the cache: {', '.join(self.paths)}"
        if self._exact and now == self._restored:
            return f"Cache {self._key} is unchanged"
        archive = source.parent / "cache.tar"
        _pack(source, now, archive)
        encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": self.encryption_key}
        more = encryption if self.encryption_key else {}
        self.client.upload_file(str(archive), self.bucket, self._key, ExtraArgs=more, Config=_TRANSFER)
        archive.unlink()
        self._keep(self._key, self._etag(self._key), source, now)
        return f"Cache {self._key} stored: {self._figures(now)}"

    @property
    def _key(self) -> str:
        return self._below(self.name)

    def _below(self, name: str) -> str:
        return f"{self.prefix}/{name}" if self.prefix else name

    @staticmethod
    def _figures(files: Manifest) -> str:
        return f"{len(files)} files, {sum(size for _, size, _ in files.values()) / 1e6:.0f} MB"

    def _candidates(self, fallbacks: Iterable[str]) -> Iterable[tuple[str, bool]]:
        """Keys to look for, the build's own first, then of each other beginning the newest."""
        yield self._key, True
        for beginning in fallbacks:
            listed = self.client.list_objects_v2(Bucket=self.bucket, Prefix=self._below(beginning))
            for found in sorted(listed.get("Contents", []), key=lambda each: each["LastModified"])[-1:]:
                yield str(found["Key"]), False

    def _etag(self, key: str) -> str:
        try:
            return str(self.client.head_object(Bucket=self.bucket, Key=key)["ETag"])
        except ClientError as error:
            if error.response["Error"]["Code"] in _NOT_THERE:
                return ""
            raise

    def _place(self, key: str) -> Path:
        return self.shelf / hashlib.sha256(f"{self.bucket}/{key}".encode()).hexdigest()[:16]

    def _copied(self, key: str, etag: str, source: Path) -> bool:
        """Whether the tree that is kept is of this object."""
        place = self._place(key)
        with _shelves:
            if not (place / "etag").exists() or (place / "etag").read_text(encoding="utf-8") != etag:
                return False
            _run("cp", "-Rp", f"{place / 'tree'}/.", str(source))
            return True

    def _fetched(self, key: str, etag: str, source: Path) -> str:
        archive = source.parent / "cache.tar"
        self.client.download_file(self.bucket, key, str(archive), Config=_TRANSFER)
        fresh = source.parent / "cache"
        fresh.mkdir()
        _run("tar", "-xf", str(archive), "-C", str(fresh))
        archive.unlink()
        self._keep(key, etag, fresh, matched(fresh, ("**",)))
        shutil.rmtree(fresh)
        return "fetched" if self._copied(key, etag, source) else "fetched in vain"

    def _keep(self, key: str, etag: str, source: Path, files: Iterable[str]) -> None:
        """Move the files to where the next build finds them."""
        place = self._place(key)
        with _shelves:
            shutil.rmtree(place, ignore_errors=True)
            for path in files:
                target = place / "tree" / path
                target.parent.mkdir(parents=True, exist_ok=True)
                (source / path).rename(target)
            (place / "etag").write_text(etag, encoding="utf-8")


def manifest(source: Path, patterns: Iterable[str]) -> Manifest:
    """Mode, size and time of change of the files, by path."""
    found = {path: os.lstat(source / path) for path in matched(source, patterns)}
    return {path: (each.st_mode, each.st_size, each.st_mtime_ns) for path, each in found.items()}


def _pack(source: Path, files: Iterable[str], archive: Path) -> None:
    names = archive.with_suffix(".names")
    names.write_bytes(b"".join(f"./{path}".encode() + b"\0" for path in files))
    _run("tar", "-cf", str(archive), "-C", str(source), "--null", "-T", str(names))
    names.unlink()


def _run(*command: str) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise OSError(f"{command[0]} failed: {done.stderr.strip()}")
