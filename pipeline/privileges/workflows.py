"""What the steps of a state machine call."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deploy.errors import DeployError
from deploy.templates import Template
from privileges.names import Names

_SERVICE = "arn:aws:states:::"


@dataclass(frozen=True)
class Step:
    """The actions that a step takes on a resource."""

    actions: Sequence[str]
    resource: str


def steps(template: Template, machine: Mapping[str, Any], names: Names) -> Iterator[Step]:
    """Every call of the machine's tasks; DeployError for an integration that this does not know."""
    substitutions = machine.get("DefinitionSubstitutions") or {}

    def name(value: str) -> str:
        return names.of(template, substitutions[value.removeprefix("${").removesuffix("}")])

    definition = machine.get("Definition") or json.loads(machine["DefinitionString"])
    for state in _tasks(definition):
        integration = state["Resource"].removeprefix(_SERVICE)
        given = state.get("Arguments") or state.get("Parameters") or {}
        match integration:
            case "lambda:invoke":
                yield Step(["lambda:InvokeFunction"], name(given["FunctionName"]))
            case "sqs:sendMessage":
                yield Step(["sqs:SendMessage"], name(given["QueueUrl"]))
            case "sns:publish":
                yield Step(["sns:Publish"], name(given["TopicArn"]))
            case "ecs:runTask.sync":
                yield from _run_task(template, names)
            case _:
                raise DeployError(
                    f"{template.where}: say in privileges/workflows.py what {integration} calls"
                )


def _run_task(template: Template, names: Names) -> Iterator[Step]:
    """Running a task and waiting for it, by a rule of Step Functions' own."""
    for name, resource in template.resources.items():
        if resource["Type"] == "AWS::ECS::TaskDefinition":
            properties = resource["Properties"]
            family = names.of(template, properties["Family"])
            yield Step(["ecs:RunTask"], f"ecs:task-definition/{family}:*")
            for role in ("ExecutionRoleArn", "TaskRoleArn"):
                yield Step(["iam:PassRole"], names.of(template, properties[role]))
        if resource["Type"] == "AWS::ECS::Cluster":
            yield Step(["ecs:DescribeTasks", "ecs:StopTask"], f"ecs:task/{template.stack}.{name}/*")
    rule = "events:rule/StepFunctionsGetEventsForECSTaskRule"
    yield Step(["events:DescribeRule", "events:PutRule", "events:PutTargets"], rule)


def _tasks(value: Any) -> Iterator[Mapping[str, Any]]:
    """The task states at any depth; maps and branches hold states of their own."""
    if isinstance(value, dict):
        if value.get("Type") == "Task":
            yield value
        for inner in value.values():
            yield from _tasks(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _tasks(inner)
