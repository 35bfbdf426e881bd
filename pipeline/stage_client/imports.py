"""An athlete's import as the API offers it: asked for, uploaded to a presigned form, followed to its end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from urllib3 import encode_multipart_formdata

from stage_client.answers import Answer, StageError, send

if TYPE_CHECKING:
    from stage_client.stage import Athlete

ENDED = frozenset({"done", "refused", "undone"})
_LOOK_EVERY_S = 0.1


class Import:
    """One import of `athlete`."""

    def __init__(self, athlete: Athlete, import_id: str) -> None:
        self._athlete = athlete
        self.import_id = import_id
        self.path = f"/me/imports/{import_id}"

    def state(self) -> dict[str, Any]:
        """What the API says of it now; StageError where it knows nothing of it."""
        found: dict[str, Any] = _expected(self._athlete.call("GET", self.path), 200)
        return found

    def ended(
        self, patience_s: float = 600, seen: Callable[[dict[str, Any]], None] | None = None
    ) -> dict[str, Any]:
        """What the API says once it has ended; `seen` hears each state on the way."""
        end = time.monotonic() + patience_s
        while (state := self.state())["state"] not in ENDED:
            if seen is not None:
                seen(state)
            if time.monotonic() > end:
                raise StageError(
                    f"import {self.import_id} is still {state['state']} after {patience_s:.0f} s"
                )
            time.sleep(_LOOK_EVERY_S)
        return state

    def rows_set_aside(self) -> Iterator[dict[str, Any]]:
        """Every row that was set aside, page by page: line, field, reason."""
        token = ""
        while True:
            page = _expected(self._athlete.call("GET", f"{self.path}/rows?limit=100{token}"), 200)
            yield from page["rows"]
            if "nextToken" not in page:
                return
            token = f"&nextToken={page['nextToken']}"

    def take_back(self) -> None:
        """Ask for it to be undone."""
        _expected(self._athlete.call("DELETE", self.path), 202)


def begin(athlete: Athlete, content: bytes, settings: Mapping[str, str], content_type: str) -> Import:
    """Ask for an import with `settings` (weightUnit, distanceUnit, timezone) and upload `content` to it."""
    said = {**settings, **({} if content_type.startswith("text/") else {"contentType": content_type})}
    asked = _expected(athlete.call("POST", "/me/imports", said), 201)
    upload(asked["upload"], content, content_type)
    return Import(athlete, asked["importId"])


def upload(form: Mapping[str, Any], content: bytes, content_type: str) -> None:
    """Post `content` to a presigned form as a browser would; StageError says what the bucket answered."""
    fields: dict[str, Any] = {**form["fields"]}
    if "Content-Type" in fields or "content-type" not in {name.lower() for name in fields}:
        fields["Content-Type"] = fields.get("Content-Type") or content_type
    fields["file"] = ("upload", content, content_type)
    body, kind = encode_multipart_formdata(fields)
    answer = send("POST", form["url"], body, {"content-type": kind})
    if answer.status not in {200, 201, 204}:
        raise StageError(f"the upload was refused with {answer.status}: {answer.text}")


def _expected(answer: Answer, status: int) -> Any:
    if answer.status != status:
        raise StageError(f"expected {status}, got {answer.status}: {answer.text}")
    return answer.json()
