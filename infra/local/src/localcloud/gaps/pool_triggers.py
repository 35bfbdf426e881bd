"""A user pool's functions are called as on AWS, and what they say counts.

AWS: PostConfirmation is called once somebody was confirmed (ConfirmSignUp, AdminConfirmSignUp, or a
PreSignUp that confirms) or has set a new password (ConfirmForgotPassword). What a function raises is
shown as ``<trigger> failed with error <message>.`` with UserLambdaValidationException; no token is
issued when PreTokenGeneration fails. Its overrides of groups stand beside those of the tokens, and
every token names the groups.
MiniStack: never calls PostConfirmation; shows what PreSignUp raised as Python writes a dictionary;
issues the token all the same; looks for the groups within each token's overrides; forgets the groups
when a token of the hosted UI is refreshed.
Bridge: call, show and read as AWS does.
https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-working-with-lambda-triggers.html
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import cognito, lambda_svc

from localcloud.gaps import Settings

TOUCHES = (
    "ministack.services.cognito:_admin_confirm_sign_up",
    "ministack.services.cognito:_apply_presignup_trigger",
    "ministack.services.cognito:_apply_pretoken_trigger",
    "ministack.services.cognito:_attr_list_to_dict",
    "ministack.services.cognito:_build_presignup_event",
    "ministack.services.cognito:_confirm_forgot_password",
    "ministack.services.cognito:_confirm_sign_up",
    "ministack.services.cognito:_extract_trigger_response",
    "ministack.services.cognito:_fake_token",
    "ministack.services.cognito:_get_pool_unscoped",
    "ministack.services.cognito:_oauth2_error",
    "ministack.services.cognito:_oauth2_token",
    "ministack.services.cognito:_pool_for_client",
    "ministack.services.cognito:_pool_region",
    "ministack.services.cognito:_PreSignUpRejected",
    "ministack.services.cognito:_resolve_user",
    "ministack.services.cognito:_run_idp_handler",
    "ministack.services.cognito:_sign_up",
    "ministack.services.cognito:_user_pools",
    "ministack.services.lambda_svc:_execute_function_with_config_scope",
    "ministack.services.lambda_svc:_execution_record_for_config",
    "ministack.services.lambda_svc:_get_func_record_for_ref",
)

Request = dict[str, Any]
Answer = tuple[int, Any, bytes]
Operation = Callable[[Request], Answer]

_CONFIRMED = "PostConfirmation_ConfirmSignUp"
_RECOVERED = "PostConfirmation_ConfirmForgotPassword"


class TriggerFailed(Exception):
    """A function of the pool failed; the message is what AWS would show."""


def apply(_settings: Settings) -> None:
    """Wrap what confirms, and what issues tokens."""
    os.environ["MINISTACK_COGNITO_PRETOKEN_STRICT"] = "1"
    cognito._confirm_sign_up = _followed(cognito._confirm_sign_up, _CONFIRMED)
    cognito._admin_confirm_sign_up = _followed(cognito._admin_confirm_sign_up, _CONFIRMED)
    cognito._confirm_forgot_password = _followed(cognito._confirm_forgot_password, _RECOVERED)
    cognito._sign_up = _followed_where_it_confirms(cognito._sign_up)
    cognito._apply_presignup_trigger = _pre_sign_up
    cognito._extract_trigger_response = _with_groups_in_place(cognito._extract_trigger_response)
    cognito._apply_pretoken_trigger = _strictly(cognito._apply_pretoken_trigger)
    cognito._fake_token = _with_groups(cognito._fake_token)
    cognito._run_idp_handler = _telling(cognito._run_idp_handler)
    cognito._oauth2_token = _telling_the_application(cognito._oauth2_token)


def invoke(function: str, event: dict[str, Any], trigger: str) -> dict[str, Any]:
    """What a pool's function answers; TriggerFailed as AWS words it."""
    record, config, _name = lambda_svc._get_func_record_for_ref(function)
    if record is None or config is None:
        raise TriggerFailed(f"{trigger} invocation failed due to error ResourceNotFoundException.")
    executed = lambda_svc._execution_record_for_config(record, config)
    result = lambda_svc._execute_function_with_config_scope(executed, event)
    body = result.get("body")
    if isinstance(body, str | bytes):
        body = json.loads(body or "null")
    if result.get("error"):
        said = body.get("errorMessage") if isinstance(body, dict) else body
        raise TriggerFailed(f"{trigger} failed with error {said}.")
    return body if isinstance(body, dict) else {}


def _followed(operation: Operation, source: str) -> Operation:
    """The operation, and PostConfirmation behind it. The user stays confirmed whatever that says."""

    def confirm(data: Request) -> Answer:
        answer = operation(data)
        if answer[0] < 400:
            _post_confirmation(data, source)
        return answer

    return confirm


def _followed_where_it_confirms(operation: Operation) -> Operation:
    def sign_up(data: Request) -> Answer:
        answer = operation(data)
        if answer[0] < 400 and json.loads(answer[2])["UserConfirmed"]:
            _post_confirmation(data, _CONFIRMED)
        return answer

    return sign_up


def _post_confirmation(data: Request, source: str) -> None:
    pool_id = data.get("UserPoolId") or cognito._pool_for_client(data.get("ClientId"))[1]
    pool = cognito._user_pools.get(pool_id) or {}
    function = (pool.get("LambdaConfig") or {}).get("PostConfirmation")
    if not function:
        return
    user = cognito._resolve_user(pool, data.get("Username"))[0]
    attributes = cognito._attr_list_to_dict(user["Attributes"]) | {
        "cognito:user_status": user["UserStatus"],
        "email_verified": "true",
    }
    event = {
        "version": "1",
        "triggerSource": source,
        "region": cognito._pool_region(pool_id),
        "userPoolId": pool_id,
        "userName": user["Username"],
        "callerContext": {
            "awsSdkVersion": "aws-sdk-unknown-unknown",
            "clientId": data.get("ClientId") or "CLIENT_ID_NOT_APPLICABLE",
        },
        "request": {"userAttributes": attributes, "clientMetadata": data.get("ClientMetadata") or {}},
        "response": {},
    }
    invoke(function, event, "PostConfirmation")


def _pre_sign_up(
    pool_id: str,
    client_id: str,
    username: str,
    user_attrs: dict[str, Any],
    trigger_source: str = "PreSignUp_ExternalProvider",
) -> dict[str, bool]:
    """What PreSignUp decides, everything False where the pool has none."""
    pool = cognito._user_pools.get(pool_id) or {}
    function = (pool.get("LambdaConfig") or {}).get("PreSignUp")
    decided: dict[str, Any] = {}
    if function:
        event = cognito._build_presignup_event(
            pool_id=pool_id,
            client_id=client_id,
            username=username,
            user_attrs=user_attrs,
            trigger_source=trigger_source,
        )
        try:
            decided = invoke(function, event, "PreSignUp").get("response") or {}
        except TriggerFailed as error:
            raise cognito._PreSignUpRejected(str(error)) from error
    flags = ("autoConfirmUser", "autoVerifyEmail", "autoVerifyPhone")
    return {flag: bool(decided.get(flag)) for flag in flags}


def _with_groups_in_place(extract: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Repeat the override of groups within that of each token, where MiniStack looks for it."""

    def extract_and_place(payload: Any) -> Any:
        response = extract(payload)
        details = (response or {}).get("claimsAndScopeOverrideDetails") or {}
        if groups := details.get("groupOverrideDetails"):
            tokens = ("idTokenGeneration", "accessTokenGeneration")
            placed = {name: {**(details.get(name) or {}), "groupOverrideDetails": groups} for name in tokens}
            return {**response, "claimsAndScopeOverrideDetails": {**details, **placed}}
        return response

    return extract_and_place


def _strictly(apply_trigger: Callable[..., Any]) -> Callable[..., Any]:
    def apply_or_fail(*arguments: Any, **options: Any) -> Any:
        try:
            return apply_trigger(*arguments, **options)
        except Exception as error:
            raise TriggerFailed(f"PreTokenGeneration failed with error {error}.") from error

    return apply_or_fail


def _with_groups(issue: Callable[..., str]) -> Callable[..., str]:
    """Look up the groups of whom a token is for where the caller does not give them."""

    def issue_with_groups(sub: str, pool_id: str, *rest: Any, **options: Any) -> str:
        if options.get("groups") is None and (username := options.get("username")):
            pool = cognito._get_pool_unscoped(pool_id) or {}
            user = pool.get("_users", {}).get(username) or {}
            options["groups"] = list(user.get("_groups") or [])
        return issue(sub, pool_id, *rest, **options)

    return issue_with_groups


def _telling(run: Callable[..., Answer]) -> Callable[..., Answer]:
    def run_and_tell(*arguments: Any) -> Answer:
        try:
            return run(*arguments)
        except TriggerFailed as error:
            refused: Answer = error_response_json("UserLambdaValidationException", str(error), 400)
            return refused

    return run_and_tell


def _telling_the_application(exchange: Callable[..., Answer]) -> Callable[..., Answer]:
    def exchange_and_tell(*arguments: Any) -> Answer:
        try:
            return exchange(*arguments)
        except TriggerFailed as error:
            refused: Answer = cognito._oauth2_error("invalid_request", str(error))
            return refused

    return exchange_and_tell
