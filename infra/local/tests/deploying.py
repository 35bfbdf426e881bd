"""A stack that small pipelines deploy by CloudFormation, for contract tests."""

from __future__ import annotations

import json
import secrets
from typing import Any

from pipelines import Running, account, stage, trusts, zipped
from stack import Client, allow

PARAMETER = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": {"Ref": "Value"}}}
TEMPLATE: dict[str, Any] = {
    "Parameters": {"Value": {"Type": "String", "Default": "default"}},
    "Resources": {"One": PARAMETER},
    "Outputs": {"Name": {"Value": {"Ref": "One"}}},
}


class Target:
    """A stack, the roles to deploy it with, and the source that it is deployed from."""

    def __init__(self, client: Client) -> None:
        self.client, self.ours = client, account(client)
        self.stack = f"contract-{secrets.token_hex(4)}"
        name = f"contract-deploy-{secrets.token_hex(4)}"
        trust = json.dumps(trusts("cloudformation.amazonaws.com"))
        self.role = client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        self.let(allow("cloudformation:*", "*"), allow("iam:PassRole", self.role))

    def let(self, *statements: dict[str, Any]) -> None:
        """Let the pipeline's role do that, beside what it does with artifacts."""
        policy = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        role = self.ours.role.rpartition("/")[2]
        self.client("iam").put_role_policy(RoleName=role, PolicyName="deploy", PolicyDocument=policy)

    def push(self, template: Any, configuration: Any = None) -> None:
        """Make this the source."""
        files = {"template.json": json.dumps(template)}
        if configuration is not None:
            files["configuration.json"] = json.dumps(configuration)
        self.client("s3").put_object(Bucket=self.ours.bucket, Key="source.zip", Body=zipped(files))

    def prepare(self, **configuration: str) -> dict[str, Any]:
        return self.action(
            "Prepare",
            ActionMode="CHANGE_SET_REPLACE",
            ChangeSetName="next",
            TemplatePath="Source::template.json",
            RoleArn=self.role,
            **configuration,
        )

    def execute(self, **changes: Any) -> dict[str, Any]:
        made = self.action("Execute", ActionMode="CHANGE_SET_EXECUTE", ChangeSetName="next")
        return made | {"runOrder": 2, "inputArtifacts": [], "namespace": "Deployed"} | changes

    def action(self, name: str, **configuration: str) -> dict[str, Any]:
        return {
            "name": name,
            "actionTypeId": {
                "category": "Deploy",
                "owner": "AWS",
                "provider": "CloudFormation",
                "version": "1",
            },
            "configuration": {"StackName": self.stack} | configuration,
            "inputArtifacts": [{"name": "Source"}],
        }

    def make(self, *actions: dict[str, Any]) -> Running:
        return self.ours.make(stage("Deploy", *actions))

    def described(self) -> dict[str, Any]:
        found: dict[str, Any] = self.client("cloudformation").describe_stacks(StackName=self.stack)["Stacks"][
            0
        ]
        return found

    def value(self) -> str:
        name = {each["OutputKey"]: each["OutputValue"] for each in self.described()["Outputs"]}["Name"]
        return str(self.client("ssm").get_parameter(Name=name)["Parameter"]["Value"])
