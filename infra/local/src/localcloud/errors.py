"""The one error of this package."""

from __future__ import annotations


class LocalCloudError(Exception):
    """The local cloud cannot do what was asked; the message says why and what to do about it."""
