"""Nothing that was accepted is ever lost: every asynchronous edge ends in a queue that keeps what failed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cfnlint.template import Template

from tools.template_rules import _house

STREAMS = ("DynamoDB", "Kinesis")
LAST_QUEUES = ("DeadLetterQueue", "FailuresQueue")  # scripts/redriving finds them by these names
VISIBLE = "ApproximateNumberOfMessagesVisible"
BY_RULE = ("Schedule", "ScheduleV2", "EventBridgeRule", "CloudWatchEvent")
INVOKED = ("S3", "SNS", "CloudWatchLogs", "IoTRule")
PUSHED = ("sqs", "lambda", "http", "https", "firehose")


class QueueWithRedrive(_house.HouseRule):
    """A poison message would otherwise come back until it expires."""

    id = "E9009"
    shortdesc = "A queue that feeds a function has a dead-letter queue"
    description = "The queue behind an SQS event has a RedrivePolicy"

    def breaches(self, cfn: Template) -> Iterator[_house.Breach]:
        queues = _house.resources(cfn, "AWS::SQS::Queue")
        for path, source in _sources(cfn):
            queue = _house.logical_id(source.get("Queue", source.get("EventSourceArn")))
            if queue in queues and "RedrivePolicy" not in queues[queue]:
                yield path, f"{queue} feeds a function and needs a RedrivePolicy to a dead-letter queue"


class StreamWithDestination(_house.HouseRule):
    """A stream drops what fails once its retries are used up."""

    id = "E9010"
    shortdesc = "A stream that feeds a function has a destination for what fails"
    description = "DestinationConfig.OnFailure on stream event sources"

    def breaches(self, cfn: Template) -> Iterator[_house.Breach]:
        for path, source in _sources(cfn):
            destination = _house.dig(source, "DestinationConfig", "OnFailure", "Destination")
            if "StartingPosition" in source and destination is None:
                yield path, "this stream source needs DestinationConfig: OnFailure: Destination"


class DeliveredOrKept(_house.HouseRule):
    """Rules, schedules, topics and asynchronous invocations give up after their retries."""

    id = "E9011"
    shortdesc = "What pushes events keeps those that it cannot deliver"
    description = (
        "Rule and schedule targets are SQS or have DeadLetterConfig; subscriptions have RedrivePolicy; …"
    )

    def breaches(self, cfn: Template) -> Iterator[_house.Breach]:
        yield from _targets(cfn)
        yield from _subscriptions(cfn)
        yield from _invocations(cfn)


class WatchedLastQueue(_house.HouseRule):
    """What nobody takes out of a queue waits for a person, who must be told and must find the queue."""

    id = "E9014"
    shortdesc = "A queue that keeps failures is called so, and somebody is told when it holds anything"
    description = "A queue without a reader is named …DeadLetterQueue or …FailuresQueue and has an alarm"

    def breaches(self, cfn: Template) -> Iterator[_house.Breach]:
        read = {
            _house.logical_id(source.get("Queue", source.get("EventSourceArn")))
            for _, source in _sources(cfn)
        }
        watched = set(_watched(cfn))
        for name in _house.resources(cfn, "AWS::SQS::Queue").keys() - read:
            if not name.endswith(LAST_QUEUES):
                yield ["Resources", name], f"no function reads {name}: call it {name}{LAST_QUEUES[0]}"
            if name not in watched:
                yield (
                    ["Resources", name],
                    f"{name} needs an alarm with actions on its {VISIBLE}",
                )


def _watched(cfn: Template) -> Iterator[str | None]:
    """Yield the queues that an alarm watches which tells somebody."""
    for properties in _house.resources(cfn, "AWS::CloudWatch::Alarm").values():
        if properties.get("MetricName") == VISIBLE and properties.get("AlarmActions"):
            for dimension in properties.get("Dimensions") or []:
                if dimension.get("Name") == "QueueName":
                    yield _house.logical_id(dimension.get("Value"))


def _sources(cfn: Template) -> Iterator[tuple[_house.Path, dict[str, Any]]]:
    """Yield the properties of every polled event source: SAM events and explicit mappings."""
    for name, properties in _house.resources(cfn, "AWS::Lambda::EventSourceMapping").items():
        yield ["Resources", name, "Properties"], properties
    for path, event in _events(cfn):
        if event.get("Type") in ("SQS", *STREAMS):
            yield [*path, "Properties"], event.get("Properties") or {}


def _events(cfn: Template) -> Iterator[tuple[_house.Path, dict[str, Any]]]:
    for name, properties in _house.resources(cfn, "AWS::Serverless::Function").items():
        for event, described in (properties.get("Events") or {}).items():
            yield ["Resources", name, "Properties", "Events", event], described


def _targets(cfn: Template) -> Iterator[_house.Breach]:
    queues = _house.resources(cfn, "AWS::SQS::Queue")
    targets: list[tuple[_house.Path, Any]] = [
        (["Resources", name, "Properties", "Targets", index], target)
        for name, properties in _house.resources(cfn, "AWS::Events::Rule").items()
        for index, target in enumerate(properties.get("Targets") or [])
    ]
    targets += [
        (["Resources", name, "Properties", "Target"], properties.get("Target") or {})
        for name, properties in _house.resources(cfn, "AWS::Scheduler::Schedule").items()
    ]
    for path, target in targets:
        if "DeadLetterConfig" not in target and _house.logical_id(target.get("Arn")) not in queues:
            yield path, f"the target of {path[1]} is no queue of this template and needs DeadLetterConfig"
    for path, event in _events(cfn):
        if event.get("Type") in BY_RULE and "DeadLetterConfig" not in (event.get("Properties") or {}):
            yield (
                path,
                f"event {path[-1]} of {path[1]} needs DeadLetterConfig, or a rule to a queue in between",
            )


def _subscriptions(cfn: Template) -> Iterator[_house.Breach]:
    for name, properties in _house.resources(cfn, "AWS::SNS::Subscription").items():
        if properties.get("Protocol") in PUSHED and "RedrivePolicy" not in properties:
            yield ["Resources", name], f"subscription {name} needs a RedrivePolicy to a dead-letter queue"


def _invocations(cfn: Template) -> Iterator[_house.Breach]:
    kept = set()
    for path, function, keeps in _asynchronous(cfn):
        if keeps:
            kept.add(function)
        else:
            yield path, f"{path[1]}: asynchronous invocation needs DestinationConfig: OnFailure: Destination"
    for path, event in _events(cfn):
        if event.get("Type") in INVOKED and path[1] not in kept:
            yield path, f"{path[-1]} invokes {path[1]} asynchronously: put a queue in between"
    for name, properties in _house.resources(cfn, "AWS::S3::Bucket").items():
        for config in _house.dig(properties, "NotificationConfiguration", "LambdaConfigurations") or []:
            if _house.logical_id(config.get("Function")) not in kept:
                yield (
                    ["Resources", name],
                    f"{name} invokes a function asynchronously: notify EventBridge or a queue",
                )


def _asynchronous(cfn: Template) -> Iterator[tuple[_house.Path, str | None, bool]]:
    """Yield where asynchronous invocation is configured, the function, and whether failures are kept."""
    on_failure = ("DestinationConfig", "OnFailure", "Destination")
    for name, properties in _house.resources(cfn, "AWS::Lambda::EventInvokeConfig").items():
        function = _house.logical_id(properties.get("FunctionName"))
        yield ["Resources", name], function, _house.dig(properties, *on_failure) is not None
    for name, properties in _house.resources(cfn, *_house.FUNCTIONS).items():
        config = properties.get("EventInvokeConfig")
        queued = "DeadLetterQueue" in properties or "DeadLetterConfig" in properties
        if config is not None or queued:
            yield ["Resources", name], name, queued or _house.dig(config, *on_failure) is not None
