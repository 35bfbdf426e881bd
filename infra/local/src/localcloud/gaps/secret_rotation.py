"""RotateSecret has the secret's function do the four steps, and a rotation schedule turns rotation on.

AWS: gives a new, empty version the label AWSPENDING and calls the function once for each step, as
secretsmanager.amazonaws.com, which the function's policy must allow. A step that fails ends the rotation;
while it is unfinished, another is refused and it is tried again. A new schedule begins a rotation.
MiniStack: gives a new version the old value and calls it current; knows no rotation schedules.
Bridge: the same, in a thread; what a schedule sets is told by DescribeSecret.
Not bridged: clocks. Nothing rotates again, or is tried again, unless it is asked for.
"""

from __future__ import annotations

import contextvars
import json
import logging
import threading
import time
from fnmatch import fnmatchcase
from typing import Any

from ministack.core.responses import error_response_json, get_account_id, json_response, new_uuid
from ministack.services import lambda_svc, secretsmanager
from ministack.services.cloudformation import provisioners

from localcloud.gaps import Settings
from localcloud.provisioning import Properties, Provisioned, call

TOUCHES = (
    "ministack.services.cloudformation.provisioners:_RESOURCE_HANDLERS",
    "ministack.services.lambda_svc:_effective_func_record_for_qualifier",
    "ministack.services.lambda_svc:_execute_function",
    "ministack.services.lambda_svc:_functions",
    "ministack.services.lambda_svc:_resolve_name_and_qualifier",
    "ministack.services.secretsmanager:_describe_secret",
    "ministack.services.secretsmanager:_find_stage_version",
    "ministack.services.secretsmanager:_get_secret_value",
    "ministack.services.secretsmanager:_is_replica",
    "ministack.services.secretsmanager:_remove_stage_everywhere",
    "ministack.services.secretsmanager:_resolve",
    "ministack.services.secretsmanager:_rotate_secret",
)

_log = logging.getLogger("localcloud")
_TYPE = "AWS::SecretsManager::RotationSchedule"
_PRINCIPAL = "secretsmanager.amazonaws.com"
_STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
_DAY_S = 86400
Response = tuple[int, Any, bytes]
_running: set[tuple[str, str]] = set()  # (ARN, version) of rotations that a thread is at


def apply(_settings: Settings) -> None:
    """Replace RotateSecret, tell what it sets, hide versions without a value, register schedules."""
    refuse, read, describe = (
        secretsmanager._rotate_secret,
        secretsmanager._get_secret_value,
        secretsmanager._describe_secret,
    )

    def rotate(request: Properties) -> Response:
        _, secret = secretsmanager._resolve(request.get("SecretId"))
        if not secret or secret.get("DeletedDate") or secretsmanager._is_replica(secret):
            return refuse(request)  # type: ignore[no-any-return]
        return _rotate(request, secret)

    def read_what_is_there(request: Properties) -> Response:
        status, headers, body = read(request)
        if status == 200 and not {"SecretString", "SecretBinary"} & json.loads(body).keys():
            text = "Secrets Manager can't find the specified secret value for staging label: AWSPENDING"
            return error_response_json("ResourceNotFoundException", text, 400)  # type: ignore[no-any-return]
        return status, headers, body

    def describe_with_dates(request: Properties) -> Response:
        status, headers, body = describe(request)
        _, secret = secretsmanager._resolve(request.get("SecretId"))
        return json_response(json.loads(body) | _dates(secret)) if status == 200 else (status, headers, body)

    secretsmanager._rotate_secret = rotate
    secretsmanager._get_secret_value = read_what_is_there
    secretsmanager._describe_secret = describe_with_dates
    schedule = {"create": _scheduled, "update": _rescheduled, "delete": _unscheduled}
    provisioners._RESOURCE_HANDLERS.setdefault(_TYPE, schedule)


def _rotate(request: Properties, secret: dict[str, Any]) -> Response:
    function = request.get("RotationLambdaARN") or secret.get("RotationLambdaARN")
    if not function:
        text = "No Lambda rotation function ARN is associated with this secret."
        return error_response_json("InvalidRequestException", text, 400)  # type: ignore[no-any-return]
    if not _may_call(function, secret):
        text = (
            "Secrets Manager cannot invoke the specified Lambda function. "
            f"Ensure that the function policy grants access to the principal {_PRINCIPAL}."
        )
        return error_response_json("AccessDeniedException", text, 400)  # type: ignore[no-any-return]
    secret["RotationLambdaARN"], secret["RotationEnabled"] = function, True
    secret["RotationRules"] = request.get("RotationRules") or secret.get("RotationRules")
    secret.setdefault("_RotationsSince", time.time())
    answer = {"ARN": secret["ARN"], "Name": secret["Name"]}
    if not request.get("RotateImmediately", True):
        return json_response(answer)  # type: ignore[no-any-return]
    version = request.get("ClientRequestToken") or new_uuid()
    unfinished = _unfinished(secret)
    if unfinished not in (None, version):
        _begin(secret, str(unfinished))
        text = "A previous rotation isn't complete. That rotation will be reattempted."
        return error_response_json("InvalidRequestException", text, 400)  # type: ignore[no-any-return]
    if version not in secret["Versions"]:
        secretsmanager._remove_stage_everywhere(secret, "AWSPENDING")
        empty = {"SecretString": None, "SecretBinary": None, "CreatedDate": int(time.time())}
        secret["Versions"][version] = empty | {"Stages": ["AWSPENDING"]}
    _begin(secret, version)
    return json_response(answer | {"VersionId": version})  # type: ignore[no-any-return]


def _unfinished(secret: dict[str, Any]) -> str | None:
    version, found = secretsmanager._find_stage_version(secret, "AWSPENDING")
    return None if found is None or "AWSCURRENT" in found["Stages"] else str(version)


def _begin(secret: dict[str, Any], version: str) -> None:
    """Do the steps in a thread, with account and region of whoever asked; once at a time."""
    key = (secret["ARN"], version)
    if key not in _running:
        _running.add(key)
        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(_steps, secret, version), daemon=True).start()


def _steps(secret: dict[str, Any], version: str) -> None:
    try:
        for step in _STEPS:
            event = {"Step": step, "SecretId": secret["ARN"], "ClientRequestToken": version}
            problem = _called(secret["RotationLambdaARN"], event)
            if problem:
                _log.warning("rotation of %s ends in %s: %s", secret["Name"], step, problem)
                return
        if _unfinished(secret) == version:
            _log.warning("rotation of %s: its function left the new version pending", secret["Name"])
        else:
            secret["LastRotatedDate"] = int(time.time())
    finally:
        _running.discard((secret["ARN"], version))


def _called(arn: str, event: dict[str, str]) -> str | None:
    """Call the function; what went wrong, None where nothing did."""
    name, qualifier = lambda_svc._resolve_name_and_qualifier(arn)
    function, _ = lambda_svc._effective_func_record_for_qualifier(lambda_svc._functions.get(name), qualifier)
    if function is None:
        return f"there is no function {arn}"
    result = lambda_svc._execute_function(function, event)
    return str(result.get("body")) if result.get("error") else None


def _may_call(arn: str, secret: dict[str, Any]) -> bool:
    name, _ = lambda_svc._resolve_name_and_qualifier(arn)
    function = lambda_svc._functions.get(name)
    known = {"AWS:SourceArn": secret["ARN"], "AWS:SourceAccount": get_account_id()}
    return function is not None and any(
        statement["Effect"] == "Allow"
        and statement["Principal"] in ({"Service": _PRINCIPAL}, "*")
        and statement["Action"] in ("lambda:InvokeFunction", "lambda:*")
        and statement["Resource"] == arn
        and all(
            fnmatchcase(known.get(key, ""), wanted)
            for asked in statement.get("Condition", {}).values()
            for key, wanted in asked.items()
        )
        for statement in function["policy"]["Statement"]
    )


def _dates(secret: dict[str, Any]) -> dict[str, int]:
    days = (secret.get("RotationRules") or {}).get("AutomaticallyAfterDays")
    since = secret.get("LastRotatedDate") or secret.get("_RotationsSince")
    dates = {"LastRotatedDate": secret["LastRotatedDate"]} if "LastRotatedDate" in secret else {}
    if secret.get("RotationEnabled") and days and since:
        dates["NextRotationDate"] = int(since) + int(days) * _DAY_S
    return dates


def _scheduled(_logical_id: str, properties: Properties, _stack: str) -> Provisioned:
    rules = dict(properties.get("RotationRules") or {})
    if "AutomaticallyAfterDays" in rules:
        rules["AutomaticallyAfterDays"] = int(rules["AutomaticallyAfterDays"])
    request = {
        "SecretId": properties["SecretId"],
        "RotationLambdaARN": properties["RotationLambdaARN"],
        "RotationRules": rules,
        "RotateImmediately": str(properties.get("RotateImmediatelyOnUpdate", True)).lower() == "true",
    }
    call(secretsmanager._rotate_secret, request)
    return str(properties["SecretId"]), {"Id": str(properties["SecretId"])}


def _rescheduled(_id: str, _old: Properties, new: Properties, stack: str) -> Provisioned:
    return _scheduled("", new, stack)


def _unscheduled(secret_id: str, _properties: Properties) -> None:
    _, secret = secretsmanager._resolve(secret_id)
    if secret:
        secret["RotationEnabled"] = False
