"""A topic logs what became of its deliveries to queues, and keeps those that it could not make.

AWS: with feedback roles for ``sqs``, each delivery is a line of JSON in the log group
``sns/<region>/<account>/<topic>``, or ``…/Failure``, written by that role; what cannot be delivered
goes to the queue that the subscription's RedrivePolicy names, with the same body.
MiniStack: drops DeliveryStatusLogging of a template, writes no log, and loses what it cannot deliver.
Bridge: keep the feedback roles as the topic's attributes, as SNS does; look before each delivery
whether it will succeed; log it if the role may, make the log group if the role may do that.
https://docs.aws.amazon.com/sns/latest/dg/sns-topic-attributes.html
"""

from __future__ import annotations

import hashlib
import json
import logging
import random
import time
from contextvars import ContextVar
from typing import Any
from uuid import uuid4

from ministack.core.arn import parse_arn
from ministack.core.responses import get_region
from ministack.services import cloudwatch_logs, sns, sqs

from localcloud import grants, provisioning
from localcloud.gaps import Settings

TOUCHES = (
    *grants.TOUCHES,
    *provisioning.TOUCHES,
    "ministack.services.cloudwatch_logs:_create_log_group",
    "ministack.services.cloudwatch_logs:_create_log_stream",
    "ministack.services.cloudwatch_logs:_log_groups",
    "ministack.services.cloudwatch_logs:_put_log_events",
    "ministack.services.sns:_deliver_to_sqs",
    "ministack.services.sns:_fanout",
    "ministack.services.sns:_topics",
    "ministack.services.sqs:_queue_by_arn",
)

_SUCCESS, _FAILURE = "SQSSuccessFeedbackRoleArn", "SQSFailureFeedbackRoleArn"
_SAMPLE = "SQSSuccessFeedbackSampleRate"
_PROPERTIES = {
    _SUCCESS: "SuccessFeedbackRoleArn",
    _FAILURE: "FailureFeedbackRoleArn",
    _SAMPLE: "SuccessFeedbackSampleRate",
}

_log = logging.getLogger("localcloud")
_message_id: ContextVar[str] = ContextVar("message_id", default="")


def apply(_settings: Settings) -> None:
    """Keep the template's feedback roles; look at each delivery to a queue on its way."""
    provisioning.after("AWS::SNS::Topic", _keep_feedback_roles)
    fan_out, deliver = sns._fanout, sns._deliver_to_sqs

    def fan_out_one(topic: str, message_id: str, *rest: Any, **options: Any) -> None:
        token = _message_id.set(message_id)
        try:
            fan_out(topic, message_id, *rest, **options)
        finally:
            _message_id.reset(token)

    def deliver_one(queue: str, *bodies: Any, topic_arn: str = "", **options: Any) -> None:
        began = time.time()
        refusal = _refusal(queue, topic_arn)
        deliver(queue, *bodies, topic_arn=topic_arn, **options)
        if refusal and (dead_letters := _dead_letters(topic_arn, queue)):
            deliver(dead_letters, *bodies, topic_arn=topic_arn, **options)
        _tell(topic_arn, queue, str(bodies[0]), refusal, began)

    sns._fanout, sns._deliver_to_sqs = fan_out_one, deliver_one


def _keep_feedback_roles(topic: str, properties: provisioning.Properties) -> None:
    attributes = sns._topics[topic]["attributes"]
    logged = {each["Protocol"].lower(): each for each in properties.get("DeliveryStatusLogging") or []}
    for name, said in _PROPERTIES.items():
        attributes.pop(name, None)
        if said in logged.get("sqs", {}):
            attributes[name] = str(logged["sqs"][said])


def _refusal(queue: str, topic: str) -> dict[str, str] | None:
    """Why SQS will not take a message of the topic, None where it will."""
    if sqs._queue_by_arn(queue) is None:
        return {"ErrorCode": "AWS.SimpleQueueService.NonExistentQueue"}
    if not sqs.queue_policy_allows(queue, "sns.amazonaws.com", topic, parse_arn(topic).account_id):
        return {"ErrorCode": "AccessDenied", "ErrorMessage": f"Access to the resource {queue} is denied."}
    return None


def _dead_letters(topic: str, queue: str) -> str | None:
    """The queue for what the topic cannot deliver to `queue`."""
    for subscription in sns._topics[topic]["subscriptions"]:
        policy = (subscription.get("attributes") or {}).get("RedrivePolicy")
        if subscription["endpoint"] == queue and policy:
            return str(json.loads(policy)["deadLetterTargetArn"])
    return None


def _tell(topic: str, queue: str, body: str, refusal: dict[str, str] | None, began: float) -> None:
    """Log the delivery as the topic's attributes ask for it."""
    attributes = sns._topics[topic]["attributes"]
    role = attributes.get(_FAILURE if refusal else _SUCCESS)
    sampled = random.uniform(0, 100) < float(attributes.get(_SAMPLE, 0))  # noqa: S311 - a sample, no secret
    if not role or not (refusal or sampled):
        return
    at = parse_arn(topic)
    group = f"sns/{at.region}/{at.account_id}/{at.resource}" + ("/Failure" if refusal else "")
    request = {"sqsRequestId": "Unrecoverable" if refusal else str(uuid4())}
    answer = (refusal or {"sqsMessageId": str(uuid4())}) | request
    second, millisecond = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(began)), int(began * 1000) % 1000
    line = {
        "notification": {
            "messageMD5Sum": hashlib.md5(body.encode(), usedforsecurity=False).hexdigest(),
            "messageId": _message_id.get(),
            "topicArn": topic,
            "timestamp": f"{second}.{millisecond:03}",
        },
        "delivery": {
            "deliveryId": str(uuid4()),
            "destination": queue,
            "providerResponse": json.dumps(answer),
            "dwellTimeMs": int((time.time() - began) * 1000),
            "attempts": 1,
            "statusCode": 400 if refusal else 200,
        },
        "status": "FAILURE" if refusal else "SUCCESS",
    }
    _write(role, group, line)


def _write(role: str, group: str, line: dict[str, Any]) -> None:
    """Put a line into the log group as the role; SNS tells nobody where that may not."""
    missing = {"logs:CreateLogStream", "logs:PutLogEvents"}
    if group not in cloudwatch_logs._log_groups:
        missing.add("logs:CreateLogGroup")
    at = parse_arn(role)
    resource = f"arn:aws:logs:{get_region()}:{at.account_id}:log-group:{group}:log-stream:"
    missing = {action for action in missing if not grants.may(role, action, resource)}
    if missing:
        _log.warning("delivery not logged in %s: %s may not %s", group, role, ", ".join(sorted(missing)))
        return
    if group not in cloudwatch_logs._log_groups:
        provisioning.call(cloudwatch_logs._create_log_group, {"logGroupName": group})
    place = {"logGroupName": group, "logStreamName": str(uuid4())}
    provisioning.call(cloudwatch_logs._create_log_stream, place)
    event = {"timestamp": int(time.time() * 1000), "message": json.dumps(line)}
    provisioning.call(cloudwatch_logs._put_log_events, place | {"logEvents": [event]})
