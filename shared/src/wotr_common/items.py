"""A workout as an item of the table `Workouts`: what workers write and api reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wotr_common import keys
from wotr_common.workout import Workout, content_hash

_KEY_ATTRIBUTES = {
    keys.PK,
    keys.SK,
    keys.TIME_INDEX_PK,
    keys.TIME_INDEX_SK,
    keys.TYPE_INDEX_PK,
    "contentHash",
}


def workout_item(workout: Workout, shards: int) -> dict[str, Any]:
    """The item to put: numbers as Decimal, absent fields left out, index keys for `shards` shards."""
    shard = keys.shard_of(workout.user_id, shards)
    fields = workout.model_dump(by_alias=True, exclude_none=True)
    fields["warnings"] = list(workout.warnings)
    return {
        **fields,
        **keys.workout_key(workout.user_id, workout.started_at),
        keys.TIME_INDEX_PK: keys.time_index_pk(workout.started_at, shard),
        keys.TIME_INDEX_SK: fields["startedAt"],
        keys.TYPE_INDEX_PK: keys.type_index_pk(workout.type, shard),
        "contentHash": content_hash(workout),
    }


def workout_from_item(item: Mapping[str, Any]) -> Workout:
    """The workout in an item (numbers as Decimal); attributes that later versions add are ignored."""
    return Workout.model_validate(
        {name: value for name, value in item.items() if name not in _KEY_ATTRIBUTES}
    )
