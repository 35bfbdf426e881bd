"""A service's locked dependencies and its library, installed for a platform and pruned."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from deploy.errors import DeployError
from deploy.wheels import LIBRARY, Wheel

# What Lambda's python3.13 has already, and what has no place in a new package.
UNWANTED = {
    "boto3": "Lambda's runtime brings it",
    "botocore": "Lambda's runtime brings it",
    "aws_xray_sdk": "its support ends; use the OpenTelemetry API",
}
_PRUNED_FILES = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json", "py.typed"}
_PRUNED_FOLDERS = {"__pycache__", "tests", "bin"}


def install(
    lock: Path,
    wheel: Wheel | None,
    site: Path,
    foreign: tuple[str, str] | None,
    unwanted: Mapping[str, str] = UNWANTED,
) -> None:
    """Fill the folder ``site``; afterwards it is complete, or not there.

    ``foreign`` is (uv's platform, Python version), or None for this machine and interpreter; ``unwanted``
    says what must not be in it, and why.
    """
    site.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=site.parent) as temporary:
        requirements, made = Path(temporary) / "requirements.txt", Path(temporary) / "site"
        text = lock.read_text(encoding="utf-8")
        if wheel:
            digest = hashlib.sha256(wheel.path.read_bytes()).hexdigest()
            text += f"\n{LIBRARY} @ {wheel.path.resolve().as_uri()} --hash=sha256:{digest}\n"
        requirements.write_text(text, encoding="utf-8")
        made.mkdir()
        _uv_install(lock, requirements, made, foreign)
        _prune(made)
        for name, reason in unwanted.items():
            if (made / name).exists():
                raise DeployError(f"{lock} ships {name.replace('_', '-')}: {reason}. Take it out.")
        try:
            made.rename(site)
        except OSError:  # another process was quicker with the same content
            if not site.exists():
                raise


def _uv_install(lock: Path, requirements: Path, site: Path, foreign: tuple[str, str] | None) -> None:
    # Every line needs a hash, so what the library or a dependency needs must be in the lock too.
    command = [_uv(), "pip", "install", "--quiet", "--no-progress", "--require-hashes", "--only-binary=:all:"]
    command += ["--python", sys.executable, "--target", str(site), "--requirements", str(requirements)]
    if foreign:
        command += ["--python-platform", foreign[0], "--python-version", foreign[1]]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        where = f"{foreign[0]}, CPython {foreign[1]}" if foreign else "this machine"
        raise DeployError(
            f"{lock.parent.name}: its locked dependencies cannot be installed for {where}:\n"
            f"{answer.stderr.strip()}\n"
            f"If {lock.name} is behind pyproject.toml, renew it: python3 noxfile.py -s lock"
        )


def _uv() -> str:
    beside = Path(sys.executable).with_name("uv")
    found = shutil.which("uv") or (str(beside) if beside.exists() else None)
    if found is None:
        raise DeployError("uv is not on PATH; run this through noxfile.py, or install it: pip install uv")
    return found


def _prune(site: Path) -> None:
    for path in sorted(site.rglob("*")):
        if path.is_dir() and path.name in _PRUNED_FOLDERS:
            shutil.rmtree(path)
        elif path.is_file() and (path.name in _PRUNED_FILES or path.suffix in {".pyi", ".pyc"}):
            path.unlink()
