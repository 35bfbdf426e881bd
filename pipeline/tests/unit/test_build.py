"""What a pipeline's build leaves behind, for AWS as moto plays it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from deploy import build, cli, packages, wheels
from deploy.errors import DeployError
from deploy.run import Clients
from tests.toy import Toy

BUCKET = {
    "Resources": {"Bucket": {"Type": "AWS::S3::Bucket"}},
    "Outputs": {"ArtifactBucketName": {"Value": {"Ref": "Bucket"}}},
}


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clients]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        made = Clients.of(boto3.Session())
        made.cloudformation.create_stack(StackName="wotr-bootstrap", TemplateBody=json.dumps(BUCKET))
        yield made


def parameters(output: Path, stage: str) -> dict[str, str]:
    found: dict[str, Any] = json.loads((output / f"configuration-{stage}.json").read_text())
    assert found.keys() == {"Parameters", "Tags"}, "what CodePipeline takes"
    return dict(found["Parameters"])


def test_a_stack_leaves_a_template_and_every_parameter_for_each_stage(
    toy: Toy, clients: Clients, tmp_path: Path
) -> None:
    toy.replace(
        "services/hello/template.yml",
        "Parameters:\n",
        "Parameters:\n  Limit: { Type: Number, Default: 5 }\n",
    )
    toy.write("services/hello/stages.yml", "prod: {Limit: 50}\n")
    output = tmp_path / "built"
    build.build(toy.root, "hello", output, target=packages.HOST, clients=clients)
    assert sorted(path.name for path in output.iterdir()) == [
        f"{name}-{stage}.json" for name in ("configuration", "template") for stage in ("dev", "prod")
    ]
    assert parameters(output, "dev") == {"Stage": "dev", "Limit": "5"}
    assert parameters(output, "prod") == {"Stage": "prod", "Limit": "50"}
    assert json.loads((output / "configuration-dev.json").read_text())["Tags"] == {"wotr:stack": "hello"}
    for stage in ("dev", "prod"):
        template = json.loads((output / f"template-{stage}.json").read_text())
        code = template["Resources"]["Greet"]["Properties"]["CodeUri"]
        clients.s3.head_object(**code)
        clients.s3.head_object(Bucket=code["Bucket"], Key=code["Key"].replace(".zip", ".cdx.json"))


def test_a_stack_without_code_needs_no_package(toy: Toy, clients: Clients, tmp_path: Path) -> None:
    build.build(toy.root, "base", tmp_path, clients=clients)
    assert "Queue" in json.loads((tmp_path / "template-dev.json").read_text())["Resources"]


def test_what_somebody_gave_the_deployed_stack_by_hand_stays(
    toy: Toy, clients: Clients, tmp_path: Path
) -> None:
    declared = "Parameters:\n  Limit: { Type: Number, Default: 5 }\n  Other: { Type: Number, Default: 1 }\n"
    toy.replace("infra/base.yml", "Parameters:\n", declared)
    toy.write("infra/stages/base.yml", "dev: {Other: 2}\n")
    build.build(toy.root, "base", tmp_path, clients=clients)
    clients.cloudformation.create_stack(
        StackName="wotr-base-dev",
        TemplateBody=(tmp_path / "template-dev.json").read_text(),
        Parameters=[
            {"ParameterKey": name, "ParameterValue": "9" if name != "Stage" else "dev"}
            for name in ("Stage", "Limit", "Other")
        ],
    )
    build.build(toy.root, "base", tmp_path, clients=clients)
    assert parameters(tmp_path, "dev") == {"Stage": "dev", "Limit": "9", "Other": "2"}, "the committed wins"
    assert parameters(tmp_path, "prod")["Limit"] == "5"


def test_only_what_has_a_pipeline_is_built(toy: Toy, clients: Clients, tmp_path: Path) -> None:
    toy.replace("infra/base.yml", "Parameters:", "Metadata: {wotr: {deployed: on request}}\nParameters:")
    assert build.deployables(toy.root) == ["hello", "shared"]
    for name in ("base", "bootstrap", "nothing"):
        with pytest.raises(DeployError, match=f"'{name}' has no pipeline; hello, shared have"):
            build.build(toy.root, name, tmp_path, clients=clients)


def test_the_library_is_published_once_and_never_changes(toy: Toy, clients: Clients, tmp_path: Path) -> None:
    with pytest.raises(DeployError, match="not in shared/releases"):
        build.build(toy.root, "shared", tmp_path, clients=clients)
    wheels.release(toy.root)
    (wheel,) = build.build(toy.root, "shared", tmp_path, clients=clients)
    assert wheel.name == "wotr_common-1.0.0-py3-none-any.whl"
    build.build(toy.root, "shared", tmp_path, clients=clients)
    toy.library("1.0.0", "Goodbye")
    with pytest.raises(DeployError, match="bump the version"):
        build.build(toy.root, "shared", tmp_path, clients=clients)
    (toy.root / "shared" / "releases.lock").unlink()  # as if nobody had ever released it
    wheels.release(toy.root)
    with pytest.raises(DeployError, match=r"1\.0\.0 is published with another content .* bump the version"):
        build.build(toy.root, "shared", tmp_path, clients=clients)


def test_a_tree_without_history_takes_older_releases_from_the_bucket(toy: Toy, clients: Clients) -> None:
    wheels.release(toy.root)
    build.publish(toy.root, clients)
    toy.library("1.1.0", "Goodbye")
    shutil.rmtree(toy.root / "dist" / "wheels")
    with pytest.raises(DeployError, match="wheels --published"):
        wheels.fill(toy.root)
    assert [wheel.version for wheel in build.fetch(toy.root, clients)] == ["1.0.0"]
    assert {wheel.version for wheel in wheels.fill(toy.root)} == {"1.0.0", "1.1.0"}

    released = toy.root / "shared" / "releases.lock"
    released.write_text(f"1.0.0 {'0' * 64}\n")
    with pytest.raises(DeployError, match=r"came as wotr-common 1\.0\.0 has the content"):
        build.fetch(toy.root, clients)


def test_a_release_that_nobody_published_says_how(toy: Toy, clients: Clients) -> None:
    wheels.release(toy.root)
    toy.library("1.1.0", "Goodbye")
    with pytest.raises(DeployError, match="deploy -- publish-common"):
        build.fetch(toy.root, clients)


def test_the_target_is_what_the_environment_says(
    toy: Toy, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(cli.TARGET, "host")
    assert cli.main(["--root", str(toy.root), "package", "hello"]) == 0
    assert (toy.root / "dist" / "packages" / packages.HOST.folder / "hello.zip").exists()
    monkeypatch.setenv(cli.TARGET, "laptop")
    assert cli.main(["--root", str(toy.root), "package", "hello"]) == 1
    assert "WOTR_PACKAGE_TARGET is 'laptop', and not one of host, lambda" in capsys.readouterr().err
