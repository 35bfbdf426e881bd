"""Uploading photos of workouts."""

from __future__ import annotations

import secrets

from aws_lambda_powertools.event_handler.api_gateway import Response

from wotr_api import door, uploads
from wotr_api.changing.call import Call, named, photo_forms

router = door.router()


@router.post("/me/uploads")
def post_my_upload() -> Response[str]:
    """A place for a photo; its form is signed anew each time, because it does not last."""
    call = Call.of(router)
    said = call.body(uploads.NewPhoto)
    name = call.once({"upload": named(said)}, lambda: {"name": secrets.token_hex(16)})["name"]
    key = uploads.photo_key(call.athlete, name)
    form = photo_forms().sign(uploads.photo(key, said.content_type))
    return door.answer(201, {"photoKey": key, **form.model_dump(mode="json", by_alias=True)})
