"""Pushes to the repositories of this local cloud, taken up in order (inside the server).

How far each repository's list of pushes has been taken up is part of the server's state: with a kept state,
what was pushed while the server was down counts once it is up, and after a hard kill, which loses the state
since the start, the pushes since then count again, as the executions that they started are lost as well.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from localcloud import git, repositories, saving
from localcloud.pipelines.triggers import Push

Start = Callable[[Push], None]

_log = logging.getLogger("localcloud")
_lock = threading.Lock()
_taken: dict[str, int] = {}  # bytes, by repository
_folders: list[Path] = []


def watch(folder: Path, variables: Mapping[str, str], start: Start) -> None:
    """Call ``start`` with each push to a repository under ``folder`` that has not been taken up yet."""
    if folder not in _folders:
        _folders.append(folder)
    for spool in sorted(folder.glob(f"*/*.git/{repositories.SPOOL}")):
        name = f"{spool.parent.parent.name}/{spool.parent.name.removesuffix('.git')}"
        with _lock:
            begin = _taken.get(name, 0)
        if spool.stat().st_size <= begin:
            continue
        for line, end in _lines(spool, begin):
            if saving.ending.is_set():
                return  # it counts in the next run, whose state does not say that it was taken up
            _take(git.Repository(spool.parent, variables), name, line, start)
            with _lock:
                _taken[name] = end


def taken() -> dict[str, int]:
    """How far each repository's pushes have been taken up."""
    with _lock:
        return dict(_taken)


def restore(saved: Mapping[str, int]) -> None:
    """Go on where a server stopped."""
    with _lock:
        _taken.update(saved)


def forget() -> None:
    """Count what has been pushed so far as taken up: the pipelines that it was for are gone."""
    with _lock:
        for folder in _folders:
            for spool in folder.glob(f"*/*.git/{repositories.SPOOL}"):
                name = f"{spool.parent.parent.name}/{spool.parent.name.removesuffix('.git')}"
                _taken[name] = spool.stat().st_size


def _lines(spool: Path, begin: int) -> Iterator[tuple[str, int]]:
    """Whole lines behind ``begin``, each with where it ends."""
    with spool.open("rb") as file:
        file.seek(begin)
        for line in file:
            if not line.endswith(b"\n"):
                return  # its other half is being written
            begin += len(line)
            yield line.decode("utf-8", "replace").strip(), begin


def _take(repository: git.Repository, name: str, line: str, start: Start) -> None:
    """Tell of one push; one that cannot be told of must not hold up those behind it."""
    try:
        push = _push(repository, name, line)
        if push is not None:
            start(push)
    except Exception:  # noqa: BLE001 - the next push counts, and the log says which did not
        _log.exception("the push %r to %s starts nothing", line, name)


def _push(repository: git.Repository, name: str, line: str) -> Push | None:
    """The push of a line; None where a ref was deleted, or is neither branch nor tag."""
    old, new, ref = line.split(" ", 2)
    _refs, kind, short = (*ref.split("/", 2), "", "")[:3]
    if git.is_absent(new) or kind not in ("heads", "tags"):
        return None
    commit = repository.commit(new)
    if commit is None:
        return None  # a tag of something that is no commit
    if kind == "tags":
        return Push(name, "tag", short, commit.id, None)
    return Push(name, "branch", short, commit.id, repository.changed(old, new))
