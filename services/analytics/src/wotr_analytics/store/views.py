"""The table `Views` as analytics writes it: totals with their markers, and beside them newest sessions."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from wotr_analytics.store.recent_sessions import RecentSessions
from wotr_analytics.store.table import Item, Table
from wotr_analytics.totals import Amounts, Change, Contribution, Counted, Subject, WorkoutRef
from wotr_common import keys

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class Views:
    """Markers and totals of all users; `recent` holds their newest sessions."""

    def __init__(self, dynamodb: DynamoDBClient, table: str) -> None:
        self.table = Table(dynamodb, table)
        self.recent = RecentSessions(self.table)

    def markers(self, refs: Collection[WorkoutRef]) -> dict[WorkoutRef, Counted | None]:
        """The marker of each workout, None where it was never counted; what could not be read is missing."""
        wanted = {(key["pk"], key["sk"]): ref for ref in refs for key in [keys.counted_key(*ref)]}
        found = self.table.batch(keys.counted_key(*ref) for ref in refs)
        return {wanted[place]: _counted(item) if item else None for place, item in found.items()}

    def all_markers(self, user_id: str) -> dict[str, Counted]:
        """Every marker of the user by workout id."""
        found = self.table.items(keys.user_pk(user_id), keys.counted_prefix())
        return {item[keys.SK].removeprefix(keys.counted_prefix()): _counted(item) for item in found}

    def apply(self, change: Change) -> None:
        """Write a change's markers and totals together, or nothing of it.

        Raises NotApplied where a marker is no longer what the change was made from or DynamoDB was too busy,
        Refused where it will never do.
        """
        # Only on top of the very marker that the difference was taken from.
        writes = [
            self.table.put(
                _marker(change.user_id, step.workout_id, step.after),
                _marker(change.user_id, step.workout_id, step.before) if step.before else None,
            )
            for step in change.steps
        ]
        writes += [
            self.table.add(
                keys.total_key(change.user_id, *subject), _numbers(amounts), {"userId": change.user_id}
            )
            for subject, amounts in change.deltas.items()
        ]
        self.table.write(writes)

    def totals(self, user_id: str) -> dict[Subject, Item]:
        """The user's totals as they lie there."""
        found = self.table.items(keys.user_pk(user_id), keys.total_prefix())
        return {Subject(*keys.total_subject(item[keys.SK])): item for item in found}

    def correct_total(self, user_id: str, subject: Subject, wanted: Amounts, read: Item | None) -> bool:
        """Make a total what it must be, on top of what was `read`; whether that was another.

        One that nothing adds to may be zero or missing. Raises NotApplied where it is not what was read.
        """
        if wanted == Amounts():
            if read is None or not any(read.get(name) for name in _numbers(wanted)):
                return False
            self.table.write([self.table.delete(read)])
            return True
        item = {**keys.total_key(user_id, *subject), "userId": user_id, **_numbers(wanted)}
        if item == read:
            return False
        self.table.write([self.table.put(item, read)])
        return True


def _counted(marker: Mapping[str, Any]) -> Counted:
    if "type" not in marker:
        return Counted(int(marker["version"]), None)
    amounts = Amounts(1, marker["minutes"], marker["calories"], marker["distanceM"])
    return Counted(int(marker["version"]), Contribution(marker["type"], marker["week"], amounts))


def _marker(user_id: str, workout_id: str, said: Counted) -> Item:
    item: Item = {**keys.counted_key(user_id, workout_id), "version": said.version}
    if said.contribution is None:
        return item
    numbers: dict[str, Decimal | int] = _numbers(said.contribution.amounts)
    del numbers["workouts"]  # a workout is one
    return {**item, "type": said.contribution.type, "week": said.contribution.week, **numbers}


def _numbers(amounts: Amounts) -> dict[str, Decimal | int]:
    return {
        "workouts": amounts.workouts,
        "minutes": amounts.minutes,
        "calories": amounts.calories,
        "distanceM": amounts.distance_m,
    }
