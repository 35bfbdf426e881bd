"""Gap: a table's stream goes on after a stop of the server where it was, and so do its readers."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError
from kept_cloud import kept
from stack import Client, Stack, Wait, allow, deploy, function, role
from test_table_streams import TABLE

from localcloud import LocalCloud

STREAM = {"Fn::GetAtt": ["Table", "StreamArn"]}
DAY_SECONDS = 24 * 60 * 60
READS = """
def handler(event, context):
    for record in event["Records"]:
        print("read", record["dynamodb"]["Keys"]["pk"]["S"])
"""
# Tells how many records it was called with, and hangs until it is let go.
HANGS = """
import pathlib, time
PLACE = pathlib.Path({place!r})
def handler(event, context):
    PLACE.joinpath(f"called-{{len(event['Records'])}}").touch()
    while not PLACE.joinpath("go").exists():
        time.sleep(0.02)
    for record in event["Records"]:
        print("read", record["dynamodb"]["Keys"]["pk"]["S"])
"""


@pytest.fixture
def started(cloud: LocalCloud, root: Path, tmp_path: Path, pytestconfig: pytest.Config) -> Callable[..., Any]:
    """Start a cloud of this test's own, each time with the state of the last."""
    del cloud  # it has made the environments
    without = pytestconfig.getoption("--without-gap")
    return lambda *more: kept(root, tmp_path, [*without, *more])


def reader(client: Client, code: str, **mapping: Any) -> Stack:
    resources = {
        "Table": TABLE,
        "Role": role(
            allow(["dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream"], STREAM)
        ),
        "Reader": function(code, Timeout=600),
        "Mapping": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "EventSourceArn": STREAM,
                "FunctionName": {"Ref": "Reader"},
                "StartingPosition": "TRIM_HORIZON",
            }
            | mapping,
        },
    }
    return deploy(client, {"Resources": resources})


def write(client: Client, table: str, *keys: str) -> None:
    for key in keys:
        client("dynamodb").put_item(TableName=table, Item={"pk": {"S": key}})


def read(client: Client, made: Stack) -> list[str]:
    """What the reader has read so far, before restarts too."""
    group = f"/aws/lambda/{made.ids['Reader']}"
    if not client("logs").describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
        return []
    events = client("logs").filter_log_events(logGroupName=group)["events"]
    return [words[1] for event in events if (words := event["message"].split())[:1] == ["read"]]


def test_what_was_not_read_is_read_after_a_restart_in_order_and_once(
    started: Callable[..., Any], eventually: Wait
) -> None:
    with started() as (_, client):
        made = reader(client, READS)
        table, mapping = made.ids["Table"], made.ids["Mapping"]
        write(client, table, "a", "b")
        eventually(lambda: read(client, made) == ["a", "b"])
        client("lambda").update_event_source_mapping(UUID=mapping, Enabled=False)
        write(client, table, "c", "d", "e")
        closed = deploy(client, {"Resources": {"Table": TABLE}, "Outputs": {"Stream": {"Value": STREAM}}})
        write(client, closed.ids["Table"], "z")
        client("dynamodb").delete_table(TableName=closed.ids["Table"])

    with started() as (_, client):
        assert keys(client, closed.outputs["Stream"]) == ["z"]
        client("lambda").update_event_source_mapping(UUID=mapping, Enabled=True)
        eventually(lambda: read(client, made) == ["a", "b", "c", "d", "e"])
        write(client, table, "f")
        eventually(lambda: read(client, made) == ["a", "b", "c", "d", "e", "f"])


def keys(client: Client, stream: str) -> list[str]:
    streams = client("dynamodbstreams")
    (shard,) = streams.describe_stream(StreamArn=stream)["StreamDescription"]["Shards"]
    place = {"StreamArn": stream, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
    records = streams.get_records(ShardIterator=streams.get_shard_iterator(**place)["ShardIterator"])
    return [record["dynamodb"]["Keys"]["pk"]["S"] for record in records["Records"]]


def test_a_batch_that_the_stop_cut_off_is_read_again_however_long_the_server_was_off(
    started: Callable[..., Any], tmp_path: Path, eventually: Wait
) -> None:
    """What breaks off with the server is no try, and days without a server are not those of a record."""
    with started() as (_, client):
        made = reader(client, HANGS.format(place=str(tmp_path)), MaximumRetryAttempts=0)
        write(client, made.ids["Table"], "a")
        # The server grants a request a few seconds, then it ends the functions, and then it saves its state.
        ask = {"FunctionName": made.ids["Reader"], "Payload": b'{"Records": []}'}
        asking = threading.Thread(target=broken_off, args=(client("lambda").invoke, ask))
        asking.start()
        eventually(lambda: all((tmp_path / f"called-{number}").exists() for number in (0, 1)))
    asking.join()
    (tmp_path / "go").touch()
    put_back(tmp_path / ".wotr" / "state" / "services" / "dynamodb.json", 3 * DAY_SECONDS)

    with started() as (_, client):
        eventually(lambda: read(client, made) == ["a"])


def broken_off(call: Callable[..., Any], request: dict[str, Any]) -> None:
    with pytest.raises(BotoCoreError):
        call(**request)


def put_back(state: Path, seconds: float) -> None:
    """Make it so long ago that the state was saved."""
    saved = json.loads(state.read_text(encoding="utf-8"))
    streams = saved["payload"]["_localcloud_streams"]
    streams["stopped"] -= seconds
    for records in streams["records"]["data"].values():
        for record in records:
            record["dynamodb"]["ApproximateCreationDateTime"] -= seconds
    state.write_text(json.dumps(saved), encoding="utf-8")


def test_a_state_without_records_makes_nobody_deaf(started: Callable[..., Any], eventually: Wait) -> None:
    """Such as the clouds of before this bridge have saved."""
    with started("stream_state") as (_, client):
        made = reader(client, READS)
        write(client, made.ids["Table"], "a", "b", "c")
        eventually(lambda: read(client, made) == ["a", "b", "c"])
        client("lambda").update_event_source_mapping(UUID=made.ids["Mapping"], Enabled=False)

    with started() as (_, client):
        write(client, made.ids["Table"], "d")
        client("lambda").update_event_source_mapping(UUID=made.ids["Mapping"], Enabled=True)
        eventually(lambda: read(client, made) == ["a", "b", "c", "d"])
