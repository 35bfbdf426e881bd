from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path

import pytest

from deploy import cli, wheels
from deploy.errors import DeployError
from deploy.wheels import ReleaseError
from tests.toy import Toy


def test_a_release_is_recorded_once_and_then_holds(toy: Toy) -> None:
    with pytest.raises(ReleaseError, match=r"1\.0\.0 is not in shared/releases\.lock"):
        wheels.check(toy.root)
    wheel, new = wheels.release(toy.root)
    assert new
    assert (toy.root / "shared" / "releases.lock").read_text() == f"1.0.0 {wheel.digest}\n"
    assert wheels.check(toy.root) == wheel
    assert wheels.release(toy.root) == (wheel, False)


def test_a_published_version_that_changes_asks_for_a_bump_and_gives_the_commands(
    toy: Toy, capsys: pytest.CaptureFixture[str]
) -> None:
    wheels.release(toy.root)
    toy.library("1.0.0", "Goodbye")
    for command in ("check-common", "release-common", "package"):
        assert cli.main(["--root", str(toy.root), command]) == 1
        text = capsys.readouterr().err
        assert "bump the version" in text
        assert 'version = "1.0.1"' in text
        assert "release-common" in text
    toy.library("1.0.1", "Goodbye")
    wheels.release(toy.root)
    assert list(wheels.releases(toy.root)) == ["1.0.0", "1.0.1"]


def test_the_digest_is_of_the_content_not_of_the_archive_or_the_readme(toy: Toy, tmp_path: Path) -> None:
    wheel = wheels.wheel(toy.root, "1.0.0")
    copy = tmp_path / wheel.path.name
    with zipfile.ZipFile(wheel.path) as old, zipfile.ZipFile(copy, "w", zipfile.ZIP_STORED) as new:
        for name in reversed(old.namelist()):
            text = old.read(name)
            if name.endswith("WHEEL"):
                text = text.replace(b"hatchling", b"hatchling-to-come")
            if name.endswith("METADATA"):
                text += b"\nA README\n"
            new.writestr(name, text)
    assert copy.read_bytes() != wheel.path.read_bytes()
    assert wheels.content_digest(copy) == wheel.digest
    toy.library("1.0.0", "Hallo")
    assert wheels.wheel(toy.root, "1.0.0").digest != wheel.digest


def test_a_changed_dependency_changes_the_digest(toy: Toy) -> None:
    before = wheels.wheel(toy.root, "1.0.0").digest
    toy.replace("shared/pyproject.toml", '"1.0.0"', '"1.0.0"\ndependencies = ["pydantic==2.14.3"]')
    assert wheels.wheel(toy.root, "1.0.0").digest != before


def test_an_older_pin_is_built_from_its_tag(toy: Toy) -> None:
    released, _ = wheels.release(toy.root)
    _commit(toy.root, "common-v1.0.0")
    toy.library("1.1.0", "Goodbye")
    wheels.release(toy.root)
    released.path.unlink()
    again = wheels.wheel(toy.root, "1.0.0")
    assert again.digest == released.digest
    with zipfile.ZipFile(again.path) as archive:
        assert archive.read("wotr_common/__init__.py") == b'WORD = "Hello"\n'
    assert [wheel.version for wheel in wheels.fill(toy.root)] == ["1.0.0", "1.1.0"]


def test_an_older_pin_in_a_clone_without_tags_is_built_from_the_commit_that_released_it(toy: Toy) -> None:
    released, _ = wheels.release(toy.root)
    _commit(toy.root)
    toy.library("1.1.0", "Goodbye")
    wheels.release(toy.root)
    _commit(toy.root)
    released.path.unlink()
    assert wheels.wheel(toy.root, "1.0.0").digest == released.digest


def test_an_older_pin_without_its_history_is_the_kept_wheel_or_says_how_to_fetch_it(toy: Toy) -> None:
    released, _ = wheels.release(toy.root)
    toy.library("1.1.0", "Goodbye")
    wheels.release(toy.root)
    _commit(toy.root)
    subprocess.run(["git", "-C", str(toy.root), "update-ref", "-d", "HEAD"], check=True)
    assert wheels.wheel(toy.root, "1.0.0") == released
    with zipfile.ZipFile(released.path, "a") as archive:
        archive.writestr("wotr_common/more.py", "WORD = 'Left over'\n")
    with pytest.raises(ReleaseError, match="git fetch --tags --unshallow"):
        wheels.wheel(toy.root, "1.0.0")


def test_a_version_that_never_was_released_is_refused(toy: Toy) -> None:
    with pytest.raises(ReleaseError, match=r"0\.9\.0 was never released"):
        wheels.wheel(toy.root, "0.9.0")


def test_a_moved_tag_or_a_rewritten_line_is_refused(toy: Toy) -> None:
    wheels.release(toy.root)
    _commit(toy.root, "common-v1.0.0")
    toy.library("1.1.0", "Goodbye")
    wheels.release(toy.root)
    lock = toy.root / "shared" / "releases.lock"
    kept = lock.read_text()
    lock.write_text(kept.replace("1.0.0 ", f"1.0.0 {'0' * 64}\n#"))
    with pytest.raises(ReleaseError, match=r"the tag common-v1\.0\.0"):
        wheels.check(toy.root)
    with pytest.raises(ReleaseError, match="builds another content"):
        wheels.wheel(toy.root, "1.0.0")


@pytest.mark.parametrize(
    "line", ["1.0 abc", "1.0.0", "1.0.0 " + "G" * 64, "1.0.0 {0}\n1.0.0 {0}".format("a" * 64)]
)
def test_a_broken_releases_lock_is_refused_with_its_line(toy: Toy, line: str) -> None:
    toy.write("shared/releases.lock", line + "\n")
    with pytest.raises(ReleaseError, match=r"releases\.lock:\d: expected one"):
        wheels.releases(toy.root)


@pytest.mark.parametrize(
    "requirement", ["wotr-common", "wotr-common>=1.0.0", "wotr_common==1.*", "wotr-common==1.0"]
)
def test_a_service_must_pin_one_exact_version(toy: Toy, requirement: str) -> None:
    service = toy.root / "services" / "hello"
    assert wheels.pinned_version(service) == "1.0.0"
    toy.replace("services/hello/pyproject.toml", "wotr-common==1.0.0", requirement)
    with pytest.raises(DeployError, match="with an exact version"):
        wheels.pinned_version(service)


def _commit(root: Path, tag: str | None = None) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
    for command in (["init", "-q"], ["add", "shared"], [*identity, "commit", "-q", "-m", "release"]):
        subprocess.run(["git", "-C", str(root), *command], check=True)
    if tag:
        subprocess.run(["git", "-C", str(root), "tag", tag], check=True)
