"""Small projects for contract tests of builds: a source in a bucket, a role, and what came of a build."""

from __future__ import annotations

import io
import json
import secrets
import textwrap
import zipfile
from dataclasses import dataclass, field
from typing import Any

from stack import Client, Wait, allow

BUILDS_MAY_ASSUME: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "codebuild.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
SIMPLE = "version: 0.2\nphases: {build: {commands: [echo built]}}\n"
ENVIRONMENT = {
    "type": "LINUX_CONTAINER",
    "image": "aws/codebuild/standard:7.0",
    "computeType": "BUILD_GENERAL1_SMALL",
}


@dataclass
class Projects:
    """A bucket, a role that may use it and write logs, and projects."""

    client: Client
    eventually: Wait
    name: str = field(default_factory=lambda: f"build-{secrets.token_hex(4)}")
    role: str = ""

    def __post_init__(self) -> None:
        self.builds, self.s3 = self.client("codebuild"), self.client("s3")
        constraint = {"LocationConstraint": "eu-central-1"}
        self.s3.create_bucket(Bucket=self.name, CreateBucketConfiguration=constraint)
        trust = json.dumps(BUILDS_MAY_ASSUME)
        made = self.client("iam").create_role(RoleName=self.name, AssumeRolePolicyDocument=trust)
        self.role = made["Role"]["Arn"]
        self.allow(
            allow(["s3:GetObject", "s3:PutObject"], f"arn:aws:s3:::{self.name}/*"),
            allow("s3:ListBucket", f"arn:aws:s3:::{self.name}"),
            allow(["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"], "*"),
        )

    def allow(self, *statements: dict[str, Any]) -> None:
        """Let the role do this, in a policy of its own."""
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        self.client("iam").put_role_policy(
            RoleName=self.name, PolicyName=secrets.token_hex(4), PolicyDocument=document
        )

    def zipped(self, files: dict[str, str], key: str = "source.zip") -> str:
        """Put a source into the bucket; returns its location."""
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            for path, text in files.items():
                archive.writestr(path, textwrap.dedent(text))
        self.s3.put_object(Bucket=self.name, Key=key, Body=content.getvalue())
        return f"{self.name}/{key}"

    def project(self, buildspec: str, files: dict[str, str] | None = None, **settings: Any) -> str:
        """A project that builds these files by that buildspec; returns its name."""
        name = f"contract-{secrets.token_hex(4)}"
        key = f"{name}.zip"
        location = self.zipped({"buildspec.yml": buildspec, **(files or {})}, key)
        self.builds.create_project(
            **{
                "name": name,
                "source": {"type": "S3", "location": location},
                "artifacts": {"type": "NO_ARTIFACTS"},
                "environment": ENVIRONMENT,
                "serviceRole": self.role,
            }
            | settings
        )
        return name

    def start(self, project: str, **request: Any) -> str:
        """Start a build; returns its id."""
        return str(self.builds.start_build(projectName=project, **request)["build"]["id"])

    def told(self, build: str) -> dict[str, Any]:
        """What BatchGetBuilds tells of it."""
        (found,) = self.builds.batch_get_builds(ids=[build])["builds"]
        return dict(found)

    def ended(self, build: str) -> Built:
        """Wait for its end."""

        def complete() -> Any:
            found = self.told(build)
            return found["buildComplete"] and found

        return Built(self.eventually(complete, 30), self.client("logs"))

    def build(self, buildspec: str, files: dict[str, str] | None = None, **settings: Any) -> Built:
        """A project's first build, ended."""
        return self.ended(self.start(self.project(buildspec, files, **settings)))

    def content(self, key: str) -> bytes:
        """An object of the bucket."""
        content: bytes = self.s3.get_object(Bucket=self.name, Key=key)["Body"].read()
        return content

    def objects(self, prefix: str = "") -> list[str]:
        """The objects of the bucket."""
        found = self.s3.list_objects_v2(Bucket=self.name, Prefix=prefix).get("Contents", [])
        return [each["Key"] for each in found]


@dataclass(frozen=True)
class Built:
    """A build that has ended."""

    told: dict[str, Any]
    logs: Any

    @property
    def status(self) -> str:
        return str(self.told["buildStatus"])

    @property
    def phases(self) -> dict[str, str]:
        """Statuses by phase."""
        return {each["phaseType"]: each.get("phaseStatus", "") for each in self.told["phases"]}

    @property
    def exported(self) -> dict[str, str]:
        return {each["name"]: each["value"] for each in self.told["exportedEnvironmentVariables"]}

    def why(self, phase: str) -> str:
        """Code and message of a phase."""
        (found,) = (each for each in self.told["phases"] if each["phaseType"] == phase)
        (context,) = found["contexts"]
        return f"{context['statusCode']} {context['message']}"

    @property
    def lines(self) -> list[str]:
        """What its commands said."""
        return [line for line in self.log if not line.startswith("[Container]")]

    @property
    def log(self) -> list[str]:
        place = self.told["logs"]
        names = {"logGroupName": place["groupName"], "logStreamName": place["streamName"]}
        events = self.logs.get_log_events(**names, startFromHead=True)["events"]
        return [each["message"] for each in events]
