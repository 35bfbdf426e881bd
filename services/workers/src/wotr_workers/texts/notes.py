"""What athletes wrote themselves, as it is kept."""

from __future__ import annotations

import re

from wotr_common.workout import NOTES_MAX

_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def printable(text: str) -> str:
    """`text` without control characters, which carry nothing, and without space around it."""
    text = text.strip()
    return text if text.isprintable() else _UNPRINTABLE.sub("", text).strip()


def notes(title: str, description: str = "") -> tuple[str | None, tuple[str, ...]]:
    """Both as the notes of a workout, None where there is nothing; and a warning where they had to be cut."""
    title, description = printable(title), printable(description)
    text = f"{title}\n\n{description}" if title and description else title or description
    if len(text) <= NOTES_MAX:
        return text or None, ()
    return text[: NOTES_MAX - 1] + "…", (f"notes: cut to {NOTES_MAX} characters",)
