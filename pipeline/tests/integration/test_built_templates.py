"""A stage that `deploy up` made, and what a pipeline's build of the same commit would change in it."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from deploy import build, packages
from deploy.run import Clients

ROOT = Path(__file__).resolve().parents[3]


def reason(clients: Clients, deployable: str, output: Path) -> str:
    """Why the change set of what was built cannot be made; "" if it has changes."""
    configuration = json.loads((output / "configuration-dev.json").read_text())
    stack, change_set = f"wotr-{deployable}-dev", "of-the-same-commit"
    template = (output / "template-dev.json").read_text()
    bucket = clients.cloudformation.describe_stacks(StackName="wotr-bootstrap")["Stacks"][0]["Outputs"]
    name = next(each["OutputValue"] for each in bucket if each["OutputKey"] == "ArtifactBucketName")
    clients.s3.put_object(Bucket=name, Key=f"test/{deployable}.json", Body=template.encode())
    clients.cloudformation.create_change_set(
        StackName=stack,
        ChangeSetName=change_set,
        TemplateURL=f"{clients.s3.meta.endpoint_url}/{name}/test/{deployable}.json",
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        Parameters=[
            {"ParameterKey": key, "ParameterValue": value}
            for key, value in configuration["Parameters"].items()
        ],
        Tags=[{"Key": key, "Value": value} for key, value in configuration["Tags"].items()],
    )
    deadline = time.monotonic() + 60
    found = clients.cloudformation.describe_change_set(StackName=stack, ChangeSetName=change_set)
    while found["Status"].endswith("_IN_PROGRESS"):
        assert time.monotonic() < deadline, found["Status"]
        time.sleep(0.1)
        found = clients.cloudformation.describe_change_set(StackName=stack, ChangeSetName=change_set)
    clients.cloudformation.delete_change_set(StackName=stack, ChangeSetName=change_set)
    return found.get("StatusReason", "") if found["Status"] == "FAILED" else ""


@pytest.mark.parametrize("deployable", ["platform", "workers", "api"])
def test_a_build_of_the_same_commit_finds_nothing_to_change(deployable: str, tmp_path: Path) -> None:
    """Committed values, values given by hand, the API's document, the container's image: all the same."""
    clients = Clients.of()
    build.build(ROOT, deployable, tmp_path, target=packages.HOST, clients=clients)
    assert "didn't contain changes" in reason(clients, deployable, tmp_path)

    configuration = tmp_path / "configuration-dev.json"
    configuration.write_text(configuration.read_text().replace('"Stage": "dev"', '"Stage": "prod"'))
    assert reason(clients, deployable, tmp_path) == "", "a change set that has changes is no empty one"
