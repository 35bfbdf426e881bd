"""Gap: a log group's subscription filter passes log events on to Firehose."""

from __future__ import annotations

import gzip
import json

from log_delivery import objects, put, subscribed
from stack import Client, Deploy, Wait


def test_what_matches_arrives_in_the_envelope_of_cloudwatch_logs(
    stack: Deploy, client: Client, eventually: Wait
) -> None:
    made = stack(subscribed([], pattern="wanted"))
    put(client, made.ids["Log"], "wanted 1", "other", "wanted 2")

    (packed,) = eventually(lambda: objects(client, made.ids["Bucket"]))
    envelope = json.loads(gzip.decompress(packed))
    assert envelope["messageType"] == "DATA_MESSAGE"
    assert (envelope["logGroup"], envelope["logStream"]) == (made.ids["Log"], "one")
    assert envelope["subscriptionFilters"] == [made.ids["Subscription"]]
    assert [event["message"] for event in envelope["logEvents"]] == ["wanted 1", "wanted 2"]


def test_a_subscription_without_its_stream_holds_nobody_up(stack: Deploy, client: Client) -> None:
    made = stack(subscribed([]))
    client("firehose").delete_delivery_stream(DeliveryStreamName=made.ids["Stream"])
    put(client, made.ids["Log"], "kept")

    (event,) = client("logs").filter_log_events(logGroupName=made.ids["Log"])["events"]
    assert event["message"] == "kept"
