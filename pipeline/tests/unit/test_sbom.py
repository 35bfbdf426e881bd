"""The bill of materials beside a package: what is in the zip, and nothing that changes by itself."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from deploy import sbom
from deploy.packages import Package

LOCK = f"""
idna==3.11 \\
    --hash=sha256:{"a" * 64} \\
    --hash=sha256:{"b" * 64}
unused==1.0 ; sys_platform == 'win32' \\
    --hash=sha256:{"c" * 64}
"""


@pytest.fixture
def package(tmp_path: Path) -> Package:
    path = tmp_path / "hello.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("idna/__init__.py", "")
        archive.writestr(
            "idna-3.11.dist-info/METADATA", "Name: idna\nVersion: 3.11\nLicense-Expression: BSD-3-Clause\n"
        )
        archive.writestr(
            "Old_Lib-2.dist-info/METADATA",
            "Name: Old_Lib\nVersion: 2\nClassifier: License :: OSI Approved :: MIT License\n",
        )
    digest = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="  # pragma: allowlist secret - SHA-256 of nothing
    return Package("hello", "host", path, "c0ffee", digest, path.stat().st_size, 1)


def read(package: Package) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(sbom.bill(package, LOCK))
    return found


def test_it_names_what_is_in_the_zip_with_licence_and_the_hashes_of_the_lock(package: Package) -> None:
    found = {component["name"]: component for component in read(package)["components"]}

    assert {name: component["version"] for name, component in found.items()} == {
        "idna": "3.11",
        "old-lib": "2",
    }
    assert found["idna"]["purl"] == "pkg:pypi/idna@3.11"
    assert found["idna"]["licenses"] == [{"expression": "BSD-3-Clause"}]
    assert found["old-lib"]["licenses"] == [{"license": {"name": "MIT License"}}]
    hashes = {said["value"] for said in found["idna"]["properties"]}
    assert hashes == {"a" * 64, "b" * 64}


def test_it_is_valid_and_says_which_zip_it_is_about(package: Package) -> None:
    text = sbom.bill(package, LOCK)

    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    subject = json.loads(text)["metadata"]["component"]
    assert (subject["name"], subject["version"]) == ("hello", "c0ffee")
    empty = hashlib.sha256(b"").hexdigest()
    assert subject["hashes"] == [{"alg": "SHA-256", "content": empty}]


def test_the_same_zip_has_the_same_bill(package: Package, tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text(LOCK)
    first = sbom.write(package, lock)
    assert first == package.path.with_suffix(".cdx.json")
    assert first.read_text() == sbom.bill(package, LOCK)
    assert "timestamp" not in read(package)["metadata"]
