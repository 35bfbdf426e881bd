"""Items of a table whose time to live is over, and which DynamoDB has not deleted yet.

It deletes them within days, for nothing, so it gets a day of grace: what is still there then costs one
write each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from wotr_analytics.cleaning.overdue import GRACE
from wotr_analytics.cleaning.tally import Tally
from wotr_common import keys
from wotr_common.observability import logger

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Raw = dict[str, Any]  # attribute values as DynamoDB writes them


class Items:
    """The items of `table`, whose primary key consists of the attributes `key`."""

    def __init__(self, dynamodb: DynamoDBClient, table: str, key: Sequence[str]) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._key = key

    def clean(self, now: datetime, in_time: Callable[[], bool], *, dry: bool) -> Tally:
        """Delete what is overdue, for as long as there is time; with `dry` only count it."""
        tally = Tally()
        overdue: Raw = {":overdue": {"N": str(int((now - GRACE).timestamp()))}}
        pages = self._dynamodb.get_paginator("scan").paginate(
            TableName=self._table,
            FilterExpression="#ttl <= :overdue",
            ProjectionExpression=", ".join(f"#k{number}" for number in range(len(self._key))),
            ExpressionAttributeNames={"#ttl": keys.TTL}
            | {f"#k{number}": name for number, name in enumerate(self._key)},
            ExpressionAttributeValues=overdue,
        )
        for item in (each for page in pages for each in page["Items"]):
            if not in_time():
                tally.finished = False
                break
            tally.found += 1
            if not dry:
                self._delete(item, overdue, tally)
        return tally

    def _delete(self, key: Raw, overdue: Raw, tally: Tally) -> None:
        try:
            self._dynamodb.delete_item(
                TableName=self._table,
                Key=key,
                ConditionExpression="#ttl <= :overdue",  # it may have been written anew since it was read
                ExpressionAttributeNames={"#ttl": keys.TTL},
                ExpressionAttributeValues=overdue,
            )
        except self._dynamodb.exceptions.ConditionalCheckFailedException:
            return
        except ClientError as error:
            tally.failed += 1
            logger.warning("an expired item could not be deleted", table=self._table, exc_info=error)
        else:
            tally.removed += 1
