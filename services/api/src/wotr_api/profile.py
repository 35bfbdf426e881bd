"""What an athlete says of themselves, as it is answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ConfigDict

from wotr_common.changes import ProfileFields
from wotr_common.workout import Version


class ProfileView(ProfileFields):
    """What you have said of yourself; nothing is there until you say it."""

    model_config = ConfigDict(extra="ignore")

    version: Version | None = None


def view(said: Mapping[str, Any] | None) -> dict[str, Any]:
    """The answer for a profile as it is stored or told; None: nothing was said yet."""
    return ProfileView.model_validate(said or {}).model_dump(mode="json", by_alias=True, exclude_none=True)
