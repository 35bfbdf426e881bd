"""What came of all runs, a line for each consumer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from runs import FAULTS, Outcome

_SUMS = ("expected", "found", "lost", "doubled", "poison", "letters", "seconds")


def table(outcomes: Sequence[Outcome], consumers: Sequence[str]) -> Iterator[str]:
    """The lines: faults of each kind that were injected, then items and letters over all runs."""
    yield _line("consumer", FAULTS, _SUMS)
    for consumer in consumers:
        runs = [each for each in outcomes if each.consumer == consumer]
        if runs:
            injected = {each.fault: str(each.injected) for each in runs}
            yield _line(consumer, [injected.get(fault, "-") for fault in FAULTS], _sums(runs))


def _sums(runs: Sequence[Outcome]) -> list[str]:
    counts = (
        sum(each.expected.total() for each in runs),
        sum(each.found.total() for each in runs),
        sum(each.lost.total() for each in runs),
        sum(each.doubled.total() for each in runs),
        sum(bool(each.poison) for each in runs),
        sum(len(each.letters) for each in runs),
        round(sum(each.seconds for each in runs)),
    )
    return [str(count) for count in counts]


def _line(first: str, faults: Iterable[str], sums: Iterable[str]) -> str:
    return f"{first:<18}" + "".join(f"{each:>13}" for each in faults) + "".join(f"{each:>9}" for each in sums)
