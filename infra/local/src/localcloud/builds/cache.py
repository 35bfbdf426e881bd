"""What a build finds of the builds before it: the files that the buildspec's paths name.

The object in the cache's bucket is the list of them, with times and sizes; the files themselves lie beside
the builds, as links. MiniStack holds objects in memory, and 300 MB of packages took 18 s to come and 35 s to
go as a tar; as links they take one or two. Who may not read or write the object has no cache, and who deletes
it has deleted the cache. A file that a build has changed in place since it was listed is left out.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import secrets
import shutil
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from localcloud.builds.matching import matched

Manifest = dict[str, tuple[int, int, int]]
"""Mode, size and time of change, by path."""

# Held while trees come and go.
_shelves = threading.Lock()
# Trees that are kept: the oldest go first, and those caches are empty then.
_TREES = 30
_GONE = "gone"
_NOT_THERE = {"404", "NoSuchKey", "NotFound"}


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
    _tree: str = ""
    _damaged: bool = False

    def restore(self, source: Path, fallbacks: Iterable[str] = ()) -> str:
        """Put the files of the cache into ``source``; returns a sentence about it. ClientError."""
        for key, exact in self._candidates(fallbacks):
            tree, listed = self._listed(key)
            with _shelves:
                there = bool(tree) and (self.shelf / tree).is_dir()
                if there:
                    os.utime(self.shelf / tree)
                    files = _unchanged(self.shelf / tree, listed)
                    link(self.shelf / tree, source, files)
            if there:
                self._restored, self._tree = files, tree if exact else ""
                lost = len(listed) - len(files)
                self._damaged = lost > 0
                left_out = f", {lost} left out that were changed since" if lost else ""
                return f"Cache {key} restored: {_figures(files)}{left_out}"
        return f"There is no cache {self._key} yet"

    def save(self, source: Path) -> str:
        """Keep the files where they are not what was restored; returns a sentence about it. ClientError."""
        if self.keyed and self._tree and not self._damaged:
            return f"Cache {self._key} is there already, and one with a key does not change"
        now = manifest(source, self.paths)
        if not now:
            return f"No file fits the paths of the cache: {', '.join(self.paths)}"
        if self._tree and now == self._restored and not self._damaged:
            return f"Cache {self._key} is unchanged"
        tree = secrets.token_hex(8)
        with _shelves:
            link(source, self.shelf / tree, now)
        self._put({"tree": tree, "files": now})
        with _shelves:
            gone = [self.shelf / self._tree] if self._tree else []
            _remove(self.shelf, gone + _oldest(self.shelf))
        return f"Cache {self._key} stored: {_figures(now)}"

    @property
    def _key(self) -> str:
        return self._below(self.name)

    def _below(self, name: str) -> str:
        return f"{self.prefix}/{name}" if self.prefix else name

    def _candidates(self, fallbacks: Iterable[str]) -> Iterator[tuple[str, bool]]:
        """Keys to look for, the build's own first, then of each other beginning the newest."""
        yield self._key, True
        for beginning in fallbacks:
            listed = self.client.list_objects_v2(Bucket=self.bucket, Prefix=self._below(beginning))
            for found in sorted(listed.get("Contents", []), key=lambda each: each["LastModified"])[-1:]:
                yield str(found["Key"]), False

    def _listed(self, key: str) -> tuple[str, Manifest]:
        """The tree behind an object and its files; no tree where there is no object."""
        try:
            body = self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] in _NOT_THERE:
                return "", {}
            raise
        said = json.loads(gzip.decompress(body))
        return str(said["tree"]), {path: (mode, size, at) for path, (mode, size, at) in said["files"].items()}

    def _put(self, said: dict[str, Any]) -> None:
        encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": self.encryption_key}
        more = encryption if self.encryption_key else {}
        body = gzip.compress(json.dumps(said).encode(), compresslevel=1)
        self.client.put_object(Bucket=self.bucket, Key=self._key, Body=body, **more)


def manifest(source: Path, patterns: Iterable[str]) -> Manifest:
    """What the files are like now."""
    return _like(source, matched(source, patterns))


def _like(folder: Path, paths: Iterable[str]) -> Manifest:
    found: Manifest = {}
    for path in paths:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            each = os.lstat(f"{folder}/{path}")
            found[path] = (each.st_mode, each.st_size, each.st_mtime_ns)
    return found


def _unchanged(tree: Path, listed: Manifest) -> Manifest:
    """Links share their content: what one build changes in place, all others would find changed."""
    now = _like(tree, listed)
    return {path: like for path, like in listed.items() if now.get(path) == like}


def link(source: Path, target: Path, paths: Iterable[str]) -> None:
    """Let the files be in another folder, too; copied where the file system cannot link."""
    made: set[Path] = set()
    for path in paths:
        place = target / path
        if place.parent not in made:
            place.parent.mkdir(parents=True, exist_ok=True)
            made.add(place.parent)
        place.unlink(missing_ok=True)
        if not _linked(source / path, place):
            shutil.copy2(source / path, place, follow_symlinks=False)


def _linked(source: Path, place: Path) -> bool:
    """Whether a hard link could be made; a symbolic link is copied, for not every system links it itself."""
    if source.is_symlink():
        return False
    try:
        os.link(source, place)
    except OSError:  # another file system, or one without links
        return False
    return True


def _oldest(shelf: Path) -> list[Path]:
    """The trees that are too many."""
    trees = [tree for tree in shelf.iterdir() if tree.name != _GONE]
    return sorted(trees, key=lambda tree: tree.stat().st_mtime)[:-_TREES]


def _remove(shelf: Path, trees: list[Path]) -> None:
    """Nobody finds them any more; the files go while builds go on."""
    gone = shelf / _GONE
    gone.mkdir(exist_ok=True)
    for tree in trees:
        if tree.is_dir():
            tree.rename(gone / tree.name)
            threading.Thread(target=shutil.rmtree, args=(gone / tree.name, True), daemon=True).start()


def _figures(files: Manifest) -> str:
    return f"{len(files)} files, {sum(size for _, size, _ in files.values()) / 1e6:.0f} MB"
