"""An import, and then its undo, stopped at ten random points and more: workouts, sessions and records."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, get_args

import pytest
from tests.unit.chaos import Failure
from tests.unit.staging import Stage
from tests.unit.test_import_interrupted import EXPORTS, Account

from wotr_common import keys


def stopped(account: Account, do: Callable[[], None], chance: random.Random) -> int:
    """How often `do` was stopped, three times at the most, before it came to its end."""
    for times in range(3):
        if not account.interrupted(do, chance.randrange(9), chance.choice(get_args(Failure))):
            return times
    do()
    return 3


@pytest.mark.parametrize("export", EXPORTS)
def test_an_import_stopped_at_random_points_ends_as_an_undisturbed_one_and_its_undo_as_before_it(
    dynamodb: Any, export: str
) -> None:
    stage = Stage(dynamodb)
    account = Account(stage, EXPORTS[export])
    account.run()
    wanted, counts = stage.account(), stage.state("x")["counts"]
    assert wanted != account.before
    assert any(keys.is_record(item[keys.SK]) for item in stage.items())

    chance, points = random.Random(export), 0
    while points < 10:
        account.again()
        points += stopped(account, account.run, chance)
        assert stage.account() == wanted, points
        assert stage.state("x")["counts"] == counts
        points += stopped(account, account.undo, chance)
        assert stage.account() == account.before, points
