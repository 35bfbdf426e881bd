"""API calls as CloudTrail tells of them: names, parameters without secrets, categories, selection.

Sources: "CloudTrail record contents" and "Filtering data events by using advanced event selectors" in the
CloudTrail user guide, "Amazon S3 CloudTrail events" in that of S3.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

Event = dict[str, Any]
Selector = Mapping[str, Any]

TABLE, OBJECT = "AWS::DynamoDB::Table", "AWS::S3::Object"
# What works on the content of a resource: a data event, of the type that a selector names.
_DATA = {
    "dynamodb": r"(BatchGet|BatchWrite|ConditionCheck|Delete|Get|Put|Update|TransactGet|TransactWrite)Items?"
    r"|Query|Scan|GetRecords|GetShardIterator",
    "s3": r"(Get|Put|Head|Delete|Copy|Post|Restore|Select)Objects?\w*|ListObject\w*|ListParts|UploadPart\w*"
    r"|(Create|Complete|Abort)MultipartUpload",
    "lambda": r"Invoke\w*",
    "sqs": r"(Send|Receive|Delete)Message\w*|ChangeMessageVisibility\w*",
    "sns": r"Publish\w*",
    "events": r"PutEvents",
    "firehose": r"PutRecord\w*",
    "logs": r"PutLogEvents|GetLogEvents|FilterLogEvents",
    "monitoring": r"PutMetricData|GetMetric\w+",
    "xray": r"Put\w+|GetSampling\w+",
}
_DATA_NAMES = {service: re.compile(pattern) for service, pattern in _DATA.items()}
_TYPES = {"dynamodb": TABLE, "s3": OBJECT}
_READS = re.compile(
    r"(Get|List|Describe|Head|Query|Scan|BatchGet|TransactGet|Lookup|Filter|Decrypt|GenerateDataKey)"
)
# Parameters that name something. Everything else may hold content or a secret, and is left out.
_NAMING = re.compile(r"[a-z]\w*(Name|Arn|ARN|Id|Url|Names|Arns|Ids)|name|path")
_NEVER = re.compile(r"token|password|credential|signature|access_?key|user_?name", re.IGNORECASE)
_S3_NAMES = {
    "ListAllMyBuckets": "ListBuckets",
    "GetObjectVersion": "GetObject",
    "DeleteObjectVersion": "DeleteObject",
}
_DENIED = re.compile(r"AccessDenied\w*|\w*UnauthorizedOperation|AuthorizationError")


@dataclass(frozen=True, slots=True)
class Call:
    """One API call with its answer; ``service`` and ``action`` as IAM names them."""

    service: str
    action: str
    method: str
    path: str
    headers: Mapping[str, str]
    query: Mapping[str, Any]
    body: bytes
    account: str
    region: str
    source_ip: str
    request_id: str
    status: int
    answer_headers: Mapping[str, str]
    answer: bytes
    resources: Sequence[str] = field(default=())


def event(call: Call, identity: Mapping[str, Any]) -> Event:
    """What CloudTrail tells of a call by ``identity``."""
    name = _name(call)
    data = is_data(call.service, name)
    told: Event = {
        "eventVersion": "1.11",
        "userIdentity": dict(identity),
        "eventTime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "eventSource": f"{call.service}.amazonaws.com",
        "eventName": name,
        "awsRegion": call.region,
        "sourceIPAddress": call.source_ip,
        "userAgent": call.headers.get("user-agent", ""),
        "requestParameters": _parameters(call) or None,
        "responseElements": None,
        "requestID": call.request_id,
        "eventID": str(uuid4()),
        "readOnly": bool(_READS.match(name)),
        "resources": [_resource(call, arn) for arn in call.resources],
        "eventType": "AwsApiCall",
        "managementEvent": not data,
        "recipientAccountId": call.account,
        "eventCategory": "Data" if data else "Management",
    }
    if call.status >= 400:
        told |= _error(call)
    return told


def is_data(service: str, name: str) -> bool:
    """Whether a call is a data event, rather than a management event."""
    pattern = _DATA_NAMES.get(service)
    return bool(pattern and pattern.fullmatch(name))


def selected(told: Event, selectors: Sequence[Selector]) -> bool:
    """Whether any advanced selector of a trail takes an event."""
    return any(
        all(_takes(told, condition) for condition in selector["FieldSelectors"]) for selector in selectors
    )


_TESTS: dict[str, Callable[[str, str], bool]] = {
    "Equals": lambda value, wanted: value == wanted,
    "StartsWith": str.startswith,
    "EndsWith": str.endswith,
}


def _takes(told: Event, condition: Mapping[str, Any]) -> bool:
    values = list(_field(told, condition["Field"]))
    for test, wanted in condition.items():
        if test == "Field":
            continue
        positive = _TESTS[test.removeprefix("Not")]
        found = any(positive(value, each) for value in values for each in wanted)
        if found is test.startswith("Not"):
            return False
    return True


def _field(told: Event, name: str) -> Iterator[str]:
    if name.startswith("resources."):
        for resource in told["resources"]:
            yield str(resource.get(name.removeprefix("resources."), ""))
    else:
        value = told[name]
        yield str(value).lower() if isinstance(value, bool) else value


def _name(call: Call) -> str:
    """The call's name, where IAM names the permission for it otherwise."""
    if call.service == "lambda":
        return "Invoke" if call.action == "InvokeFunction" else call.action
    return _s3_name(call) if call.service == "s3" else call.action


def _s3_name(call: Call) -> str:
    match call.action, call.method:
        case "ListBucket", method:
            return "HeadBucket" if method == "HEAD" else "ListObjects"
        case "GetObject", "HEAD":
            return "HeadObject"
        case "PutObject", _:
            return _written(call)
        case "DeleteObject", "POST":
            return "DeleteObjects"
    # IAM knows no Delete… for a bucket's settings, CloudTrail does.
    if call.method == "DELETE" and call.action.startswith("Put"):
        return "Delete" + call.action.removeprefix("Put")
    return _S3_NAMES.get(call.action, call.action)


def _written(call: Call) -> str:
    match call.method, "uploadId" in call.query:
        case "POST", True:
            return "CompleteMultipartUpload"
        case "PUT", True:
            return "UploadPart"
        case "POST", False:
            return "CreateMultipartUpload" if "uploads" in call.query else "PostObject"
    return "CopyObject" if "x-amz-copy-source" in call.headers else "PutObject"


def _parameters(call: Call) -> dict[str, Any]:
    if call.service == "s3":
        bucket, _, key = call.path.lstrip("/").partition("/")
        return {"bucketName": bucket} | ({"key": key} if key else {}) if bucket else {}
    found = re.search(r"/functions/([^/]+)", call.path) if call.service == "lambda" else None
    sent = {"functionName": found[1]} if found else _sent(call)
    named = {name[:1].lower() + name[1:]: value for name, value in sent.items()}
    return {
        name: value
        for name, value in named.items()
        if _NAMING.fullmatch(name) and not _NEVER.search(name) and _is_plain(value)
    }


def _sent(call: Call) -> dict[str, Any]:
    kind = call.headers.get("content-type", "")
    if "form" in kind:
        return {name: values[0] for name, values in parse_qs(call.body.decode("utf-8", "replace")).items()}
    if "json" not in kind:
        return {}
    try:
        sent = json.loads(call.body or b"{}")
    except ValueError:
        return {}
    return sent if isinstance(sent, dict) else {}


def _is_plain(value: Any) -> bool:
    return isinstance(value, str) or (
        isinstance(value, list) and all(isinstance(each, str) for each in value)
    )


def _resource(call: Call, arn: str) -> dict[str, str]:
    kind = "AWS::DynamoDB::Stream" if "/stream/" in arn else _TYPES.get(call.service)
    if call.service == "s3" and "/" not in arn:
        kind = "AWS::S3::Bucket" if not is_data("s3", _name(call)) else OBJECT
    return {"accountId": call.account, "ARN": arn} | ({"type": kind} if kind else {})


def _error(call: Call) -> dict[str, str]:
    headers = {name.lower(): value for name, value in call.answer_headers.items()}
    text = call.answer[:4000].decode("utf-8", "replace")
    code = headers.get("x-amzn-query-error", "").partition(";")[0] or headers.get("x-amzn-errortype", "")
    if not code:
        found = re.search(r'"__type"\s*:\s*"(?:[^"#]*#)?([^"]+)"|<Code>([^<]+)</Code>', text)
        found = found or re.search(r"(AccessDenied\w*|[A-Z]\w+Exception)", text)
        code = next(filter(None, found.groups())) if found else "AccessDenied" if call.status == 403 else ""
    code = code.partition(":")[0] or f"Client.{call.status}"
    if not _DENIED.fullmatch(code):
        return {"errorCode": code}
    # Other messages repeat what was sent.
    said = re.search(r'"[Mm]essage"\s*:\s*"([^"]+)"|<Message>([^<]+)</Message>', text)
    message = next(filter(None, said.groups())) if said else "Access Denied"
    return {"errorCode": code, "errorMessage": message}
