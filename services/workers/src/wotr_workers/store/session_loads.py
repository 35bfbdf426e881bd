"""What the session workflow made of sessions: one item each, of the version it was made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from wotr_common import keys
from wotr_workers.store.items import raw

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import ConditionCheckTypeDef, PutTypeDef

_FAILED = "ConditionalCheckFailed"


class SessionLoads:
    """Loads of everybody's sessions. botocore's errors."""

    def __init__(self, dynamodb: DynamoDBClient, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def put(self, user_id: str, session_id: str, version: int, load: Mapping[str, Any]) -> bool:
        """Store the `load` that was made of a session's `version`; False where that is not what it is now.

        One that is there in the same version stays: it is the same.
        """
        key = keys.session_load_key(user_id, session_id)
        item = {**key, "sessionId": session_id, "version": version, **load}
        check: ConditionCheckTypeDef = {
            "TableName": self._table,
            "Key": raw(keys.session_key(user_id, session_id)),
            "ConditionExpression": "#version = :version AND #state = :completed",
            "ExpressionAttributeNames": {"#version": "version", "#state": "state"},
            "ExpressionAttributeValues": raw({":version": version, ":completed": "completed"}),
        }
        put: PutTypeDef = {
            "TableName": self._table,
            "Item": raw(item),
            "ConditionExpression": f"attribute_not_exists({keys.PK}) OR #version < :version",
            "ExpressionAttributeNames": {"#version": "version"},
            "ExpressionAttributeValues": raw({":version": version}),
        }
        try:
            self._dynamodb.transact_write_items(TransactItems=[{"ConditionCheck": check}, {"Put": put}])
        except ClientError as error:
            session, stored = _reasons(error)
            if session == _FAILED:
                return False
            if stored != _FAILED:
                raise
        return True


def _reasons(error: ClientError) -> tuple[str | None, str | None]:
    """Why each of the two was refused, None where the transaction failed as a whole."""
    answer: Mapping[str, Any] = error.response
    reasons: Sequence[Mapping[str, Any]] = answer.get("CancellationReasons") or ({}, {})
    return reasons[0].get("Code"), reasons[1].get("Code")
