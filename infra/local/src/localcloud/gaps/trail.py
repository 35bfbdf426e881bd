"""Every API call, refused ones too, is in the event history and where the account's trails deliver.

AWS: CloudTrail tells who called what, from where, on which resource and with what outcome, never with
content or secrets. A trail delivers it as files into a bucket and as lines into a log group; data events
(objects, items) only as its selectors say. CloudFormation makes trails.
MiniStack: records calls that succeeded, as an IAM user, with their parameters; keeps trails and delivers
nothing; CloudFormation does not know them.
Bridge: look at each call on its way out. Log groups get it within seconds, buckets a little later. What
services do for each other inside (CloudFormation's calls, deliveries) is not told, nor are digest files.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import defaultdict
from functools import lru_cache
from typing import Any, NamedTuple

import ministack.app as server
from ministack.core import iam_actions, iam_evaluator
from ministack.core.responses import (
    get_account_id,
    get_region,
    get_request_client_ip,
    request_scope,
)
from ministack.core.router import detect_service, extract_access_key_id
from ministack.services import cloudtrail, iam
from ministack.services.cloudformation import provisioners

from localcloud import clock, trail_delivery, trail_events, trail_resource
from localcloud.gaps import Settings

TOUCHES = (
    *trail_delivery.TOUCHES,
    *trail_resource.TOUCHES,
    "ministack.app:_dispatch_service_request",
    "ministack.app:_routing_params",
    "ministack.core.iam_actions:_match_rest_action",
    "ministack.core.iam_actions:dynamodb_resource_arns",
    "ministack.core.iam_actions:dynamodb_transaction_checks",
    "ministack.core.iam_actions:extract_iam_action",
    "ministack.core.iam_actions:extract_resource_arn",
    "ministack.core.iam_evaluator:resolve_credential",
    "ministack.core.router:detect_service",
    "ministack.core.router:extract_access_key_id",
    "ministack.services.cloudformation.provisioners:_RESOURCE_HANDLERS",
    "ministack.services.cloudtrail:_event_selectors",
    "ministack.services.cloudtrail:_get_event_queue",
    "ministack.services.cloudtrail:_trails",
    "ministack.services.iam:_roles",
)

Key = tuple[str, str, str]
"""Account, home region and name of a trail."""
Pending = defaultdict[Key, list[tuple[dict[str, Any], trail_events.Event]]]

_LOG_SECONDS, _FILE_SECONDS = 1.0, 5.0
_MANAGEMENT = [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}]
# Where the service is called otherwise than in policies.
_SOURCES = {"cloudwatch": "monitoring"}
_ANONYMOUS = {"type": "AWSAccount", "principalId": "", "accountId": "ANONYMOUS_PRINCIPAL"}

_log = logging.getLogger("localcloud")
_lock = threading.Lock()
_for_groups: Pending = defaultdict(list)
_for_buckets: Pending = defaultdict(list)


def apply(_settings: Settings) -> None:
    """Record behind every call, deliver on the clock, and let CloudFormation make trails."""
    dispatch = server._dispatch_service_request

    async def dispatch_and_record(*request: Any) -> Any:
        logged = _logging()
        answer = await dispatch(*request)
        try:
            told = _told(_Request.of(*request), answer)
            if told is not None:
                # What stops a trail is told by it, and what starts it as well.
                _record(told, logged | _logging())
        except Exception:  # noqa: BLE001 - the call was made, and its caller gets the answer
            _log.exception("a call of %s is missing in the trail", request[:2])
        return answer

    server._dispatch_service_request = dispatch_and_record
    clock.every(_LOG_SECONDS, lambda: _deliver(_for_groups, trail_delivery.to_log_group))
    clock.every(_FILE_SECONDS, lambda: _deliver(_for_buckets, trail_delivery.to_bucket))
    provisioners._RESOURCE_HANDLERS.setdefault("AWS::CloudTrail::Trail", trail_resource.HANDLERS)


def _logging() -> dict[Key, dict[str, Any]]:
    """The trails that log now."""
    return {key: trail for key, trail in cloudtrail._trails.all_items() if trail.get("IsLogging")}


class _Request(NamedTuple):
    """A request as MiniStack's functions take it."""

    service: str
    method: str
    path: str
    headers: Any
    body: bytes
    query: Any
    request_id: str

    @classmethod
    def of(cls, method: str, path: str, *rest: Any) -> _Request:
        """The request, its service found and its query with what was sent as a form."""
        headers, body, query, request_id = rest
        sent = server._routing_params(method, path, headers, body, query)
        return cls(detect_service(method, path, headers, sent), method, path, headers, body, sent, request_id)


def _told(request: _Request, answer: Any) -> trail_events.Event | None:
    """What CloudTrail tells of a call, None where it tells nothing."""
    service, method, path, headers, body, query, request_id = request
    account = get_account_id()
    identity = _identity(extract_access_key_id(headers, query) or "", account, service)
    action = iam_actions.extract_iam_action(service, method, path, headers, body, query)
    if identity is None or action is None:
        return None
    namespace, _, name = action.partition(":")
    if service == "apigateway":
        name = iam_actions._match_rest_action(service, method, path, query) or name
    call_made = trail_events.Call(
        service=_SOURCES.get(namespace, namespace),
        action=name,
        method=method,
        path=path,
        headers=headers,
        query=query,
        body=body,
        account=account,
        region=get_region(),
        source_ip=get_request_client_ip(),
        request_id=request_id,
        status=answer[0],
        answer_headers=answer[1],
        answer=answer[2] if isinstance(answer[2], bytes) else b"",
        resources=_resources(request),
    )
    return trail_events.event(call_made, identity)


def _record(told: trail_events.Event, trails: dict[Key, dict[str, Any]]) -> None:
    if told["managementEvent"]:
        _remember(told)
    account, region = get_account_id(), get_region()
    for key, trail in trails.items():
        if key[0] != account or not (trail["IsMultiRegionTrail"] or trail["HomeRegion"] == region):
            continue
        selectors = cloudtrail._event_selectors.get_scoped(*key) or _MANAGEMENT
        if trail_events.selected(told, selectors if "FieldSelectors" in selectors[0] else _MANAGEMENT):
            with _lock:
                _for_groups[key].append((trail, told))
                _for_buckets[key].append((trail, told))


def _resources(request: _Request) -> list[str]:
    """ARNs of what a call is about."""
    service, method, path, headers, body, query, _request_id = request
    account, region = get_account_id(), get_region()
    if service == "dynamodb":
        asked = f"dynamodb:{headers.get('x-amz-target', '').rpartition('.')[2]}"
        found = iam_actions.dynamodb_resource_arns(body, region, account)
        found += [arn for _, arn in iam_actions.dynamodb_transaction_checks(asked, body, region, account)]
        return list(dict.fromkeys(found))
    arn = iam_actions.extract_resource_arn(service, method, path, headers, body, query, region, account)
    return [arn] if arn and arn.startswith("arn:") else []


def _identity(access_key: str, account: str, service: str) -> dict[str, Any] | None:
    """Who called; None where nobody of this account did, of which CloudTrail tells nothing."""
    if not access_key:
        return _ANONYMOUS if service == "s3" else None
    try:
        return _of_credential(access_key, account)
    except LookupError:
        return None


@lru_cache(maxsize=4096)
def _of_credential(access_key: str, account: str) -> dict[str, Any]:
    found = iam_evaluator.resolve_credential(access_key, account)
    if isinstance(found, iam_evaluator.CredentialResolutionError):
        raise LookupError(access_key)
    told = {
        "type": {"User": "IAMUser"}.get(found.principal_type, found.principal_type),
        "principalId": found.principal_id,
        "arn": found.principal_arn,
        "accountId": found.account_id,
        "accessKeyId": access_key,
    }
    if found.principal_type == "User":
        told["userName"] = found.principal_name
    if found.principal_type == "AssumedRole":
        name = found.principal_arn.split("/")[1]
        role = iam._roles.get_scoped(found.account_id, None, name) or {}
        issuer = {
            "type": "Role",
            "principalId": found.principal_id.partition(":")[0],
            "arn": role.get("Arn", f"arn:aws:iam::{found.account_id}:role/{name}"),
            "accountId": found.account_id,
            "userName": name,
        }
        told["sessionContext"] = {"sessionIssuer": issuer, "attributes": {"mfaAuthenticated": "false"}}
    return told


def _remember(told: trail_events.Event) -> None:
    """Add a management event to the account's event history."""
    identity = told["userIdentity"]
    record = {
        "EventId": told["eventID"],
        "EventName": told["eventName"],
        "EventSource": told["eventSource"],
        "EventTime": time.time(),
        "Username": identity.get("userName")
        or identity.get("arn", "").rpartition("/")[2]
        or identity["type"],
        "AccessKeyId": identity.get("accessKeyId", ""),
        "ReadOnly": str(told["readOnly"]).lower(),
        "Resources": [
            {"ResourceName": each["ARN"], "ResourceType": each.get("type", "")} for each in told["resources"]
        ],
        "CloudTrailEvent": json.dumps(told),
    }
    cloudtrail._get_event_queue().append(record)


def _deliver(pending: Pending, deliver: Any) -> None:
    with _lock:
        waiting = list(pending.items())
        pending.clear()
    for (account, region, _name), told in waiting:
        with request_scope(account, region):
            deliver(told[-1][0], [event for _trail, event in told])
