"""Who hears a replay: the queue behind each rule, how much waits there, and what its function logged."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import boto3


@dataclass(frozen=True, slots=True)
class Consumer:
    """The way of events behind one rule; `log_groups` are those of the functions that take from the queue."""

    rule: str
    queue_url: str
    dead_letter_url: str | None
    log_groups: tuple[str, ...]


def consumers(rules: Mapping[str, str]) -> list[Consumer]:
    """The consumer behind each rule (name to ARN)."""
    events, sqs = boto3.client("events"), boto3.client("sqs")
    found = []
    for rule, arn in rules.items():
        *_, bus, name = arn.split("/")
        for target in events.list_targets_by_rule(Rule=name, EventBusName=bus)["Targets"]:
            queue_arn = target["Arn"]
            url = sqs.get_queue_url(QueueName=queue_arn.rpartition(":")[2])["QueueUrl"]
            policy = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"]).get(
                "Attributes", {}
            )
            last = json.loads(policy.get("RedrivePolicy", "{}")).get("deadLetterTargetArn")
            last_url = sqs.get_queue_url(QueueName=last.rpartition(":")[2])["QueueUrl"] if last else None
            found.append(Consumer(rule, url, last_url, _log_groups(queue_arn)))
    return found


def waiting(queue_url: str) -> int:
    """How many messages wait in a queue or are worked on, as far as SQS knows."""
    answer = boto3.client("sqs").get_queue_attributes(
        QueueUrl=queue_url,
        AttributeNames=[
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateNumberOfMessagesDelayed",
        ],
    )
    return sum(int(value) for value in answer["Attributes"].values())


def arrived(consumer: Consumer, replay: str, since: datetime) -> int:
    """How many events of the replay reached the consumer's functions, by their logs: nobody else counts."""
    logs = boto3.client("logs")
    events = 0
    for group in consumer.log_groups:
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName=group,
            startTime=int((since - timedelta(minutes=1)).timestamp() * 1000),
            filterPattern=f'"{replay}"',
        )
        for line in (each["message"] for page in pages for each in page["events"]):
            try:
                said = json.loads(line)
            except ValueError:
                continue  # a line of the platform's own, not of the function's logger
            if said.get("replay") == replay:
                events += said["events"]
    return events


def _log_groups(queue_arn: str) -> tuple[str, ...]:
    functions = boto3.client("lambda")
    sources = functions.list_event_source_mappings(EventSourceArn=queue_arn)["EventSourceMappings"]
    return tuple(
        functions.get_function_configuration(FunctionName=source["FunctionArn"])["LoggingConfig"]["LogGroup"]
        for source in sources
    )
