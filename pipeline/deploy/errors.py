"""The one family of errors a person is meant to read."""

from __future__ import annotations


class DeployError(Exception):
    """Something the caller can put right; the text says what is wrong, where, and what to do."""
