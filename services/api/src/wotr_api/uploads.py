"""What athletes may upload, and as what: exports to import, photos of workouts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from pydantic import ConfigDict, Field

from wotr_common.problems import FieldError, invalid
from wotr_common.workout import Instant, Record

EXPORT_BYTES = 200 * 1024 * 1024
PHOTO_BYTES = 10 * 1024 * 1024
_PHOTO = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*", re.ASCII)


class UploadForm(Record):
    """A form to post as multipart/form-data: `fields` first and as they are, the `file` last."""

    url: str
    fields: dict[str, str]
    expires_at: Instant


class NewPhoto(Record):
    """A photo to upload."""

    model_config = ConfigDict(extra="forbid")

    content_type: Literal["image/jpeg", "image/png", "image/webp", "image/heic"]


class PhotoUpload(UploadForm):
    """Where to upload a photo, up to 10 MiB within 15 minutes; then say `photoKey` of a workout."""

    photo_key: str = Field(description="for a workout's photoKey")


@dataclass(frozen=True, slots=True)
class Wanted:
    """One object that somebody may put: where, of which type, of 1 to `most_bytes` bytes.

    `content_type` is the form's own; where there is `content_type_begins`, another that begins so will do.
    """

    key: str
    content_type: str
    most_bytes: int
    content_type_begins: str | None = None


def export(user_id: str, import_id: str, content_type: str) -> Wanted:
    """The object that an import reads."""
    if content_type == "application/json":
        return Wanted(f"uploads/{user_id}/{import_id}.json", content_type, EXPORT_BYTES)
    # Programs call the same table text/csv, text/plain or text/comma-separated-values.
    return Wanted(f"uploads/{user_id}/{import_id}.csv", content_type, EXPORT_BYTES, "text/")


def photo(photo_key: str, content_type: str) -> Wanted:
    """The object of a photo."""
    return Wanted(photo_key, content_type, PHOTO_BYTES)


def photo_key(user_id: str, name: str) -> str:
    """The key of one of the user's photos."""
    return f"photos/{user_id}/{name}"


def check_photo(key: str | None, user_id: str) -> None:
    """Problem 422 where `key` is not that of a photo of the user's own."""
    if key is None:
        return
    name = key.removeprefix(photo_key(user_id, ""))
    if name == key or not _PHOTO.fullmatch(name):
        raise invalid([FieldError("/photoKey", "must be a key that POST /me/uploads gave you")])
