"""What a route is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel

Auth = Literal["sigv4", "cognito", "open"]


@dataclass(frozen=True)
class Route:
    """One method of one path. `problems` are what the function itself answers, beside 500 and 503.

    `answer` is None where there is no body; `place` says what `Location` leads to. A route that answers a
    file names the types that it may have as `files`; `answer` is then what says where a large one is, by 303.
    """

    method: Literal["get", "post", "patch", "delete"]
    path: str
    auth: Auth
    function: Literal["accept", "query", "stats", "change", "export", "health", "secrets"]
    operation: str
    summary: str
    answer: type[BaseModel] | None
    status: int = 200
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    problems: tuple[int, ...] = field(default=())
    place: str | None = None
    files: tuple[str, ...] = ()


BODY_PROBLEMS = (400, 409, 413, 415, 422)
