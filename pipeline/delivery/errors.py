"""What an operator is told instead of a traceback."""

from __future__ import annotations


class DeliveryError(Exception):
    """It cannot be done as asked; the text says why, and what to do where that is known."""
