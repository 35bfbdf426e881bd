"""The triggers as Cognito calls them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.conftest import Load
from wotr_auth import clients
from wotr_common.messages import Command

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

SUB = "6f2c1f0e-7a55-4a0e-9d8e-0b1f1c2d3e4f"
RULES = {
    "ALLOWED_EMAIL_DOMAINS": "",
    "REFUSED_EMAIL_DOMAINS": "mailinator.com",
    "PLUS_ADDRESSES": "true",
}


@dataclass
class Context:
    """What is read of Lambda's context."""

    function_name: str = "f"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:eu-central-1:0:function:f"
    aws_request_id: str = "0d1e2f3a-0000-4000-8000-000000000001"


def event(source: str, email: str = "ada@example.com", **request: Any) -> dict[str, Any]:
    return {
        "version": "1",
        "triggerSource": source,
        "region": "eu-central-1",
        "userPoolId": "eu-central-1_abc",
        "userName": SUB,
        "callerContext": {"awsSdkVersion": "any", "clientId": "client"},
        "request": {"userAttributes": {"sub": SUB, "email": email}, **request},
        "response": {},
    }


def test_an_address_that_is_let_in_goes_on_unchanged(load: Load) -> None:
    sent = event("PreSignUp_SignUp")
    assert load("pre_sign_up", **RULES).handler(sent, Context()) == event("PreSignUp_SignUp")


@pytest.mark.parametrize("source", ["PreSignUp_SignUp", "PreSignUp_ExternalProvider"])
def test_a_refusal_is_the_sentence_that_the_athlete_reads_and_is_counted(
    load: Load, source: str, capsys: pytest.CaptureFixture[str]
) -> None:
    trigger = load("pre_sign_up", **RULES)

    with pytest.raises(trigger.Refused, match=r"^addresses of mailinator\.com cannot sign up, "):
        trigger.handler(event(source, "ada.lovelace@mailinator.com"), Context())

    logged = capsys.readouterr().out
    assert '"SignUpsRefused":[1' in logged.replace(" ", "")
    assert "lovelace" not in logged


def test_whom_an_operator_invites_is_let_in(load: Load) -> None:
    sent = event("PreSignUp_AdminCreateUser", "ada@mailinator.com")
    assert load("pre_sign_up", **RULES).handler(sent, Context()) == sent


def test_rules_are_those_of_the_environment(load: Load) -> None:
    trigger = load(
        "pre_sign_up", **RULES | {"ALLOWED_EMAIL_DOMAINS": "club.example", "PLUS_ADDRESSES": "false"}
    )
    with pytest.raises(trigger.Refused, match=r"club\.example"):
        trigger.handler(event("PreSignUp_SignUp"), Context())
    with pytest.raises(trigger.Refused, match="plus sign"):
        trigger.handler(event("PreSignUp_SignUp", "ada+1@club.example"), Context())


@pytest.mark.parametrize(
    "source", ["PostConfirmation_ConfirmSignUp", "PostConfirmation_ConfirmForgotPassword"]
)
def test_a_profile_is_asked_for_by_name_alone(
    load: Load, sqs: SQSClient, queue_url: str, source: str
) -> None:
    sent = event(source)
    assert load("post_confirmation", ENROLMENT_QUEUE_URL=queue_url).handler(sent, Context()) == event(source)

    (message,) = sqs.receive_message(QueueUrl=queue_url, MessageAttributeNames=["All"])["Messages"]
    command = Command.model_validate_json(message["Body"])
    assert (command.name, command.user_id) == ("profile.change", SUB)
    assert command.arguments == {"profile": {}}
    assert message["MessageAttributes"]["correlationId"]["StringValue"] == Context.aws_request_id
    assert "ada@example.com" not in json.dumps(message)


def test_an_athlete_is_not_locked_out_by_a_queue_that_fails(
    load: Load, sqs: SQSClient, queue_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    sqs.delete_queue(QueueUrl=queue_url)
    sent = event("PostConfirmation_ConfirmSignUp")

    assert load("post_confirmation", ENROLMENT_QUEUE_URL=queue_url).handler(sent, Context()) == sent

    assert '"EnrolmentsNotAsked":[1' in capsys.readouterr().out.replace(" ", "")


def test_the_queue_has_two_tries_within_the_time_that_cognito_waits() -> None:
    config: Any = clients.BRISK
    assert config.retries["total_max_attempts"] == 2
    assert 2 * (config.connect_timeout + config.read_timeout) < 5


def test_tokens_are_told_the_groups(load: Load) -> None:
    sent = event("TokenGeneration_HostedAuth", groupConfiguration={"groupsToOverride": ["admin"]})

    answer = load("pre_token_generation").handler(sent, Context())

    details = answer["response"]["claimsAndScopeOverrideDetails"]
    assert details["groupOverrideDetails"] == {"groupsToOverride": ["admin", "athlete"]}
    assert answer["request"] == sent["request"]
