"""Private Python environments, one for each set of locked dependencies.

They live under ``.nox/environments``, named after the content of their lock: an unchanged lock means
no installation. The work is localcloud's, whose own environments are made in the same way.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tools.shell import ROOT, Failed

sys.path.insert(0, str(ROOT / "infra" / "local" / "src"))

from localcloud import environments as locked_environments
from localcloud.errors import LocalCloudError

PLACE = ROOT / ".nox" / "environments"


def python(name: str, lock: Path) -> Path:
    """Return the interpreter of the environment that holds exactly what ``lock`` names."""
    try:
        return locked_environments.make(PLACE, name, lock, Path(sys.executable).resolve(), uv=uv())
    except LocalCloudError as error:
        raise Failed(str(error)) from error


def tool(name: str) -> Path:
    """Return the interpreter of one of the frame's own tool sets, ``tools/<name>.lock``."""
    return python(name, ROOT / "tools" / f"{name}.lock")


def local_cloud() -> locked_environments.Environments:
    """Return the two interpreters of the local cloud, where it makes them for itself."""
    try:
        return locked_environments.prepare(ROOT / ".wotr" / "environments", uv=uv())
    except LocalCloudError as error:
        raise Failed(str(error)) from error


def uv() -> str:
    """Return the path of uv: the one installed beside nox."""
    try:
        from uv import find_uv_bin  # noqa: PLC0415 - another nox than ours may have come without it

        return find_uv_bin()
    except (ImportError, FileNotFoundError):
        raise Failed("uv is not installed beside this nox: run python3 noxfile.py instead of nox") from None


def search_path(paths: list[Path]) -> dict[str, str]:
    """Return the variables that let an interpreter import from ``paths``."""
    return {"PYTHONPATH": os.pathsep.join(map(str, paths))}
