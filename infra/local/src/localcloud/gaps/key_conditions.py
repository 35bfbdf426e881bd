"""A call to KMS is judged on the key itself, and on what the call says.

AWS: a call that names an alias is authorised on the key behind it. Policies may ask for the encryption
context (``kms:EncryptionContext:<key>``, ``kms:EncryptionContextKeys``), for the alias in the request
(``kms:RequestAlias``) and for the aliases that the key has (``kms:ResourceAliases``).
MiniStack: authorises on the alias's ARN, which no policy names, and knows none of these condition keys.
Bridge: resolve the alias before the call is judged; add the condition keys from the request and the key. On
AWS a changed alias may take five minutes to reach authorisation; here it does at once.
https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html
"""

from __future__ import annotations

import json
from contextvars import ContextVar
from typing import Any

from ministack.core import iam_actions, iam_evaluator
from ministack.services import kms

from localcloud.gaps import Settings

TOUCHES = (
    "ministack.core.iam_actions:extract_resource_arn",
    "ministack.core.iam_evaluator:enforce",
    "ministack.services.kms:_aliases",
    "ministack.services.kms:_resolve_key",
)

Keys = dict[str, Any]
_request: ContextVar[Keys | None] = ContextVar("key_conditions_request", default=None)


def apply(_settings: Settings) -> None:
    """Put the bridge before the judgement of each call."""
    extract, enforce = iam_actions.extract_resource_arn, iam_evaluator.enforce

    def extract_key(service: str, method: str, path: str, headers: Any, body: bytes, *rest: Any) -> str:
        found: str = extract(service, method, path, headers, body, *rest)
        _request.set(None)
        if service != "kms":
            return found
        _request.set(_conditions(body, found))
        key = kms._resolve_key(found)
        return str(key["Arn"]) if key else found

    def enforce_with_conditions(
        access_key: str,
        action: str,
        service: str,
        *rest: Any,
        service_context: Keys | None = None,
        **more: Any,
    ) -> Any:
        if service == "kms":
            service_context = {**(_request.get() or {}), **(service_context or {})}
        return enforce(access_key, action, service, *rest, service_context=service_context, **more)

    iam_actions.extract_resource_arn = extract_key
    iam_evaluator.enforce = enforce_with_conditions


def of_key(key: Keys) -> Keys:
    """The condition keys that a key itself brings."""
    names = [arn.split(":", 5)[5] for arn, key_id in kms._aliases.items() if key_id == key["KeyId"]]
    return {"kms:ResourceAliases": names or None}


def of_context(context: Keys) -> Keys:
    """The condition keys of an encryption context."""
    said = {f"kms:EncryptionContext:{name}": value for name, value in context.items()}
    return {**said, "kms:EncryptionContextKeys": list(context) or None}


def _conditions(body: bytes, resource: str) -> Keys:
    try:
        said = json.loads(body or b"{}")
    except ValueError:
        said = {}
    found = of_context(said.get("EncryptionContext") or {})
    alias = resource.split(":", 5)[-1]
    if alias.startswith("alias/"):
        found["kms:RequestAlias"] = alias
    key = kms._resolve_key(resource)
    return {**found, **(of_key(key) if key else {})}
