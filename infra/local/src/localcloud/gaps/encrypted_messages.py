"""Who sends to an encrypted queue or topic, or reads from one, needs its key.

AWS: with a key of ours, sending to a queue and publishing to a topic ask for ``kms:GenerateDataKey`` and
``kms:Decrypt`` of the caller, receiving for ``kms:Decrypt``; a service that delivers needs them by the key's
policy. Without: ``KmsAccessDenied`` (SQS), ``KMSAccessDenied`` (SNS), a failed delivery, an event source that
gets nothing.
MiniStack: keeps the name of a queue's key and never asks for it; drops that of a topic in a template.
Bridge: keep it, and ask. Rules of EventBridge and alarms are not asked: what they need is held by a test of
the key's policy.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
"""

from __future__ import annotations

import time
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.iam_evaluator import AuthError, EvalContext
from ministack.core.responses import get_region
from ministack.services import kms, lambda_svc, sns, sqs

from localcloud import grants, provisioning
from localcloud.gaps import Settings, key_conditions

TOUCHES = (
    *grants.TOUCHES,
    *provisioning.TOUCHES,
    "ministack.core.iam_evaluator:enforce",
    "ministack.core.iam_evaluator:evaluate_resource_policy",
    "ministack.services.kms:_resolve_key",
    "ministack.services.lambda_svc:_sqs_esm_concurrency",
    "ministack.services.sns:_topics",
    "ministack.services.sqs:_queue_by_arn",
    "ministack.services.sqs:queue_policy_allows",
)

_WRITE, _READ = ("kms:GenerateDataKey", "kms:Decrypt"), ("kms:Decrypt",)
_NEEDS = {"sqs:SendMessage": _WRITE, "sqs:ReceiveMessage": _READ, "sns:Publish": _WRITE}
_CODES = {"sqs": "KmsAccessDenied", "sns": "KMSAccessDenied"}
_KEY = "KmsMasterKeyId"
_KEPT_S = 2.0  # an event source's role is asked about this rarely: the poller comes round all the time

Key = dict[str, Any]


def apply(_settings: Settings) -> None:
    """Ask for the key wherever the queue's or topic's own permission was found to be there."""
    provisioning.after("AWS::SNS::Topic", _keep_key)
    enforce, delivers = iam_evaluator.enforce, sqs.queue_policy_allows
    allowed = lambda_svc._sqs_esm_concurrency
    asked: dict[tuple[str, str], tuple[float, bool]] = {}

    def enforce_key_too(
        access_key: str, action: str, service: str, region: str, resource_arn: str = "*", **more: Any
    ) -> Any:
        denied = enforce(access_key, action, service, region, resource_arn=resource_arn, **more)
        if denied or action not in _NEEDS or (key := _key_of(service, resource_arn)) is None:
            return denied
        said = _said(service, resource_arn, key)
        for needed in _NEEDS[action]:
            arguments = {"resource_arn": key["Arn"], "service_context": said}
            if enforce(access_key, needed, "kms", region, **arguments):
                return AuthError(
                    _CODES[service], f"{resource_arn} is encrypted: {needed} on {key['Arn']} is denied"
                )
        return None

    def delivers_with_key(queue: str, service: str, source: str, account: str) -> bool:
        if not delivers(queue, service, source, account):
            return False
        key = _key_of("sqs", queue)
        return key is None or all(_may_service(key, action, queue, service, account) for action in _WRITE)

    def allowed_with_key(source: Key, function: Key, config: Key, queue: Key | None = None) -> int:
        limit: int = allowed(source, function, config, queue)
        arn = ((queue or {}).get("attributes") or {}).get("QueueArn", "")
        key, role = _key_of("sqs", arn), str(config.get("Role", ""))
        if not limit or key is None or not role:
            return limit
        until, may = asked.get((role, key["Arn"]), (0.0, False))
        if until <= time.monotonic():
            may = grants.may(role, "kms:Decrypt", key["Arn"])
            asked[role, key["Arn"]] = (time.monotonic() + _KEPT_S, may)
        return limit if may else 0

    iam_evaluator.enforce, sqs.queue_policy_allows = enforce_key_too, delivers_with_key
    lambda_svc._sqs_esm_concurrency = allowed_with_key


def _keep_key(topic: str, properties: provisioning.Properties) -> None:
    attributes = sns._topics[topic]["attributes"]
    attributes.pop(_KEY, None)
    if properties.get(_KEY):
        attributes[_KEY] = str(properties[_KEY])


def _key_of(service: str, arn: str) -> Key | None:
    """The key of a queue or topic; None where it has none of ours."""
    found = sqs._queue_by_arn(arn) if service == "sqs" and arn.startswith("arn:") else sns._topics.get(arn)
    name = ((found or {}).get("attributes") or {}).get(_KEY)
    key: Key | None = kms._resolve_key(name) if name else None
    return key


def _said(service: str, arn: str, key: Key) -> dict[str, Any]:
    """The condition keys of a call that a queue or topic makes to KMS in its caller's name."""
    via = {"kms:ViaService": f"{service}.{get_region()}.amazonaws.com"}
    return {**via, **key_conditions.of_context({f"aws:{service}:arn": arn}), **key_conditions.of_key(key)}


def _may_service(key: Key, action: str, queue: str, service: str, account: str) -> bool:
    said = _said("sqs", queue, key) | {"aws:SourceAccount": account}
    context = EvalContext(
        principal_arn="*",
        principal_type="Service",
        principal_account="",
        action=action,
        resource_arn=key["Arn"],
        region=get_region(),
        service_context={name.lower(): value for name, value in said.items()},
    )
    found = iam_evaluator.evaluate_resource_policy(key.get("Policy") or "", context, service=service)
    decision: str = found.decision
    return decision == "Allow"
