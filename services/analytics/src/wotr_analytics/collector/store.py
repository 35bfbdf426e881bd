"""The table `Requests`: one item a request, for as long as requests are kept."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeSerializer
from botocore.exceptions import BotoCoreError, ClientError

from wotr_analytics.collector.request import Request

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

REQUEST_ID = "requestId"
RECEIVED_AT = "receivedAt"
DAY = "day"
BY_DAY = "ByDay"

_serialize = TypeSerializer().serialize


class NotRecorded(Exception):
    """The table did not take a request, or nobody knows whether it did."""


class Requests:
    """What was recorded, written once and never changed."""

    def __init__(self, dynamodb: DynamoDBClient, table: str, keep: timedelta) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._keep = keep

    def record(self, request: Request) -> bool:
        """Write `request`; False where it is there already. NotRecorded where it may not be."""
        try:
            self._dynamodb.put_item(
                TableName=self._table,
                Item={name: _serialize(value) for name, value in self._item(request).items()},
                ConditionExpression="attribute_not_exists(requestId)",
            )
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == "ConditionalCheckFailedException":
                return False
            raise NotRecorded from error
        except BotoCoreError as error:
            raise NotRecorded from error
        return True

    def _item(self, request: Request) -> dict[str, Any]:
        expires = int(request.received_at.timestamp() + self._keep.total_seconds())
        item = {
            REQUEST_ID: request.request_id,
            RECEIVED_AT: request.received,
            DAY: request.received[:10],
            "source": request.source,
            "method": request.method,
            "path": request.path,
            "query": request.query,
            "headers": dict(request.headers),
            "body": request.body,
            "bodyBytes": request.body_bytes,
            "bodySha256": request.body_sha256,
            "bodyOmitted": request.omitted and str(request.omitted),
            "shortened": list(request.shortened),
            "expiresAt": expires,
        }
        # What a request does not have is left out; an empty path or a size of 0 is something that it has.
        return {name: value for name, value in item.items() if value not in (None, "", [], {})}
