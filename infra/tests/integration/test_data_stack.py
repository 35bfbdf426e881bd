"""The deployed table and buckets have the shape that the services rely on."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from boto3.dynamodb.conditions import Key
from botocore.exceptions import ClientError

Exports = dict[str, str]
Role = Callable[..., boto3.Session]


def keys(schema: list[dict[str, str]]) -> tuple[str, ...]:
    kinds = {part["KeyType"]: part["AttributeName"] for part in schema}
    return kinds["HASH"], kinds["RANGE"]


@pytest.fixture
def table(exports: Exports) -> Any:
    return boto3.resource("dynamodb").Table(exports["data-WorkoutsTableName"])


@pytest.fixture
def three(table: Any) -> Iterator[str]:
    """Three items, in every index under one key of their own, written out of order; returns that key."""
    mine = secrets.token_hex(6)
    items = [
        {
            "pk": f"TEST#{mine}",
            "sk": f"ITEM#{second}",
            "GSI1PK": mine,
            "GSI1SK": second,
            "GSI2PK": mine,
            "GSI2SK": second,
            "typeShard": mine,
            "startedAt": second,
            "notes": "projected",
        }
        for second in ("2", "1", "3")
    ]
    with table.batch_writer() as batch:
        for item in items:
            batch.put_item(Item=item)
    yield mine
    with table.batch_writer() as batch:
        for item in items:
            batch.delete_item(Key={"pk": item["pk"], "sk": item["sk"]})


def test_the_table_and_its_indexes_have_the_documented_keys(table: Any) -> None:
    assert keys(table.key_schema) == ("pk", "sk")
    assert {index["IndexName"]: keys(index["KeySchema"]) for index in table.global_secondary_indexes} == {
        "GSI1": ("GSI1PK", "GSI1SK"),
        "GSI2": ("GSI2PK", "GSI2SK"),
        "WorkoutTypeIndex": ("typeShard", "startedAt"),
    }


@pytest.mark.parametrize(
    ("index", "key"), [("GSI1", "GSI1PK"), ("GSI2", "GSI2PK"), ("WorkoutTypeIndex", "typeShard")]
)
def test_an_index_gives_whole_items_newest_first(table: Any, three: str, index: str, key: str) -> None:
    found = table.query(IndexName=index, KeyConditionExpression=Key(key).eq(three), ScanIndexForward=False)
    assert [item["sk"] for item in found["Items"]] == ["ITEM#3", "ITEM#2", "ITEM#1"]
    assert all(item["notes"] == "projected" for item in found["Items"])


def test_the_exported_stream_is_the_tables_and_carries_both_images(table: Any, exports: Exports) -> None:
    assert table.latest_stream_arn == exports["data-WorkoutsTableStreamArn"]
    assert table.stream_specification == {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}


@pytest.mark.parametrize("bucket", ["Uploads", "Media"])
def test_a_bucket_is_versioned_private_and_tells_the_default_bus(exports: Exports, bucket: str) -> None:
    s3, name = boto3.client("s3"), exports[f"data-{bucket}BucketName"]
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    assert all(s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"].values())
    assert "EventBridgeConfiguration" in s3.get_bucket_notification_configuration(Bucket=name)


@pytest.mark.parametrize("bucket", ["Uploads", "Media"])
def test_a_role_that_was_granted_a_bucket_still_puts_nothing_into_it(
    exports: Exports, role: Role, bucket: str
) -> None:
    """Unless it is the signer of forms or a trusted writer; e2e/security shows that a form works."""
    name, arn = exports[f"data-{bucket}BucketName"], exports[f"data-{bucket}BucketArn"]
    s3 = role(["s3:PutObject", "s3:GetObject", "s3:ListBucket"], [arn, f"{arn}/*"]).client("s3")
    s3.list_objects_v2(Bucket=name, MaxKeys=1)
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.put_object(Bucket=name, Key="uploads/somebody/x.csv", Body=b"x")
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.create_multipart_upload(Bucket=name, Key="photos/somebody/x.jpg")


def test_a_role_reaches_in_a_bucket_what_it_was_granted_and_no_more(exports: Exports, role: Role) -> None:
    name, key = exports["data-UploadsBucketName"], f"uploads/{secrets.token_hex(6)}/test.csv"
    boto3.client("s3").put_object(Bucket=name, Key=key, Body=b"x")  # stays: an import would miss what is gone
    s3 = role(["s3:GetObject"], [f"{exports['data-UploadsBucketArn']}/uploads/*"]).client("s3")
    assert s3.get_object(Bucket=name, Key=key)["Body"].read() == b"x"
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.get_object(Bucket=name, Key="elsewhere")
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_object(Bucket=name, Key=key)
