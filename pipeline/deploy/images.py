"""The content of a service's container image, made without Docker and the same for the same input.

A service with a ``Dockerfile`` has one. Its build context is the Dockerfile and ``task/``: the service's
package, byte for byte what its functions run, and what Lambda's runtime brings beside (``image.lock``). The
Dockerfile installs nothing, so that a test of this content is a test of the image.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from deploy import archive, bytecode, dependencies, packages
from deploy.errors import DeployError
from deploy.packages import Package, Target
from deploy.templates import Template

FILE = "Dockerfile"
LOCK = "image.lock"
TASK = "task/"  # what the Dockerfile copies
_TIME = 315532800  # 1980-01-01, as in the zips


@dataclass(frozen=True)
class Image:
    """A built context; ``path`` is a zip of it, ``content`` the hash of its content and the image's tag."""

    service: str
    target: str
    path: Path
    content: str
    size: int

    @property
    def repository(self) -> str:
        return f"wotr/{self.service}-image"


def parameter(template: Template) -> str | None:
    """The template's parameter that takes the image's address; None where the service has no image.

    Raises
    ------
    DeployError
        If there is a Dockerfile but not one parameter whose name ends in Image.
    """
    if template.service is None or not (template.service / FILE).exists():
        return None
    names = [name for name in template.parameters if name.endswith("Image")]
    if len(names) != 1:
        raise DeployError(
            f"{template.where}: {template.service.name} has a {FILE}, so the template needs one parameter "
            f"whose name ends in Image; it has {', '.join(names) or 'none'}"
        )
    return names[0]


def build(template: Template, package: Package, target: Target, root: Path) -> Image:
    """The image of a service around its built ``package``, kept under ``dist/images``."""
    service = template.service
    assert service is not None
    lock = service / LOCK
    if not lock.exists():
        raise DeployError(f"{lock.relative_to(root)} is missing: python3 noxfile.py -s lock")
    recipe = hashlib.sha256(Path(__file__).read_bytes() + lock.read_bytes() + (service / FILE).read_bytes())
    recipe.update(f"{target}\0{bytecode.RECIPE}\0{[part.content for part in package.parts]}".encode())
    path = root / "dist" / "images" / target.folder / f"{service.name}.zip"
    found = _stored(path, recipe.hexdigest())
    if found is None:
        files = _files(service, package, target, root)
        archive.write(path, files)
        sources = {name: data for name, data in files.items() if not name.endswith(".pyc")}
        found = archive.content_hash(sources, f"{bytecode.RECIPE} {target}")
        record = {"input": recipe.hexdigest(), "content": found, "archive": archive.code_sha256(path)}
        path.with_suffix(".json").write_text(json.dumps(record, indent=2) + "\n")
    return Image(service.name, target.name, path, found, path.stat().st_size)


def unpack(image: Image) -> Path:
    """The image's context as a folder beside its zip, with fixed times and modes, for ``docker build``."""
    folder = image.path.with_suffix("")
    with tempfile.TemporaryDirectory(dir=folder.parent) as place, zipfile.ZipFile(image.path) as zipped:
        made = Path(place) / "context"
        for entry in zipped.infolist():
            path = Path(zipped.extract(entry, made))
            path.chmod(entry.external_attr >> 16 & 0o777)
        for path in (made, *made.rglob("*")):
            os.utime(path, (_TIME, _TIME))
        shutil.rmtree(folder, ignore_errors=True)
        made.rename(folder)
    return folder


def _files(service: Path, package: Package, target: Target, root: Path) -> dict[str, bytes]:
    task: dict[str, bytes] = {}
    for part in package.parts:
        with zipfile.ZipFile(part.path) as zipped:
            task |= {
                name.removeprefix(packages.LAYER_FOLDER): zipped.read(name) for name in zipped.namelist()
            }
    brought = packages.tree(_runtime(service, target, root))
    sources = packages.python_files(brought)
    compiled = bytecode.compile_all(sources, target.python, packages.cache(root) / "bytecode")
    task |= {name: path.read_bytes() for name, path in brought.items() if name not in task}
    task |= {
        bytecode.compiled_name(name, target.python): path.read_bytes() for name, path in compiled.items()
    }
    return {FILE: (service / FILE).read_bytes(), **{f"{TASK}{name}": data for name, data in task.items()}}


def _runtime(service: Path, target: Target, root: Path) -> Path:
    """What ``image.lock`` names, installed for the target."""
    lock = service / LOCK
    digest = hashlib.sha256(f"{target}\0".encode() + lock.read_bytes()).hexdigest()
    site = packages.cache(root) / "site" / digest[:24]
    if not site.exists():
        dependencies.install(lock, None, site, target.foreign, unwanted={})
    return site


def _stored(path: Path, recipe: str) -> str | None:
    """The content of an earlier build with the same input, if its zip is intact."""
    try:
        record = json.loads(path.with_suffix(".json").read_text())
        same = record["input"] == recipe and record["archive"] == archive.code_sha256(path)
        return str(record["content"]) if same else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
