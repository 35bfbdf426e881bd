"""A bill of materials beside each package: what is in the zip, in CycloneDX, the same bytes for the same zip.

It is read off the zip itself, in which each distribution's METADATA lies, and off the lock, which
says the hashes of the archives that it may have come from. No time and no random number: whoever
compares two bills sees what changed in the package.
"""

from __future__ import annotations

import re
import zipfile
from base64 import b64decode
from collections.abc import Iterator
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import DisjunctiveLicense, License, LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from deploy.errors import DeployError
from deploy.packages import LAYER_FOLDER, LOCK, Package
from deploy.templates import Template

SUFFIX = ".cdx.json"
_LOCKED = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)")
_HASH = re.compile(r"--hash=sha256:(?P<hash>[0-9a-f]{64})")
_CLASSIFIER = "License :: OSI Approved :: "


def lock_of(template: Template) -> Path:
    """The lock of the service that ``template`` deploys."""
    if template.service is None:
        raise DeployError(f"{template.where} belongs to no service, so nothing of it is packaged")
    return template.service / LOCK


def write(package: Package, lock: Path) -> Path:
    """Write the bill of ``package``, whose dependencies ``lock`` names, beside its zip; the bill's path."""
    path = package.path.with_suffix(SUFFIX)
    path.write_text(bill(package, lock.read_text(encoding="utf-8")), encoding="utf-8")
    return path


def bill(package: Package, lock: str) -> str:
    """The bill as CycloneDX 1.6 JSON."""
    subject = Component(
        name=package.service,
        version=package.content,
        type=ComponentType.APPLICATION,
        bom_ref=package.key,
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=_hex(package.code_sha256))],
    )
    locked = hashes(lock)
    found = Bom(
        serial_number=uuid5(NAMESPACE_URL, package.key),
        metadata=BomMetaData(component=subject),
        components=[_component(said, locked) for said in distributions(package.path)],
    )
    # The library fills in the present; the bill is about what does not change.
    found.metadata.timestamp = None  # type: ignore[assignment]
    found.register_dependency(subject, found.components)
    return str(JsonV1Dot6(found).output_as_string(indent=1)) + "\n"


def distributions(zipped: Path) -> Iterator[Message]:
    """The METADATA of each distribution in the zip."""
    with zipfile.ZipFile(zipped) as archive:
        for name in sorted(archive.namelist()):
            place = name.removeprefix(LAYER_FOLDER)
            if place.endswith(".dist-info/METADATA") and place.count("/") == 1:
                yield HeaderParser().parsestr(archive.read(name).decode("utf-8"))


def hashes(lock: str) -> dict[tuple[str, str], list[str]]:
    """SHA-256 of the archives that the text of a lock allows, by canonical name and version."""
    found: dict[tuple[str, str], list[str]] = {}
    current: list[str] = []
    for line in lock.splitlines():
        match = _LOCKED.match(line)
        if match:
            current = found.setdefault((canonical(match["name"]), match["version"]), [])
        current += _HASH.findall(line)
    return found


def canonical(name: str) -> str:
    """The name as packaging tools compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def licence(said: Message) -> License | None:
    """What the METADATA of a distribution says its licence is, in the newest way that it says it."""
    expression = said.get("License-Expression")
    if expression:
        return LicenseExpression(expression)
    classified = [word for word in said.get_all("Classifier", []) if word.startswith(_CLASSIFIER)]
    text = classified[0].removeprefix(_CLASSIFIER) if classified else said.get("License", "")
    return DisjunctiveLicense(name=text.splitlines()[0]) if text.strip() else None


def _component(said: Message, locked: dict[tuple[str, str], list[str]]) -> Component:
    name, version = canonical(said["Name"]), said["Version"]
    purl = PackageURL("pypi", None, name, version)
    known = licence(said)
    return Component(
        name=name,
        version=version,
        type=ComponentType.LIBRARY,
        bom_ref=purl.to_string(),
        purl=purl,
        licenses=[known] if known else [],
        properties=[
            Property(name="wotr:lock:sha256", value=digest) for digest in locked.get((name, version), [])
        ],
    )


def _hex(base64_digest: str) -> str:
    return b64decode(base64_digest).hex()
