"""What a route is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel

Auth = Literal["sigv4", "cognito", "open"]
Pace = Literal["machine", "read", "write", "heavy", "grant"]


@dataclass(frozen=True)
class Route:
    """One method of one path. `problems` are what the function itself answers, beside 500 and 503.

    `answer` is None where there is no body; `place` says what `Location` leads to. A route that answers a
    file names the types that it may have as `files`; `answer` is then what says where a large one is, by 303.

    `pace` is said where it is not what the route's authentication and method imply: one call of a `heavy`
    route stands for many queries, and a `grant` gives something out that works without the API.
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
    pace: Pace | None = None

    @property
    def paced(self) -> Pace:
        """The class of limits that the route's callers share: calls per second, and at once."""
        if self.pace is not None:
            return self.pace
        if self.auth == "sigv4":
            return "machine"
        return "read" if self.method == "get" else "write"


BODY_PROBLEMS = (400, 409, 413, 415, 422)
