"""Ids in paths: what cannot be one names nothing, and is answered 404 like what is not there."""

from __future__ import annotations

import re
from datetime import datetime

from wotr_common import keys
from wotr_common.problems import Problem
from wotr_common.workout import IMPORT_ID_PATTERN


def workout_start(workout_id: str) -> datetime:
    """The start that `workout_id` names; Problem 404 where it is no id."""
    try:
        return keys.started_at(workout_id)
    except ValueError:
        raise Problem(404, "there is no such workout: an id looks like 20221006T231920000Z") from None


def session_key(user_id: str, session_id: str) -> keys.Key:
    """The key of one of the user's sessions; Problem 404 where `session_id` is no id."""
    try:
        return keys.session_key(user_id, session_id)
    except ValueError:
        raise Problem(404, "there is no such session: an id looks like 20260301T173000-1a2b3c4d5e") from None


def import_key(user_id: str, import_id: str) -> keys.Key:
    """The key of one of the user's imports; Problem 404 where `import_id` is no id."""
    if not re.fullmatch(IMPORT_ID_PATTERN, import_id):
        raise Problem(404, "there is no such import: an id is 1 to 64 of A-Z a-z 0-9 _ -")
    return keys.import_key(user_id, import_id)
