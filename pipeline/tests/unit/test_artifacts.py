from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

from deploy import packages, templates
from deploy.artifacts import Bucket, packaged
from deploy.packages import HOST, Package
from tests.toy import LAYER, Toy

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@pytest.fixture
def s3() -> Iterator[S3Client]:
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="artifacts")
        yield client


def package(path: Path, data: bytes) -> Package:
    path.write_bytes(data)
    digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
    return Package("hello", "lambda", path, "c0ffee", digest, len(data), len(data))


def test_a_package_is_stored_once_and_the_stored_one_counts(s3: S3Client, tmp_path: Path) -> None:
    bucket = Bucket(s3, "artifacts")
    first = package(tmp_path / "a.zip", b"one archive")
    assert bucket.put_package(first) == first.code_sha256
    again = package(tmp_path / "b.zip", b"the same content, another zlib")
    assert bucket.put_package(again) == first.code_sha256, "what Lambda will run is what was stored first"
    stored = s3.get_object(Bucket="artifacts", Key="wotr/hello/c0ffee.zip")["Body"].read()
    assert stored == b"one archive"


def test_a_template_is_stored_by_its_content(s3: S3Client) -> None:
    bucket = Bucket(s3, "artifacts")
    url = bucket.put_template("hello", "{}")
    assert url == bucket.put_template("hello", "{}")
    assert url != bucket.put_template("hello", "{ }")
    assert url.startswith(f"{s3.meta.endpoint_url}/artifacts/wotr/hello/")
    key = url.removeprefix(f"{s3.meta.endpoint_url}/artifacts/")
    assert s3.get_object(Bucket="artifacts", Key=key)["Body"].read() == b"{}"


def test_the_packaged_template_names_bucket_and_key_and_is_the_same_otherwise(toy: Toy) -> None:
    _, template = templates.discover(toy.root)
    built = packages.build([template], HOST, toy.root)["hello"]
    body = json.loads(packaged(template, "artifacts", built))
    code = body["Resources"]["Greet"]["Properties"].pop("CodeUri")
    assert code == {"Bucket": "artifacts", "Key": built.key}
    assert "CodeUri" not in body["Globals"]["Function"]
    body["Globals"]["Function"]["CodeUri"] = "."
    assert body == template.body, "the source template is not touched"


def test_a_documents_text_changes_with_each_value_of_a_parameter(tmp_path: Path) -> None:
    """Else SAM makes no deployment of the API, and its stage goes on with the old value."""
    service = tmp_path / "services" / "web"
    service.mkdir(parents=True)
    (service / "template.yml").write_text(
        "Transform: AWS::Serverless-2016-10-31\n"
        "Parameters: {Stage: {Type: String}, Origin: {Type: String, Default: none}}\n"
        "Resources:\n"
        "  Api:\n"
        "    Type: AWS::Serverless::Api\n"
        "    Properties: {StageName: dev, DefinitionBody: {info: {title: web}, paths: {}}}\n",
        encoding="utf-8",
    )
    template = templates.load(service / "template.yml", tmp_path)

    def info(**values: str) -> str:
        body = json.loads(packaged(template, "artifacts", None, values))
        return json.dumps(body["Resources"]["Api"]["Properties"]["DefinitionBody"]["info"])

    assert info() == info() == info(Origin="none")
    assert len({info(), info(Origin="https://a"), info(Origin="https://b")}) == 3
    assert "description" not in template.resources["Api"]["Properties"]["DefinitionBody"]["info"]


def test_a_layer_is_named_in_the_packaged_template_too(toy: Toy) -> None:
    toy.write("services/hello/src/cryptography/__init__.py", "")
    toy.replace("services/hello/template.yml", "Outputs:", LAYER)
    _, template = templates.discover(toy.root)
    built = packages.build([template], HOST, toy.root)["hello"]
    body = json.loads(packaged(template, "artifacts", built))
    assert built.layer is not None
    place = {"Bucket": "artifacts", "Key": built.layer.key}
    assert body["Resources"]["Heavy"]["Properties"] == {"ContentUri": place}
