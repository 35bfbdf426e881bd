"""Gap: an operation on a stack that a stop of the server cuts off comes to an end after the next start."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import boto3
import pytest
from canaries import ANSWERS, common, hook, shifted, weights
from stack import Client, Wait, deploy

from localcloud import LocalCloud

CANARY = "CodeDeployDefault.LambdaCanary10Percent5Minutes"
NEVER = {
    "Beside": {"Type": "AWS::SNS::Topic"},
    "Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"},
    "Wait": {
        "Type": "AWS::CloudFormation::WaitCondition",
        "DependsOn": "Beside",
        "Properties": {"Handle": {"Ref": "Handle"}, "Timeout": "600", "Count": 1},
    },
}


def clients(cloud: LocalCloud) -> Client:
    make: Client = boto3.Session("000000000000", "local", region_name=cloud.region).client
    return lambda service, **options: make(service, endpoint_url=cloud.endpoint, **options)


def resources(number: int) -> dict[str, Any]:
    return common() | hook("Succeeded") | shifted("Cut", ANSWERS.format(text=str(number)), number, CANARY)


def status(client: Client, name: str) -> str:
    (found,) = client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    return str(found["StackStatus"])


def test_a_stop_in_the_middle_ends_deployment_and_stacks(
    root: Path, tmp_path: Path, eventually: Wait, pytestconfig: pytest.Config
) -> None:
    """The deployment has failed, the alias is back, what was made is gone, and the stack can be updated."""
    (tmp_path / ".wotr").mkdir()
    (tmp_path / ".wotr" / "environments").symlink_to(root / ".wotr" / "environments")
    without = pytestconfig.getoption("--without-gap")
    # Not the usual port, which somebody may take meanwhile.
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    # The real minute: nothing of the canary is over when the server stops.
    with LocalCloud(tmp_path, port=port, persist=True, without=without) as cloud:
        client = clients(cloud)
        made = deploy(client, {"Resources": resources(1)})
        stacks = client("cloudformation")
        stacks.create_change_set(
            StackName=made.name,
            ChangeSetName="second",
            TemplateBody=json.dumps({"Resources": resources(2)}),
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )
        stacks.execute_change_set(StackName=made.name, ChangeSetName="second")
        stacks.create_stack(StackName="never", TemplateBody=json.dumps({"Resources": NEVER}))
        eventually(lambda: weights(client, made.ids["Cut"]).get("2") == 0.1, 30)
        eventually(lambda: client("sns").list_topics()["Topics"])
        (deployment,) = client("codedeploy").list_deployments()["deployments"]

    with LocalCloud(tmp_path, port=port, persist=True, minute=0.5, without=without) as cloud:
        client = clients(cloud)
        eventually(lambda: status(client, made.name) == "UPDATE_ROLLBACK_COMPLETE", 30)
        eventually(lambda: status(client, "never") == "ROLLBACK_COMPLETE", 30)
        assert client("sns").list_topics()["Topics"] == []
        assert weights(client, made.ids["Cut"]) == {"1": 1}

        def over() -> dict[str, Any] | None:
            found: dict[str, Any] = client("codedeploy").get_deployment(deploymentId=deployment)
            return found["deploymentInfo"] if "completeTime" in found["deploymentInfo"] else None

        info = eventually(over)
        assert (info["status"], info["errorInformation"]["code"]) == ("Failed", "INTERNAL_ERROR")

        deploy(client, {"Resources": resources(3)}, name=made.name)
        (serves,) = weights(client, made.ids["Cut"])
        answer = client("lambda").invoke(FunctionName=made.ids["Cut"], Qualifier="live")
        assert (answer["ExecutedVersion"], json.load(answer["Payload"])) == (serves, "3")
