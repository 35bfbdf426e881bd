"""What the plugin spares unit tests makes no difference to them."""

from __future__ import annotations

import copy
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.core.serialize import AttributePicker, JSONSerializer
from moto.dynamodb.models.table import Table

KEY = {"pk": {"S": "a"}}
ITEM: dict[str, Any] = {
    **KEY,
    "text": {"S": ""},
    "number": {"N": "1.50"},
    "bytes": {"B": b"\x00\xff"},
    "texts": {"SS": ["b", "a"]},
    "numbers": {"NS": ["2", "1"]},
    "blobs": {"BS": [b"\x01", b"\x02"]},
    "yes": {"BOOL": True},
    "no": {"BOOL": False},
    "nothing": {"NULL": True},
    "list": {"L": [{"S": "x"}, {"M": {"deep": {"L": [{"N": "3"}, {"NULL": True}]}}}, {"L": []}]},
    "map": {"M": {"S": {"N": "1"}, "empty": {"M": {}}}},
}


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A client of DynamoDB whose table has the item."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        client = boto3.client("dynamodb", region_name="eu-central-1")
        client.create_table(
            TableName="things",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        )
        client.put_item(TableName="things", Item=ITEM)
        yield client


def answers(client: Any) -> list[Any]:
    return [
        client.get_item(TableName="things", Key=KEY)["Item"],
        client.scan(TableName="things")["Items"],
        client.query(
            TableName="things",
            KeyConditionExpression="pk = :a",
            ExpressionAttributeValues={":a": {"S": "a"}},
        )["Items"],
    ]


def test_items_are_answered_as_moto_answers_them(table: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = answers(table)
    monkeypatch.setattr(
        JSONSerializer,
        "_serialize_type_structure",
        JSONSerializer._serialize_type_structure.__wrapped__,  # type: ignore[attr-defined]
    )
    assert answers(table) == quick
    assert quick[0] == ITEM


def test_attributes_are_not_looked_for_under_other_names(table: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    usual = AttributePicker.__call__

    def picked(self: AttributePicker, context: Any) -> Any:
        asked.append(context.shape.name)
        return usual(self, context)

    monkeypatch.setattr(AttributePicker, "__call__", picked)
    table.get_item(TableName="things", Key=KEY)
    assert "AttributeMap" in asked
    assert not {"StringAttributeValue", "NumberAttributeValue", "MapAttributeValue"} & set(asked)


def test_a_transaction_that_fails_leaves_the_table_as_it_was(table: Any) -> None:
    before = table.scan(TableName="things")["Items"]
    never = {"ConditionExpression": "attribute_exists(absent)"}
    for number in range(2):  # the copy of one transaction does not serve the next
        new = {"TableName": "things", "Item": {"pk": {"S": f"new-{number}"}}}
        changed = {"TableName": "things", "Item": {"pk": {"S": f"b-{number}"}}}
        with pytest.raises(table.exceptions.TransactionCanceledException):
            table.transact_write_items(
                TransactItems=[{"Put": changed}, {"Put": new}, {"Put": {**new, "Item": ITEM, **never}}]
            )
        assert table.scan(TableName="things")["Items"] == before
        table.transact_write_items(TransactItems=[{"Put": changed}, {"Put": new}])
        before = table.scan(TableName="things")["Items"]
    assert len(before) == 5


def test_a_transaction_of_several_items_copies_the_table_once(
    table: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied: list[type] = []
    usual = copy.deepcopy

    def counted(value: Any, *memo: Any) -> Any:
        copied.append(type(value))
        return usual(value, *memo)

    monkeypatch.setattr(copy, "deepcopy", counted)
    items = [{"TableName": "things", "Item": {"pk": {"S": f"new-{number}"}}} for number in range(3)]
    table.transact_write_items(TransactItems=[{"Put": item} for item in items])
    assert copied.count(Table) == 1
