"""One clean-up: each place by itself, so that one that fails costs the others nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

from botocore.exceptions import BotoCoreError, ClientError

from wotr_analytics.cleaning.tally import Tally
from wotr_common.observability import logger


class Place(Protocol):
    """Where overdue things lie."""

    def clean(self, now: datetime, in_time: Callable[[], bool], *, dry: bool) -> Tally:
        """Remove what is overdue, for as long as there is time; with `dry` only count it."""


class Incomplete(Exception):
    """Something overdue could not be removed; the text says where."""


def clean_up(
    places: Mapping[str, Callable[[], Place | None]],
    now: datetime,
    in_time: Callable[[], bool],
    *,
    dry: bool = False,
) -> tuple[dict[str, Tally], list[str]]:
    """What was found and done in each of the `places`, and what went wrong.

    A place that is None has nothing to clean; one that cannot be read is said among what went wrong.
    """
    tallies: dict[str, Tally] = {}
    wrong: list[str] = []
    for name, find in places.items():
        try:
            place = find()
            tally = place.clean(now, in_time, dry=dry) if place else Tally()
        except (ClientError, BotoCoreError) as error:
            logger.exception("could not be cleaned", place=name)
            tallies[name] = Tally(finished=False)
            wrong.append(f"{name}: {error}")
            continue
        tallies[name] = tally
        if tally.failed:
            wrong.append(f"{name}: {tally.failed} of {tally.found} could not be removed")
    return tallies, wrong
