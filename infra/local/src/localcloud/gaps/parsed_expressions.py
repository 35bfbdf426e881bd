"""An expression is parsed once, however many items it is held against.

AWS: a query costs what it reads.
MiniStack: parses and checks the query's expression again for each item of the partition, which is most of
what a query costs: half a second for a history of a few thousand items.
Bridge: what parsing and checking found is remembered by the expression's text.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from ministack.services import dynamodb

from localcloud.gaps import Settings

TOUCHES = (
    "ministack.services.dynamodb:_tokenize",
    "ministack.services.dynamodb:_condition_syntax_error",
)
_REMEMBERED = 1024  # expressions; a platform has some dozens


def apply(_settings: Settings) -> None:
    """Remember tokens and faults of expressions."""
    tokens = lru_cache(_REMEMBERED)(dynamodb._tokenize)

    def tokenize(expr: str) -> list[Any]:
        return list(tokens(expr))  # a list of its own for each caller

    dynamodb._tokenize = tokenize
    dynamodb._condition_syntax_error = lru_cache(_REMEMBERED)(dynamodb._condition_syntax_error)
