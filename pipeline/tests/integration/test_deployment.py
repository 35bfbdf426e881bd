"""Two small stacks, really deployed, changed, broken and repaired on the local cloud."""

from __future__ import annotations

import io
import json
import secrets
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy import packages, run
from deploy.errors import DeployError
from deploy.run import Clients, Deployment
from tests.toy import Toy


class Place:
    """The toy repository, and the stage it is deployed to."""

    def __init__(self, root: Path) -> None:
        token = secrets.token_hex(3)
        self.base, self.hello = f"base{token}", f"hello{token}"
        self.toy = Toy(root, self.base, self.hello)
        self.clients = Clients.of()

    def up(self, *stacks: str, stage: str = "dev", given: tuple[str, ...] = ()) -> Deployment:
        return run.up(self.toy.root, stage, stacks, given=given, target=packages.HOST, clients=self.clients)

    def actions(self, deployment: Deployment) -> dict[str, str]:
        return {result.stack: result.action for result in deployment.stacks if result.stack != "bootstrap"}

    def greet(self, name: str, stage: str = "dev") -> str:
        full = f"wotr-{self.hello}-{stage}"
        stack = self.clients.cloudformation.describe_stacks(StackName=full)["Stacks"][0]
        function = stack["Outputs"][0]["OutputValue"]
        payload = json.dumps({"name": name}).encode()
        answer = self.clients.functions.invoke(FunctionName=function, Qualifier="live", Payload=payload)
        return str(json.load(answer["Payload"])["greeting"])

    @property
    def handler(self) -> str:
        return f"services/{self.hello}/src/wotr_{self.hello}/handlers/greet.py"

    @property
    def template(self) -> str:
        return f"services/{self.hello}/template.yml"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.setenv("UV_OFFLINE", "1")
    made = Place(tmp_path / "repository")
    yield made
    for stack in (made.hello, made.base):
        made.clients.cloudformation.delete_stack(StackName=f"wotr-{stack}-dev")


def test_a_stage_comes_up_then_stays_then_takes_only_what_changed(place: Place) -> None:
    first = place.up()
    assert first.good, [result.reason for result in first.stacks]
    assert place.actions(first) == {place.base: "created", place.hello: "created"}
    assert place.greet("Ada") == "Hello, Ada"

    assert place.up().changed == []

    place.toy.replace(place.handler, '"{WORD}, ', '"{WORD} again, ')
    changed = place.up()
    assert changed.changed == [place.hello], "one service has changed: exactly one change set is not empty"
    assert place.greet("Ada") == "Hello again, Ada", "the alias has moved to the new code"


def test_dev_and_prod_are_stacks_of_their_own_made_from_one_template(place: Place) -> None:
    assert place.up().good
    assert place.up(stage="prod").good
    place.toy.replace(place.handler, '"{WORD}, ', '"{WORD} again, ')
    assert place.up(stage="prod").changed == [place.hello]
    assert (place.greet("Ada"), place.greet("Ada", "prod")) == ("Hello, Ada", "Hello again, Ada")
    for stage, protected in (("dev", False), ("prod", True)):
        full = f"wotr-{place.base}-{stage}"
        stack = place.clients.cloudformation.describe_stacks(StackName=full)["Stacks"][0]
        assert stack.get("EnableTerminationProtection", False) is protected


def test_a_parameter_given_once_stays_given(place: Place) -> None:
    declared = "Parameters:\n  Seconds: { Type: Number, Default: 30 }\n"
    place.toy.replace(f"infra/{place.base}.yml", "Parameters:\n", declared)

    def seconds() -> str:
        stack = place.clients.cloudformation.describe_stacks(StackName=f"wotr-{place.base}-dev")["Stacks"][0]
        values = {item["ParameterKey"]: item["ParameterValue"] for item in stack["Parameters"]}
        return values["Seconds"]

    assert place.up(place.base, given=(f"{place.base}.Seconds=90",)).good
    assert seconds() == "90"
    assert place.up(place.base).good
    assert seconds() == "90"


def test_a_service_is_deployed_alone_if_what_it_imports_is_there(place: Place) -> None:
    with pytest.raises(DeployError) as caught:
        place.up(place.hello)
    assert f"{place.hello} imports wotr-{place.base}-dev-QueueArn, which no deployed stack" in str(
        caught.value
    )
    assert str(caught.value).endswith(f"up --stage dev {place.base} {place.hello}")
    place.up(place.base)
    assert place.actions(place.up(place.hello)) == {place.hello: "created"}


def test_a_failing_resource_shows_its_reason_and_what_needs_it_is_skipped(place: Place) -> None:
    timeout = "    Properties: {VisibilityTimeout: 99999}"  # the longest is 43200 seconds
    place.toy.replace(f"infra/{place.base}.yml", "AWS::SQS::Queue", f"AWS::SQS::Queue\n{timeout}")
    broken = place.up()
    assert place.actions(broken) == {place.base: "failed", place.hello: "skipped"}
    reason = next(result.reason for result in broken.stacks if result.stack == place.base)
    assert reason.startswith(f"wotr-{place.base}-dev ended in ROLLBACK_COMPLETE: Queue (AWS::SQS::Queue): ")
    assert "VisibilityTimeout" in reason

    fresh = Toy(
        place.toy.root, place.base, place.hello
    )  # put right: the stack that never came up is replaced
    assert fresh.root == place.toy.root
    assert place.actions(place.up()) == {place.base: "created", place.hello: "created"}


def test_a_function_with_other_code_than_the_artifact_is_refused(place: Place) -> None:
    place.up()
    stack = place.clients.cloudformation.describe_stacks(StackName=f"wotr-{place.hello}-dev")["Stacks"][0]
    function = stack["Outputs"][0]["OutputValue"]
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("by_hand.py", "def handler(event, context): ...")
    place.clients.functions.update_function_code(FunctionName=function, ZipFile=code.getvalue())
    refused = place.up()
    assert place.actions(refused)[place.hello] == "failed"
    reason = next(result.reason for result in refused.stacks if result.stack == place.hello)
    assert "Greet" in reason
    assert "does not run the artifact" in reason
