"""What auth promises on AWS, whatever the emulator makes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from deploy import templates

ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture(scope="module")
def auth() -> templates.Template:
    return templates.load(ROOT / "services" / "auth" / "template.yml", ROOT)


def properties(auth: templates.Template, name: str) -> dict[str, Any]:
    found: dict[str, Any] = auth.resources[name]["Properties"]
    return found


def test_the_pool_outlives_its_stack_and_prod_refuses_to_delete_it(auth: templates.Template) -> None:
    pool = auth.resources["UserPool"]
    assert (pool["DeletionPolicy"], pool["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert auth.body["Conditions"]["IsProd"] == {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}
    assert pool["Properties"]["DeletionProtection"] == {"Fn::If": ["IsProd", "ACTIVE", "INACTIVE"]}


def test_athletes_sign_in_and_recover_by_a_verified_address_in_any_case(auth: templates.Template) -> None:
    pool = properties(auth, "UserPool")
    assert pool["UsernameAttributes"] == pool["AutoVerifiedAttributes"] == ["email"]
    assert pool["UsernameConfiguration"] == {"CaseSensitive": False}
    (recovery,) = pool["AccountRecoverySetting"]["RecoveryMechanisms"]
    assert recovery["Name"] == "verified_email"
    changed = pool["UserAttributeUpdateSettings"]["AttributesRequireVerificationBeforeUpdate"]
    assert changed == ["email"]


def test_a_second_factor_can_be_demanded_and_never_by_text_message(auth: templates.Template) -> None:
    pool = properties(auth, "UserPool")
    assert pool["MfaConfiguration"] == {"Ref": "MfaMode"}
    assert set(auth.parameters["MfaMode"]["AllowedValues"]) == {"OFF", "OPTIONAL", "ON"}
    named = ["HasMfa", ["SOFTWARE_TOKEN_MFA"], {"Ref": "AWS::NoValue"}]
    assert pool["EnabledMfas"] == {"Fn::If": named}, "Cognito refuses a factor where the mode is OFF"
    off = {"Fn::Equals": [{"Ref": "MfaMode"}, "OFF"]}
    assert auth.body["Conditions"]["HasMfa"] == {"Fn::Not": [off]}


def test_the_hosted_ui_hands_out_codes_and_never_tokens(auth: templates.Template) -> None:
    client = properties(auth, "UserPoolClient")
    assert client["AllowedOAuthFlows"] == ["code"]
    assert "openid" in client["AllowedOAuthScopes"]


def test_no_caller_without_iam_permission_can_sign_in_with_a_plain_password(auth: templates.Template) -> None:
    flows = properties(auth, "UserPoolClient")["ExplicitAuthFlows"]
    assert "ALLOW_USER_PASSWORD_AUTH" not in flows
    assert "ALLOW_USER_SRP_AUTH" in flows


def test_token_lifetimes_are_parameters_named_after_their_units(
    auth: templates.Template,
) -> None:
    client = properties(auth, "UserPoolClient")
    assert client["TokenValidityUnits"] == {
        "AccessToken": "minutes",
        "IdToken": "minutes",
        "RefreshToken": "days",
    }
    assert client["AccessTokenValidity"] == {"Ref": "AccessTokenMinutes"}
    assert client["IdTokenValidity"] == {"Ref": "IdTokenMinutes"}
    assert client["RefreshTokenValidity"] == {"Ref": "RefreshTokenDays"}


def test_the_machine_role_is_bounded_and_is_given_nothing_here(auth: templates.Template) -> None:
    role = properties(auth, "MachineClientRole")
    boundary = {"Fn::ImportValue": {"Fn::Sub": "wotr-platform-${Stage}-PermissionsBoundaryArn"}}
    assert role["PermissionsBoundary"] == boundary
    assert role["MaxSessionDuration"] == 3600
    assert not {"Policies", "ManagedPolicyArns"} & role.keys()


def test_the_machine_role_trusts_this_account_or_whom_the_parameter_names(auth: templates.Template) -> None:
    (statement,) = properties(auth, "MachineClientRole")["AssumeRolePolicyDocument"]["Statement"]
    condition, named, otherwise = statement["Principal"]["AWS"]["Fn::If"]
    assert condition == "HasMachineClientPrincipals"
    assert named == {"Fn::Split": [",", {"Ref": "MachineClientPrincipals"}]}
    assert otherwise == {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}
    assert auth.parameters["MachineClientPrincipals"]["Default"] == ""


TRIGGERS = ("PreSignUp", "PostConfirmation", "PreTokenGeneration")


def test_the_pool_calls_its_triggers_by_their_aliases_and_each_lets_this_pool_alone(
    auth: templates.Template,
) -> None:
    configured = properties(auth, "UserPool")["LambdaConfig"]
    assert configured == {
        "PreSignUp": {"Ref": "PreSignUpFunction.Alias"},
        "PostConfirmation": {"Ref": "PostConfirmationFunction.Alias"},
        "PreTokenGenerationConfig": {
            "LambdaArn": {"Ref": "PreTokenGenerationFunction.Alias"},
            "LambdaVersion": "V2_0",
        },
    }
    for name in TRIGGERS:
        assert properties(auth, f"{name}Permission") == {
            "FunctionName": {"Ref": f"{name}Function.Alias"},
            "Action": "lambda:InvokeFunction",
            "Principal": "cognito-idp.amazonaws.com",
            "SourceAccount": {"Ref": "AWS::AccountId"},
            "SourceArn": {"Fn::GetAtt": ["UserPool", "Arn"]},
        }


def test_a_trigger_answers_within_the_five_seconds_that_cognito_waits(auth: templates.Template) -> None:
    assert {properties(auth, f"{name}Function")["Timeout"] for name in TRIGGERS} == {5}


def test_events_that_change_access_tokens_need_a_plan_above_lite(auth: templates.Template) -> None:
    tier = properties(auth, "UserPool")["UserPoolTier"]
    assert tier == {"Fn::If": ["HasThreatProtection", "PLUS", "ESSENTIALS"]}


def test_nothing_here_may_touch_the_pool(auth: templates.Template) -> None:
    """IAM cannot say which group a function may put people into: who may make athletes may make admins."""
    granted = [
        action
        for resource in auth.resources.values()
        if resource["Type"] == "AWS::IAM::Role"
        for policy in resource["Properties"].get("Policies", [])
        for statement in policy["PolicyDocument"]["Statement"]
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    ]
    assert "sqs:SendMessage" in granted
    assert not [action for action in granted if action.startswith(("cognito", "iam", "sts"))]


def test_somebody_is_told_when_people_cannot_sign_up_or_in(auth: templates.Template) -> None:
    alarms = {
        (alarm["Properties"]["MetricName"], str(alarm["Properties"]["Dimensions"][0]["Value"])): alarm[
            "Properties"
        ]
        for alarm in auth.resources.values()
        if alarm["Type"] == "AWS::CloudWatch::Alarm" and "MetricName" in alarm["Properties"]
    }
    watched = {("Errors", str({"Ref": f"{name}Function"})) for name in TRIGGERS}
    assert alarms.keys() == watched | {("EnrolmentsNotAsked", "auth")}
    for alarm in alarms.values():
        assert alarm["AlarmActions"] == [
            {"Fn::ImportValue": {"Fn::Sub": "wotr-platform-${Stage}-OpsTopicArn"}}
        ]
