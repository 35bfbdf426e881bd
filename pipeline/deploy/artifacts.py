"""The artifact bucket, and the packaged template: its code locations written out literally."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from deploy.errors import DeployError
from deploy.images import Image
from deploy.packages import Package
from deploy.sbom import SUFFIX
from deploy.templates import Template
from deploy.wheels import LIBRARY, Wheel

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_MISSING = ("404", "NoSuchKey", "NotFound")
_DIGEST = "code-sha256"
_CONTENT = "content-sha256"
API = "AWS::Serverless::Api"


@dataclass(frozen=True)
class Bucket:
    """The artifact bucket ``name``, by an S3 client."""

    s3: S3Client
    name: str

    def put_package(self, package: Package) -> str:
        """Store the zip under its key and give back the CodeSha256 of what the bucket holds.

        An object that is there already stays: the key says its content. Its archive may have other bytes
        than ours (another machine's zlib): Lambda's CodeSha256 must be compared with the answer.
        """
        try:
            found = self.s3.head_object(Bucket=self.name, Key=package.key)["Metadata"].get(_DIGEST)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _MISSING:
                raise
            found = None
        if found:
            return str(found)
        with package.path.open("rb") as body:
            self.s3.put_object(
                Bucket=self.name,
                Key=package.key,
                Body=body,
                ContentType="application/zip",
                ChecksumAlgorithm="SHA256",
                Metadata={_DIGEST: package.code_sha256},
            )
        return package.code_sha256

    def put_bill(self, package: Package, bill: str) -> None:
        """Store a package's bill of materials beside it."""
        self.s3.put_object(
            Bucket=self.name,
            Key=f"{package.key.removesuffix('.zip')}{SUFFIX}",
            Body=bill.encode(),
            ContentType="application/vnd.cyclonedx+json",
        )

    def put_image(self, image: Image) -> str:
        """Store an image's content for a cloud that has no registry; the reference to run it by.

        The reference is ``BUCKET/REPOSITORY:TAG``, the object ``REPOSITORY/TAG.zip``.
        """
        key = f"{image.repository}/{image.content}.zip"
        try:
            self.s3.head_object(Bucket=self.name, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _MISSING:
                raise
            with image.path.open("rb") as body:
                self.s3.put_object(Bucket=self.name, Key=key, Body=body, ContentType="application/zip")
        return f"{self.name}/{image.repository}:{image.content}"

    def put_wheel(self, wheel: Wheel) -> None:
        """Publish a wheel of the library; DeployError if that version is published with another content."""
        key = _wheel_key(wheel.version)
        try:
            found = self.s3.head_object(Bucket=self.name, Key=key)["Metadata"].get(_CONTENT)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _MISSING:
                raise
            with wheel.path.open("rb") as body:
                self.s3.put_object(
                    Bucket=self.name,
                    Key=key,
                    Body=body,
                    ContentType="application/zip",
                    ChecksumAlgorithm="SHA256",
                    Metadata={_CONTENT: wheel.digest},
                )
            return
        if found != wheel.digest:
            raise DeployError(
                f"{LIBRARY} {wheel.version} is published with another content ({found}) than this "
                f"({wheel.digest}), and what is published never changes: bump the version"
            )

    def get_wheel(self, version: str) -> bytes:
        """A published wheel of the library; DeployError if there is none of that version."""
        try:
            return self.s3.get_object(Bucket=self.name, Key=_wheel_key(version))["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] not in _MISSING:
                raise
            raise DeployError(
                f"{LIBRARY} {version} is not in the wheel store of {self.name}. Publish it from a clone: "
                "python3 noxfile.py -s deploy -- publish-common"
            ) from error

    def put_template(self, stack: str, text: str) -> str:
        """Store a template under its hash; its URL in path style, by the client's endpoint."""
        key = f"wotr/{stack}/{hashlib.sha256(text.encode()).hexdigest()}.template.json"
        self.s3.put_object(Bucket=self.name, Key=key, Body=text.encode(), ContentType="application/json")
        return f"{self.s3.meta.endpoint_url}/{self.name}/{key}"


def packaged(
    template: Template, bucket: str, package: Package | None, values: Mapping[str, str] | None = None
) -> str:
    """The template as compact JSON, each ``CodeUri`` and ``ContentUri`` being bucket and key.

    Literal, because SAM publishes a version only when the code's location in the template changes. For the
    same reason the document of an API names the ``values`` of parameters, as a hash: SAM deploys the API
    only when the document's text changes, and would leave a new value unheard.
    """
    body = copy.deepcopy(template.body)
    if package is not None:
        shared = (body.get("Globals") or {}).get("Function") or {}
        shared.pop("CodeUri", None)
        for function in template.functions:
            properties = body["Resources"][function.logical_id]["Properties"]
            properties["CodeUri"] = {"Bucket": bucket, "Key": package.key}
        if package.layer is not None:
            place = {"Bucket": bucket, "Key": package.layer.key}
            for name in template.layers:
                body["Resources"][name]["Properties"]["ContentUri"] = place
    for resource in body["Resources"].values():
        if resource["Type"] == API:
            info = resource["Properties"]["DefinitionBody"]["info"]
            info["description"] = f"parameters {_parameters(template, values or {})}"
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False)


def _wheel_key(version: str) -> str:
    return f"wotr/{LIBRARY}/{version}.whl"


def _parameters(template: Template, values: Mapping[str, str]) -> str:
    """A hash of what the template's parameters are, by default or by ``values``."""
    defaults = {name: declared.get("Default") for name, declared in template.parameters.items()}
    text = json.dumps({**defaults, **values}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
