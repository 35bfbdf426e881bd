"""What is asked of a new version of each function before anything is sent to it. Plain functions: AWS is
passed in.

Nothing here leaves anything: an empty batch finds whatever keeps a function from starting, and views of the
sandbox user are made anew, which says the same as before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from wotr_common.traffic import SANDBOX_USER, Unfit

Call = Callable[[Mapping[str, Any]], Any]
"""The new version, from event to answer."""


def check(name: str, call: Call) -> str:
    """Ask the new version of function `name`, by its logical id; in words what was seen, else Unfit."""
    if name not in CHECKS:
        raise Unfit(f"nobody has said what to ask {name}")
    return CHECKS[name](call)


def takes_a_batch(call: Call) -> str:
    """An empty batch has nothing to try again."""
    answer = call({"Records": []})
    if not isinstance(answer, dict) or answer.get("batchItemFailures") != []:
        raise Unfit("a batch is not done, or nothing is said of it")
    return "takes a batch"


def takes_no_job(call: Call) -> str:
    """An empty batch is no night's work."""
    if (answer := call({"Records": []})) != {}:
        raise Unfit(f"an empty batch comes to {answer!r:.100}")
    return "does nothing where nothing is asked"


def rebuilds(call: Call) -> str:
    """The sandbox user's views, from what is stored."""
    answer = call({"user": SANDBOX_USER, "seconds": 0})
    if not isinstance(answer, dict) or answer.get("users") != 1 or answer.get("failed"):
        raise Unfit(f"one user's views come to {answer!r:.100}")
    return "makes one user's views anew"


CHECKS: Mapping[str, Callable[[Call], str]] = {
    "ProjectFunction": takes_a_batch,
    "TransformFunction": takes_a_batch,
    "CollectFunction": takes_a_batch,
    "RebuildFunction": rebuilds,
    "DailySummaryFunction": takes_no_job,
    "CleanUpFunction": takes_no_job,
}
