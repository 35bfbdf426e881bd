"""Commands on what athletes say of themselves."""

from __future__ import annotations

from typing import Any

from wotr_common import keys
from wotr_common.changes import Profile, ProfileFields
from wotr_common.messages import Command, Outcome
from wotr_common.problems import FieldError, invalid
from wotr_common.versions import first_version, next_version
from wotr_workers.commands.decision import Decision, Desk, said
from wotr_workers.store import Put
from wotr_workers.workouts import CORRELATION_ID


def change(desk: Desk, command: Command) -> Decision:
    """`profile.change`: 200 with the profile; what the change does not name stays, null removes."""
    asked = said(ProfileFields, command.arguments.get("profile"))
    key = keys.profile_key(command.user_id)
    stored = desk.stored(key)
    before = Profile.model_validate(stored) if stored else None
    after = ProfileFields.model_validate(
        {**_said(before), **{name: getattr(asked, name) for name in asked.model_fields_set}}
    )
    _plausible(after)
    now = desk.clock()
    if before is None:
        new = Profile(**_said(after), version=first_version(now))
    elif _said(after) == _said(before):
        return Decision(Outcome(status=200, body=_body(before)))
    else:
        new = Profile(**_said(after), version=next_version(before.version, now))
    item = {**new.model_dump(by_alias=True, exclude_none=True), **key, CORRELATION_ID: command.correlation_id}
    return Decision(
        Outcome(status=200, body=_body(new)),
        (Put({**item, "userId": command.user_id}, stored),),
    )


def _said(profile: ProfileFields | None) -> dict[str, Any]:
    return {name: getattr(profile, name, None) for name in ProfileFields.model_fields}


def _body(profile: Profile) -> dict[str, Any]:
    return profile.model_dump(mode="json", by_alias=True, exclude_none=True)


def _plausible(profile: ProfileFields) -> None:
    rest, highest = profile.resting_heart_rate, profile.max_heart_rate
    if rest is not None and highest is not None and rest >= highest:
        raise invalid([FieldError("/maxHeartRate", f"must be above the resting heart rate, {rest}")])
