"""Images of containers for contract tests: a few lines of Python below a Dockerfile that copies them."""

from __future__ import annotations

import io
import secrets
import zipfile
from collections.abc import Callable
from typing import Any

from stack import Client, Wait

DOCKERFILE = """
# Only copies.
FROM python:3
COPY task/ /opt/task/
ENV PYTHONPATH=/opt/task
ENV SAID_BY=image
WORKDIR /opt/task
USER 10001
ENTRYPOINT ["python", "-u", "-m", "job"]
"""
TASKS_MAY_ASSUME: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}


class Jobs:
    """A cluster and a bucket of images. `define` gives the task definition of a container that runs code."""

    def __init__(self, client: Client, eventually: Wait) -> None:
        self.ecs, self._client, self._eventually = client("ecs"), client, eventually
        self.name = f"jobs-{secrets.token_hex(4)}"
        self.cluster = self.ecs.create_cluster(clusterName=self.name)["cluster"]["clusterArn"]
        client("s3").create_bucket(
            Bucket=self.name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
        )
        client("logs").create_log_group(logGroupName=self.name)

    def image(self, code: str, dockerfile: str = DOCKERFILE) -> str:
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as zipped:
            zipped.writestr("Dockerfile", dockerfile)
            zipped.writestr("task/job.py", code)
        tag = secrets.token_hex(4)
        self._client("s3").put_object(Bucket=self.name, Key=f"some/job/{tag}.zip", Body=content.getvalue())
        return f"{self.name}/some/job:{tag}"

    def define(self, image: str, role: str = "", **container: Any) -> str:
        options = {"awslogs-group": self.name, "awslogs-region": "eu-central-1", "awslogs-stream-prefix": "t"}
        logs = {"logDriver": "awslogs", "options": options}
        made = self.ecs.register_task_definition(
            family=self.name,
            requiresCompatibilities=["FARGATE"],
            networkMode="awsvpc",
            cpu="256",
            memory="512",
            taskRoleArn=role,
            containerDefinitions=[{"name": "job", "image": image, "logConfiguration": logs, **container}],
        )
        return str(made["taskDefinition"]["taskDefinitionArn"])

    def run(self, definition: str, **container: Any) -> str:
        """The task's ARN."""
        overrides = {"containerOverrides": [{"name": "job", **container}]}
        answer = self.ecs.run_task(
            cluster=self.cluster, taskDefinition=definition, launchType="FARGATE", overrides=overrides
        )
        return str(answer["tasks"][0]["taskArn"])

    def task(self, arn: str) -> dict[str, Any]:
        (found,) = self.ecs.describe_tasks(cluster=self.cluster, tasks=[arn])["tasks"]
        return dict(found)

    def until(self, arn: str, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The task, once that holds."""
        return dict(self._eventually(lambda: (task := self.task(arn)) and holds(task) and task))

    def ended(self, arn: str) -> dict[str, Any]:
        return self.until(arn, lambda task: task["lastStatus"] == "STOPPED")

    def logged(self, arn: str) -> list[str]:
        """Lines of the task's log stream."""
        stream = f"t/job/{arn.rpartition('/')[2]}"
        found = self._client("logs").filter_log_events(logGroupName=self.name, logStreamNames=[stream])
        return [event["message"] for event in found["events"]]
