"""Nobody but the records function publishes to its topic, whatever they may do elsewhere."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator

import boto3
import pytest
from botocore.exceptions import ClientError
from probe import DENIED, Probe, probe
from test_least_privilege import roles
from waiting import eventually

from stage_client import Stage


@pytest.fixture
def other_topic() -> Iterator[str]:
    """A topic without a policy of its own."""
    sns = boto3.client("sns")
    arn = sns.create_topic(Name=f"wotr-test-{secrets.token_hex(6)}")["TopicArn"]
    yield arn
    sns.delete_topic(TopicArn=arn)


@pytest.fixture
def publisher(stage: Stage, other_topic: str) -> Iterator[str]:
    """A role that IAM lets publish to both topics and use their key."""
    iam, name = boto3.client("iam"), f"wotr-test-{secrets.token_hex(6)}"
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    topics = [stage.outputs("workers")["RecordsTopicArn"], other_topic]
    key = stage.outputs("platform")["KeyArn"]
    may = [
        {"Effect": "Allow", "Action": "sns:Publish", "Resource": topics},
        {"Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": key},
    ]
    role = iam.create_role(
        RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )
    document = json.dumps({"Version": "2012-10-17", "Statement": may})
    iam.put_role_policy(RoleName=name, PolicyName="publish", PolicyDocument=document)
    yield role["Role"]["Arn"]
    iam.delete_role_policy(RoleName=name, PolicyName="publish")
    iam.delete_role(RoleName=name)


def published(acting: Probe, topic: str) -> str:
    return acting.outcome("sns", "publish", {"TopicArn": topic, "Message": "{}"})


def test_another_functions_role_may_not_publish_records(stage: Stage) -> None:
    with probe(roles(stage)["workers/WriteFunction"]) as acting:
        assert published(acting, stage.outputs("workers")["RecordsTopicArn"]) in DENIED


def test_a_role_that_iam_would_let_publish_is_refused_by_the_topic(
    stage: Stage, publisher: str, other_topic: str
) -> None:
    with probe(publisher) as acting:
        eventually(
            lambda: published(acting, other_topic), lambda said: said == "allowed", "what IAM lets it publish"
        )
        assert published(acting, stage.outputs("workers")["RecordsTopicArn"]) in DENIED


def test_not_even_who_deployed_the_stage_publishes_records(stage: Stage) -> None:
    with pytest.raises(ClientError) as refused:
        boto3.client("sns").publish(TopicArn=stage.outputs("workers")["RecordsTopicArn"], Message="{}")
    assert refused.value.response["Error"]["Code"] in DENIED
