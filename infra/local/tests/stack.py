"""Small templates for contract tests: a function with its own role, deployed through CloudFormation."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

LAMBDA_MAY_ASSUME = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
SAM = "AWS::Serverless-2016-10-31"


# What conftest's fixtures are.
Client = Callable[..., Any]
Deploy = Callable[..., "Stack"]
Invoke = Callable[..., Any]
Wait = Callable[..., Any]


class StackFailed(Exception):
    """The reasons of the resources that failed."""


@dataclass(frozen=True)
class Stack:
    """A deployed stack: ``ids`` maps logical to physical ids."""

    name: str
    status: str
    outputs: dict[str, str]
    ids: dict[str, str]


def deploy(client: Client, template: dict[str, Any], name: str | None = None, **options: Any) -> Stack:
    """Create or update a stack and wait for it; StackFailed when it did not come out complete."""
    cloudformation = client("cloudformation")
    create = name is None
    name = name or f"contract-{secrets.token_hex(4)}"
    request = {
        "StackName": name,
        "TemplateBody": json.dumps(template),
        "Capabilities": ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        **options,
    }
    (cloudformation.create_stack if create else cloudformation.update_stack)(**request)
    deadline = time.monotonic() + 30
    while True:
        described = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
        if not described["StackStatus"].endswith("_IN_PROGRESS"):
            break
        assert time.monotonic() < deadline, described
        time.sleep(0.02)
    if described["StackStatus"] not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
        raise StackFailed(
            [
                (e["LogicalResourceId"], e["ResourceStatusReason"])
                for e in events
                if "ResourceStatusReason" in e
            ]
        )
    resources = cloudformation.describe_stack_resources(StackName=name)["StackResources"]
    return Stack(
        name,
        described["StackStatus"],
        {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])},
        {found["LogicalResourceId"]: found["PhysicalResourceId"] for found in resources},
    )


def role(*statements: dict[str, Any], **properties: Any) -> dict[str, Any]:
    """A role that functions may assume, allowed what the statements say."""
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    policies = [{"PolicyName": "may", "PolicyDocument": document}] if statements else []
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {"AssumeRolePolicyDocument": LAMBDA_MAY_ASSUME, "Policies": policies} | properties,
    }


def allow(action: str | list[str], resource: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource}


def function(code: str, role_id: str = "Role", **properties: Any) -> dict[str, Any]:
    """A function whose source is ``code`` and whose handler is ``handler``."""
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Runtime": "python3.13",
            "Handler": "index.handler",
            "Role": {"Fn::GetAtt": [role_id, "Arn"]},
            "Code": {"ZipFile": code},
            "Timeout": 10,
        }
        | properties,
    }


def sam_function(bucket: str, key: str, role_id: str = "Role", **properties: Any) -> dict[str, Any]:
    """A SAM function with an alias ``live``, its zip in S3."""
    return {
        "Type": "AWS::Serverless::Function",
        "Properties": {
            "Runtime": "python3.13",
            "Handler": "index.handler",
            "Role": {"Fn::GetAtt": [role_id, "Arn"]},
            "CodeUri": {"Bucket": bucket, "Key": key},
            "Timeout": 10,
            "AutoPublishAlias": "live",
        }
        | properties,
    }
