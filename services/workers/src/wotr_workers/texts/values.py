"""Numbers in texts, and texts in messages."""

from __future__ import annotations

import re
from decimal import Decimal

_NUMBER = re.compile(r"[+-]?(\d{1,15}(\.\d{0,20})?|\.\d{1,20})", re.ASCII)
_LONGEST = 300


class BadText(Exception):
    """A field's text does not say what it should; the message says why."""


def number(text: str) -> Decimal | None:
    """The plain decimal number in `text`, None where it is blank; BadText where it is something else."""
    text = text.strip()
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        raise BadText(f"must be a number such as 45.5, not {shown(text)}")
    return Decimal(text)


def shown(text: str) -> str:
    """`text` as a message can hold it: quoted, short, printable."""
    return repr(text if len(text) <= 40 else text[:40] + "…")


def short(reason: str) -> str:
    """`reason` cut to what an import keeps of it."""
    return reason if len(reason) <= _LONGEST else reason[: _LONGEST - 1] + "…"
