"""Bare repositories for connections: made once, and every push to them is noted."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import pytest
from clones import Clone

from localcloud import LocalCloudError, git, pushes, repositories
from localcloud.pipelines.triggers import Push


@pytest.fixture(autouse=True)
def nothing_taken() -> None:
    pushes._taken.clear()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "repositories"


@pytest.fixture
def clone(tmp_path: Path, root: Path) -> Clone:
    return Clone(tmp_path / "clone", repositories.create(root, "wotr/wotr"))


def seen(root: Path) -> list[Push]:
    found: list[Push] = []
    pushes.watch(root, os.environ, found.append)
    return found


def test_a_repository_is_made_once_and_keeps_what_was_pushed(root: Path, clone: Clone) -> None:
    commit = clone.commit(a="1")
    clone.git("push", "-q", "local", "main")
    again = repositories.create(root, "wotr/wotr")
    assert again == root / "wotr" / "wotr.git"
    found = git.Repository(again, os.environ).branch("main")
    assert found is not None
    assert (found.id, found.message) == (commit, "Change a\n\nAnd say why")


@pytest.mark.parametrize("name", ["wotr", "a/b/c", "../x", "a/..", "/a/b", "a/b.git", ""])
def test_a_name_that_leads_elsewhere_is_refused(root: Path, name: str) -> None:
    with pytest.raises(LocalCloudError, match="OWNER/NAME"):
        repositories.create(root, name)


def test_each_push_is_told_once_in_order_with_what_it_changed(root: Path, clone: Clone) -> None:
    first = clone.commit(a="1", services__api__x="1")
    clone.git("push", "-q", "local", "main")
    clone.commit(b="1")
    clone.git("mv", "a", "moved")
    second = clone.commit(c="1")
    clone.git("push", "-q", "local", "main")
    assert seen(root) == [
        Push("wotr/wotr", "branch", "main", first, None),
        Push("wotr/wotr", "branch", "main", second, ("a", "b", "c", "moved")),
    ]
    assert seen(root) == []

    # Forced off its branch, back to the first: files differ all the same.
    clone.git("push", "-q", "--force", "local", f"{first}:main")
    clone.git("push", "-q", "local", "main:gone")
    clone.git("push", "-q", "local", ":gone")
    assert seen(root) == [
        Push("wotr/wotr", "branch", "main", first, ("a", "b", "c", "moved")),
        Push("wotr/wotr", "branch", "gone", second, None),
    ]


def test_branches_and_tags_of_one_push_are_told_apart(root: Path, clone: Clone) -> None:
    commit = clone.commit(a="1")
    clone.git("tag", "-a", "v1", "-m", "annotated")
    clone.git("push", "-q", "local", "main", "main:feature/x", "v1", "main:refs/notes/n")
    assert sorted(seen(root), key=lambda push: push.name) == [
        Push("wotr/wotr", "branch", "feature/x", commit, None),
        Push("wotr/wotr", "branch", "main", commit, None),
        Push("wotr/wotr", "tag", "v1", commit, None),
    ]


def test_what_was_pushed_meanwhile_counts_and_what_was_taken_up_does_not(root: Path, clone: Clone) -> None:
    clone.commit(a="1")
    clone.git("push", "-q", "local", "main")
    seen(root)
    kept = pushes.taken()
    second = clone.commit(a="2")
    clone.git("push", "-q", "local", "main")
    pushes._taken.clear()
    pushes.restore(kept)
    assert [push.commit for push in seen(root)] == [second]


def test_a_push_that_cannot_be_told_of_holds_up_none_behind_it(root: Path, clone: Clone) -> None:
    clone.commit(a="1")
    clone.git("push", "-q", "local", "main")
    with (root / "wotr" / "wotr.git" / repositories.SPOOL).open("a", encoding="utf-8") as spool:
        spool.write("nonsense\n")
    second = clone.commit(a="2")
    clone.git("push", "-q", "local", "main")
    with (root / "wotr" / "wotr.git" / repositories.SPOOL).open("a", encoding="utf-8") as spool:
        spool.write("half a li")
    assert [push.commit for push in seen(root)][-1] == second
    assert len(seen(root)) == 0


def test_an_archive_is_the_commits_files(root: Path, clone: Clone) -> None:
    (clone.folder / "run.sh").write_text("#!/bin/sh\n", encoding="utf-8")
    (clone.folder / "run.sh").chmod(0o755)
    commit = clone.commit(services__api__x="1")
    clone.git("push", "-q", "local", "main")
    clone.commit(services__api__x="2")
    content = git.Repository(root / "wotr" / "wotr.git", os.environ).archive(commit)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = [name for name in archive.namelist() if not name.endswith("/")]
        assert sorted(files) == ["run.sh", "services/api/x"]
        assert archive.read("services/api/x") == b"1"
        assert archive.getinfo("run.sh").external_attr >> 16 & 0o111
