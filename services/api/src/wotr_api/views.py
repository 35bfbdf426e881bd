"""The table `Views` as this service sees it: it reads totals and newest sessions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from wotr_common import keys

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table


class Views:
    """Reads read models from the table `Views`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def totals(self, user_id: str) -> Iterable[Mapping[str, Any]]:
        """The user's totals as items, last sort key first: weeks (newest first), types, everything."""
        query: dict[str, Any] = {
            "KeyConditionExpression": "#pk = :pk AND begins_with(#sk, :totals)",
            "ExpressionAttributeNames": {"#pk": keys.PK, "#sk": keys.SK},
            "ExpressionAttributeValues": {":pk": keys.user_pk(user_id), ":totals": keys.total_prefix()},
            "ScanIndexForward": False,
        }
        while True:
            page = self._table.query(**query)
            yield from page["Items"]
            if "LastEvaluatedKey" not in page:
                return
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def recent_sessions(self, user_id: str) -> Mapping[str, Any] | None:
        """The view of the user's newest sessions, None where they never had one."""
        key = keys.recent_sessions_key(user_id)
        return self._table.get_item(Key={keys.PK: key["pk"], keys.SK: key["sk"]}).get("Item")
