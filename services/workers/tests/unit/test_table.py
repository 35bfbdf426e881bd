"""The table's writes are done together or not at all, and say why not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import ANY, Stubber
from tests.unit.cloud import TABLE

from wotr_workers.store import Changed, Delete, Item, Keep, NotRead, Put, Refused, Table, raw


def item(sk: str, **more: Any) -> Item:
    return {"pk": "P", "sk": sk, **more}


def stored(table: Table) -> dict[str, Item]:
    return {found["sk"]: found for found in table.between("P", "A", "~")}


@pytest.fixture
def table(dynamodb: Any) -> Table:
    return Table(dynamodb, TABLE)


@pytest.fixture
def stub() -> Iterator[tuple[Table, Stubber]]:
    """A table behind which a test answers itself, and that waits for nothing."""
    client = boto3.client("dynamodb")
    with Stubber(client) as stubber:
        yield Table(client, TABLE, pause=lambda _: None), stubber


@pytest.mark.parametrize("others", [0, 1], ids=["alone", "together"])
def test_what_is_no_longer_as_it_was_read_is_not_written(table: Table, others: int) -> None:
    beside = [Put(item(f"B{number}")) for number in range(others)]
    before = item("A", version=1, refs=["x"])
    table.write([Put(before), *beside])
    for stale in (
        [Put(item("A"))],
        [Put(item("A", version=2), item("A", version=2, refs=["x"]))],
        [Put(item("A", version=2), item("A", version=1))],
        [Put(item("A", version=2), item("A", version=1, refs=["x"], changedBy="i"))],
        [Delete(item("A", version=1, refs=[]))],
        [Put(item("C"), item("C"))],
    ):
        with pytest.raises(Changed):
            table.write([*stale, *[Put(item(f"D{number}")) for number in range(others)]])
    assert set(stored(table)) == {"A", *(f"B{number}" for number in range(others))}

    table.write([Put(item("A", version=2), before)])
    table.write([Delete(item("A", version=2)), *[Delete(put.item) for put in beside]])
    assert stored(table) == {}


def test_what_is_kept_is_kept_as_it_was_first(table: Table) -> None:
    key: Any = {"pk": "P", "sk": "K"}
    table.write([Keep(key, {"item": {"a": 1}})])
    table.write([Keep(key, {"item": {"a": 2}}), Put(item("A"))])

    assert stored(table)["K"]["item"] == {"a": 1}


def test_many_items_are_read_put_and_deleted_at_once(table: Table) -> None:
    items = [item(f"A{number:04}", n=number) for number in range(230)]
    table.put_all(items)

    assert list(table.get("P", [each["sk"] for each in items] * 2).values()) == items
    assert [each["n"] for each in table.beginning("P", "A000")] == list(range(10))
    table.delete_all({"pk": "P", "sk": each["sk"]} for each in items)
    assert stored(table) == {}


def cancelled(stubber: Stubber, code: str) -> None:
    stubber.add_client_error(
        "transact_write_items",
        "TransactionCanceledException",
        modeled_fields={"CancellationReasons": [{"Code": "None"}, {"Code": code, "Message": "too large"}]},
    )


@pytest.mark.parametrize(
    ("code", "error"),
    [("ConditionalCheckFailed", Changed), ("ValidationError", Refused), ("Other", ClientError)],
)
def test_a_transaction_says_why_it_was_not_done(
    stub: tuple[Table, Stubber], code: str, error: type[Exception]
) -> None:
    table, stubber = stub
    cancelled(stubber, code)

    with pytest.raises(error):
        table.write([Put(item("A")), Put(item("B"))])


def test_a_transaction_in_the_way_of_another_is_tried_again(stub: tuple[Table, Stubber]) -> None:
    table, stubber = stub
    cancelled(stubber, "TransactionConflict")
    cancelled(stubber, "ThrottlingError")
    stubber.add_response("transact_write_items", {}, {"TransactItems": ANY})

    table.write([Put(item("A")), Put(item("B"))])
    stubber.assert_no_pending_responses()

    for _ in range(8):
        cancelled(stubber, "TransactionConflict")
    with pytest.raises(ClientError):
        table.write([Put(item("A")), Put(item("B"))])


def test_what_dynamodb_did_not_get_to_is_asked_for_again(stub: tuple[Table, Stubber]) -> None:
    table, stubber = stub
    rest = {TABLE: {"Keys": [raw(item("B"))]}}
    stubber.add_response("batch_get_item", {"Responses": {TABLE: [raw(item("A"))]}, "UnprocessedKeys": rest})
    stubber.add_response(
        "batch_get_item",
        {"Responses": {TABLE: [raw(item("B"))]}, "UnprocessedKeys": {}},
        {"RequestItems": rest},
    )
    assert set(table.get("P", ["A", "B"])) == {"A", "B"}

    left: Any = {TABLE: [{"PutRequest": {"Item": raw(item("B"))}}]}
    stubber.add_response("batch_write_item", {"UnprocessedItems": left})
    stubber.add_response("batch_write_item", {"UnprocessedItems": {}}, {"RequestItems": left})
    table.put_all([item("A"), item("B")])

    for _ in range(8):
        stubber.add_response("batch_write_item", {"UnprocessedItems": left})
    with pytest.raises(NotRead):
        table.put_all([item("A"), item("B")])
