"""What every refusal has in common, whoever made it: a function or the gateway before it."""

from __future__ import annotations

import time
from collections.abc import Callable

from stage_client import Answer

_INSIDES = ("Traceback", "botocore", "pydantic", "dynamodb", "/var/task", "Exception", "line 1, in")


def patiently(send: Callable[[], Answer]) -> Answer:
    """What a call is answered once its route is not called too fast: many calls in a row are."""
    while (answer := send()).status == 429:
        time.sleep(float(answer.headers.get("retry-after", 1)))
    return answer


def assert_refused(answer: Answer, statuses: set[int], what: str) -> None:
    """A problem as RFC 9457 has it, with one of `statuses`, that tells nothing of our insides."""
    said = f"{what}: {answer.status} {answer.text[:300]}"
    assert answer.status in statuses, said
    assert answer.headers["content-type"].startswith("application/problem+json"), said
    problem = answer.json()
    assert {"type", "title", "detail", "correlationId"} <= problem.keys(), said
    assert problem.get("status", answer.status) == answer.status, said
    assert not [inside for inside in _INSIDES if inside in answer.text], said
