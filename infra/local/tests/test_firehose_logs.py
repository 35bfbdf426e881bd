"""Gap: Firehose unpacks what CloudWatch Logs sends it."""

from __future__ import annotations

from log_delivery import UNPACK, objects, put, subscribed
from stack import Client, Deploy, Wait


def test_each_message_becomes_a_line(stack: Deploy, client: Client, eventually: Wait) -> None:
    made = stack(subscribed(UNPACK))
    put(client, made.ids["Log"], '{"n": 1}', '{"n": 2}')

    found = eventually(lambda: len(all_of := objects(client, made.ids["Bucket"])) == 2 and all_of)
    assert sorted(found) == [b'{"n": 1}\n', b'{"n": 2}\n']


def test_what_is_no_log_data_is_not_written(stack: Deploy, client: Client, eventually: Wait) -> None:
    made = stack(subscribed(UNPACK))
    client("firehose").put_record(DeliveryStreamName=made.ids["Stream"], Record={"Data": b"plain"})
    put(client, made.ids["Log"], "a line")

    assert eventually(lambda: objects(client, made.ids["Bucket"])) == [b"a line\n"]
