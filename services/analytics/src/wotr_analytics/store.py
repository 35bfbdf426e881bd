"""The table `Views` as the projector sees it: markers of what was counted, and totals."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import BotoCoreError, ClientError

from wotr_analytics.totals import Amounts, Change, Contribution, Counted, Step, Subject, WorkoutRef
from wotr_common import keys

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

READ_ITEMS = 100  # the most that DynamoDB takes in one BatchGetItem
_INVALID = {"ValidationException", "ValidationError", "ItemCollectionSizeLimitExceeded"}

_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize


class NotApplied(Exception):
    """A change was not written, or nobody knows whether it was: read the markers again, then try again."""


class Refused(Exception):
    """DynamoDB will never take this change."""


class Views:
    """Markers and totals of all users."""

    def __init__(self, dynamodb: DynamoDBClient, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def markers(self, refs: Collection[WorkoutRef]) -> dict[WorkoutRef, Counted | None]:
        """The marker of each workout, None where it was never counted; what could not be read is missing."""
        ordered = list(refs)
        found: dict[WorkoutRef, Counted | None] = {}
        for start in range(0, len(ordered), READ_ITEMS):
            found |= self._read(ordered[start : start + READ_ITEMS])
        return found

    def apply(self, change: Change) -> None:
        """Write a change's markers and totals together, or nothing of it.

        Raises NotApplied where a marker is no longer what the change was made from or DynamoDB was too busy,
        Refused where it will never do.
        """
        pk = keys.user_pk(change.user_id)
        items = [_put_marker(self._table, change.user_id, step) for step in change.steps]
        items += [
            _add_to_total(self._table, change.user_id, subject, amounts)
            for subject, amounts in change.deltas.items()
        ]
        try:
            self._dynamodb.transact_write_items(TransactItems=items)
        except ClientError as error:
            codes = {error.response["Error"]["Code"]} | {
                reason.get("Code", "None") for reason in error.response.get("CancellationReasons", [])
            }
            if codes & _INVALID:
                raise Refused(f"DynamoDB refuses it: {error.response['Error']['Message']}") from error
            raise NotApplied(f"{pk}: {', '.join(sorted(codes - {'None'}))}") from error
        except BotoCoreError as error:
            raise NotApplied(f"{pk}: {error}") from error

    def _read(self, refs: list[WorkoutRef]) -> dict[WorkoutRef, Counted | None]:
        wanted = {(key["pk"], key["sk"]): ref for ref in refs for key in [keys.counted_key(*ref)]}
        answer = self._dynamodb.batch_get_item(
            RequestItems={
                self._table: {
                    "Keys": [{keys.PK: {"S": pk}, keys.SK: {"S": sk}} for pk, sk in wanted],
                    "ConsistentRead": True,  # an older marker would only make the transaction fail
                }
            }
        )
        unread = {
            (key[keys.PK]["S"], key[keys.SK]["S"])
            for key in answer["UnprocessedKeys"].get(self._table, {"Keys": []})["Keys"]
        }
        found: dict[WorkoutRef, Counted | None] = {
            ref: None for key, ref in wanted.items() if key not in unread
        }
        for raw in answer["Responses"].get(self._table, []):
            item = {name: _deserialize(value) for name, value in raw.items()}
            found[wanted[item[keys.PK], item[keys.SK]]] = _counted(item)
        return found


def _counted(marker: Mapping[str, Any]) -> Counted:
    if "type" not in marker:
        return Counted(int(marker["version"]), None)
    amounts = Amounts(1, marker["minutes"], marker["calories"], marker["distanceM"])
    return Counted(int(marker["version"]), Contribution(marker["type"], marker["week"], amounts))


def _put_marker(table: str, user_id: str, step: Step) -> TransactWriteItemTypeDef:
    item: dict[str, Any] = {**keys.counted_key(user_id, step.workout_id), "version": step.after.version}
    counted = step.after.contribution
    if counted:
        item |= {
            "type": counted.type,
            "week": counted.week,
            "minutes": counted.amounts.minutes,
            "calories": counted.amounts.calories,
            "distanceM": counted.amounts.distance_m,
        }
    # Only on top of the very version that the difference was taken from.
    if step.before is None:
        return {
            "Put": {"TableName": table, "Item": _raw(item), "ConditionExpression": "attribute_not_exists(pk)"}
        }
    return {
        "Put": {
            "TableName": table,
            "Item": _raw(item),
            "ConditionExpression": "#version = :read",
            "ExpressionAttributeNames": {"#version": "version"},
            "ExpressionAttributeValues": _raw({":read": step.before.version}),
        }
    }


def _add_to_total(table: str, user_id: str, subject: Subject, amounts: Amounts) -> TransactWriteItemTypeDef:
    return {
        "Update": {
            "TableName": table,
            "Key": _raw(keys.total_key(user_id, *subject)),
            "UpdateExpression": "SET userId = :user ADD workouts :workouts, #minutes :minutes, "
            "calories :calories, distanceM :distance",
            "ExpressionAttributeNames": {"#minutes": "minutes"},
            "ExpressionAttributeValues": _raw(
                {
                    ":user": user_id,
                    ":workouts": amounts.workouts,
                    ":minutes": amounts.minutes,
                    ":calories": amounts.calories,
                    ":distance": amounts.distance_m,
                }
            ),
        }
    }


def _raw(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _serialize(value) for name, value in item.items()}
