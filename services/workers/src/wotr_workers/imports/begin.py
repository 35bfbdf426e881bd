"""How an import begins, goes on or is over already: from the state that it is in, and the upload at hand."""

from __future__ import annotations

from wotr_common import keys
from wotr_common.workout import time_text
from wotr_workers.imports.lease import BUSY_S, Later
from wotr_workers.store import Imports, Item
from wotr_workers.store.imports import RUNNING
from wotr_workers.uploads import Upload
from wotr_workers.workouts import COMMAND_IDS, CORRELATION_ID

# What is known of an import before its file is: everything else is of an upload, and goes with it.
_OF_REQUEST = (
    "userId",
    "importId",
    "requestedAt",
    "weightUnit",
    "distanceUnit",
    "timezone",
    CORRELATION_ID,
    COMMAND_IDS,
)


def begun(imports: Imports, upload: Upload) -> tuple[Item | None, Item | None]:
    """The state of the import as it runs now, or as it ended before; neither where it was taken back.

    Later where it is being taken back, and this is another upload of it.
    """
    while True:
        found = imports.get(upload.user_id, upload.import_id)
        if found is None:
            running = _running(upload, {})
            if imports.add(running) is None:
                return running, None
            continue
        same = found.get("uploadVersion") == upload.version
        match found["state"]:
            case "running" if same:
                return found, None
            case "undoing" | "undone" if same or "uploadVersion" not in found:
                return None, None  # taken back, perhaps before the file was there
            case "undoing":
                raise Later("the import is being taken back, its new upload comes after", BUSY_S)
            case "done" | "refused" if same:
                return None, found
        running = _running(upload, found)
        if imports.replace(found, running) is None:
            return running, None


def _running(upload: Upload, found: Item) -> Item:
    return {
        **{name: found[name] for name in _OF_REQUEST if name in found},
        **keys.import_key(upload.user_id, upload.import_id),
        "userId": upload.user_id,
        "importId": upload.import_id,
        "uploadVersion": upload.version,
        "uploadedAt": time_text(upload.at),
        "state": RUNNING,
        "told": False,
    }
