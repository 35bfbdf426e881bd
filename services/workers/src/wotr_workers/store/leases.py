"""The lease that lets one import or undo of an athlete run at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from wotr_common import keys
from wotr_workers.store.items import raw

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class Leases:
    """Leases of all users.

    A lease ends by itself at `until`: the deadline of the invocation that took it, or minutes after a
    container renewed it last. Who was killed holds nobody up for longer.
    """

    def __init__(self, dynamodb: DynamoDBClient, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def take(self, user_id: str, import_id: str, holder: str, now: float, until: float) -> bool:
        """Take the lease for `holder`, unique to one try, until then (Unix times); False if it is taken.

        Its holder takes it again to hold it longer.
        """
        lease = {"importId": import_id, "holder": holder, "until": int(until) + 1}
        return self._done(
            "put_item",
            Item=raw({**keys.lease_key(user_id), **lease}),
            ConditionExpression=f"attribute_not_exists({keys.PK}) OR #until < :now OR holder = :holder",
            ExpressionAttributeNames={"#until": "until"},
            ExpressionAttributeValues=raw({":now": int(now), ":holder": holder}),
        )

    def give_back(self, user_id: str, holder: str) -> None:
        """End the lease of `holder`, if it still is theirs."""
        self._done(
            "delete_item",
            Key=raw(keys.lease_key(user_id)),
            ConditionExpression="holder = :holder",
            ExpressionAttributeValues=raw({":holder": holder}),
        )

    def _done(self, call: str, **arguments: object) -> bool:
        try:
            getattr(self._dynamodb, call)(TableName=self._table, **arguments)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return False
        return True
