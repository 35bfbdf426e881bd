"""Changing what the athlete says of themselves."""

from __future__ import annotations

from aws_lambda_powertools.event_handler.api_gateway import Response

from wotr_api import door, headers, profile
from wotr_api.changing.call import Call, named
from wotr_common.changes import ProfileFields

router = door.router()


@router.patch("/me/profile")
def patch_my_profile() -> Response[str]:
    """Change the profile; null takes something back."""
    call = Call.of(router)
    shown = profile.view(call.ask("profile.change", {"profile": named(call.body(ProfileFields))}))
    return door.answer(200, shown, headers.etag(shown.get("version")))
