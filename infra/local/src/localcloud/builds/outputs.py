"""Where a build's artifacts go: into its bucket, or to CodePipeline's places."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from localcloud.builds import objects
from localcloud.builds.buildspec import Buildspec, Files
from localcloud.builds.handover import Handover
from localcloud.builds.progress import PhaseFailed
from localcloud.services import Body

Said = Callable[[str], str]


class Outputs:
    """The artifacts of one build. ``said`` is what the shell makes of a name."""

    def __init__(self, client: Any, source: Path, build: Body, said: Said) -> None:
        self._client = client
        self._source = source
        self._build = build
        self._said = said

    def to_pipeline(self, spec: Buildspec, handover: Handover) -> None:
        """The primary artifact is a lone output's, secondary ones go by their names. PhaseFailed, NoFiles."""
        for name, place in handover.outputs.items():
            files = spec.secondary_artifacts.get(name) or (len(handover.outputs) == 1 and spec.artifacts)
            if not files:
                raise PhaseFailed("CLIENT_ERROR", f"the buildspec has no artifact for the output {name}")
            archive = self._archive
            objects.pack(files, self._source, archive)
            objects.put(self._client, place.bucket, place.key, archive, place.kms_key or self._key)
            archive.unlink()

    def to_bucket(self, files: Files, wanted: Body) -> Body:
        """Store an artifact as a project says; returns what its build tells of it. NoFiles."""
        name = wanted.get("name") or self._build["projectName"]
        if wanted.get("overrideArtifactName") and files.name:
            name = self._said(files.name)
        number = self._build["id"].partition(":")[2] if wanted.get("namespaceType") == "BUILD_ID" else ""
        parts = (wanted.get("path", "").strip("/"), number, name.strip("/"))
        bucket, key = wanted["location"], "/".join(part for part in parts if part)
        told = {"location": f"arn:aws:s3:::{bucket}/{key}"}
        encryption_key = "" if wanted.get("encryptionDisabled") else self._key
        if wanted.get("packaging") == "ZIP":
            told |= self._put_zip(files, bucket, key, encryption_key)
        else:
            for inside, path in objects.named(files, self._source):
                place = f"{key}/{inside}".lstrip("/")
                objects.put(self._client, bucket, place, path, encryption_key)
        if "artifactIdentifier" in wanted:
            told["artifactIdentifier"] = wanted["artifactIdentifier"]
        return told

    def _put_zip(self, files: Files, bucket: str, key: str, encryption_key: str) -> Mapping[str, str]:
        archive = self._archive
        digests = objects.pack(files, self._source, archive)
        objects.put(self._client, bucket, key, archive, encryption_key)
        archive.unlink()
        return digests

    @property
    def _archive(self) -> Path:
        return self._source.parent / "artifact.zip"

    @property
    def _key(self) -> str:
        return own_key(self._build)


def own_key(build: Body) -> str:
    """The build's encryption key, "" where it is the service's own."""
    key: str = build["encryptionKey"]
    return "" if ":alias/aws/" in key else key
