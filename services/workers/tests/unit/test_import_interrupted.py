"""An import or undo that is interrupted at any write, and tried again, ends as if it had not been."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
from tests.unit.chaos import Chaos, Failure, Killed
from tests.unit.staging import INVOCATION, Stage
from tests.unit.toys import toy

from wotr_common import keys
from wotr_workers.imports.lease import Later
from wotr_workers.store import Item
from wotr_workers.uploads import Upload

SAID = {"weight_unit": "kg", "timezone": "Europe/Berlin"}
BEFORE = (
    toy(
        "strava",
        "W,1,2026-01-01T10:00:00Z,30,a",
        "W,2,2026-01-02T10:00:00Z,30,b",
        "W,3,2026-01-03T10:00:00Z,30,c",
    ),
    toy(
        "strong",
        "S,Push,2026-01-05T18:00:00,Bench,100,5,",
        "S,Push,2026-01-05T18:00:00,Bench,100,5,",
        "S,Pull,2026-01-06T18:00:00,Row,70,8,",
    ),
)
# Known, changed, moved and new; a session that is extended and changed, one that is new, one that is linked.
STRAVA = toy(
    "strava",
    "W,1,2026-01-01T10:00:00Z,30,a",
    "W,2,2026-01-02T10:00:00Z,31,changed",
    "W,3,2026-01-03T11:00:00Z,30,moved",
    "A,notes,is odd",
    "W,4,2026-01-04T10:00:00Z,30,new",
    "W,5,2026-01-04T10:00:00Z,99,at the same moment",
    "W,6,2026-01-05T17:00:20Z,60,the session from another app",
    "R",
)
STRONG = toy(
    "strong",
    "S,Push,2026-01-05T18:00:00,Bench,105,5,told anew",
    "S,Push,2026-01-05T18:00:00,Bench,100,5,told anew",
    "S,Push,2026-01-05T18:00:00,Bench,100,6,told anew",
    "S,Pull,2026-01-06T18:00:00,Row,70,8,",
    "S,Legs,2026-01-07,Squat,120,5,",
    "S,Lunch,2026-01-02T11:00:10,Dip,,12,",
    "A,reps,is odd",
)
HEVY = toy(
    "hevy",
    "S,The same push,2026-01-05T18:00:30,Bench,100,5,",
    "S,The same push,2026-01-05T18:00:30,Bench,100,6,",
    "W,,2026-01-08T10:00:00Z,30,",
)
EXPORTS = {"workouts": STRAVA, "sessions": STRONG, "another app": HEVY}


@pytest.fixture
def stage(dynamodb: Any) -> Stage:
    return Stage(dynamodb, NoRecords())


class NoRecords:
    """Rebuilding records has tests of its own; here it would be most of what can be interrupted."""

    def rebuild(self, user_id: str, import_id: str) -> Any:
        return {"count": 0, "top": []}


class Account:
    """The stage's athlete, brought back to where they were before each new try of `upload`."""

    def __init__(self, stage: Stage, content: bytes) -> None:
        self.stage = stage
        said = {name.replace("_", "-"): value for name, value in SAID.items()}
        for number, export in enumerate(BEFORE):
            stage.run(export, f"before-{number}", **SAID)
        self.upload: Upload = stage.upload(content, "x", said=said)
        self._client = stage.dynamodb
        self.before = stage.account()
        self._items: list[Item] = []
        self.from_here()

    def from_here(self) -> None:
        """Let every try begin from the state as it is now."""
        self._items = self.stage.items()

    def again(self) -> None:
        """Bring everything back."""
        self.stage.dynamodb = self._client
        found = {(item[keys.PK], item[keys.SK]): item for item in self.stage.items()}
        changed = [item for item in self._items if found.pop((item[keys.PK], item[keys.SK]), None) != item]
        self.stage.table.delete_all({"pk": pk, "sk": sk} for pk, sk in found)
        self.stage.table.put_all(changed)
        self.stage.heard()

    def run(self) -> None:
        self.stage.importer().run(self.upload, self.stage.until)

    def undo(self) -> None:
        assert self.stage.imports.ask_undo("ada", "x")
        self.stage.undoer().run("ada", "x", self.stage.until)

    def interrupted(self, do: Any, at: int, failure: Failure) -> bool:
        """Whether `do` was interrupted at its write number `at`; time goes on meanwhile."""
        chaos = Chaos(self._client, at, failure)
        self.stage.dynamodb = chaos
        try:
            do()
        except (Exception, Killed):  # noqa: BLE001 - which one is not the point
            assert chaos.fired
        self.stage.dynamodb = self._client
        self.stage.now += INVOCATION * 2
        return chaos.fired

    def interruptions(self, do: Any, failure: Failure) -> Iterator[int]:
        """Every write at which `do` can be interrupted, being so, from the same state each time."""
        for at in range(1000):
            self.again()
            if not self.interrupted(do, at, failure):
                return
            yield at


# All failures where there is little to write, the two that are most unlike each other everywhere.
CASES = [(export, failure) for export in EXPORTS for failure in ("unheard", "killed before")]


@pytest.mark.parametrize(
    ("export", "failure"), [*CASES, ("another app", "throttled"), ("another app", "killed after")]
)
def test_an_import_interrupted_at_any_write_ends_like_an_undisturbed_one(
    stage: Stage, export: str, failure: Failure
) -> None:
    account = Account(stage, EXPORTS[export])
    account.run()
    wanted, counts, told = stage.account(), stage.state("x")["counts"], stage.heard()[-1]
    assert counts["changed"] + counts["linked"] > 0

    for at in account.interruptions(account.run, failure):
        account.run()
        assert stage.account() == wanted, at
        assert stage.state("x")["counts"] == counts, at
        assert all(each == told for each in stage.heard()), at


@pytest.mark.parametrize(("export", "failure"), CASES)
def test_an_undo_interrupted_at_any_write_leaves_what_was_there_before(
    stage: Stage, export: str, failure: Failure
) -> None:
    account = Account(stage, EXPORTS[export])
    account.run()
    assert stage.imports.ask_undo("ada", "x")
    account.from_here()

    for at in account.interruptions(account.undo, failure):
        account.undo()
        assert stage.account() == account.before, at
        assert stage.state("x")["state"] == "undone"


@pytest.mark.parametrize(("export", "failure"), CASES[::2])
def test_an_import_interrupted_at_any_write_can_be_taken_back(
    stage: Stage, export: str, failure: Failure
) -> None:
    account = Account(stage, EXPORTS[export])

    for at in account.interruptions(account.run, failure):
        if stage.imports.get("ada", "x") is not None:
            account.undo()
            assert stage.account() == account.before, at


def test_a_long_import_interrupted_at_random_points_goes_on_behind_its_last_batch(stage: Stage) -> None:
    rows = [f"W,,2025-01-{1 + n // 24:02}T{n % 24:02}:00:00Z,30," for n in range(130)]
    rows[60:60] = ["A,notes,is odd"] * 3
    sets = [f"S,Day {n % 7},2026-02-{1 + n % 7:02}T18:00:00,Bench,100,5," for n in range(49)]
    account = Account(stage, toy("fitnotes", *rows, *sets))
    account.run()
    wanted, counts = stage.account(), stage.state("x")["counts"]
    assert counts == {
        "rows": 182, "new": 179, "known": 0, "changed": 0, "linked": 0, "setAside": 3, "remarks": 0
    }  # fmt: skip

    points = random.Random(7)
    for _ in range(10):
        account.again()
        while account.interrupted(account.run, points.randrange(90), "killed after"):
            pass
        assert stage.account() == wanted
        assert stage.state("x")["counts"] == counts


def test_an_import_whose_time_is_nearly_over_goes_on_in_another_invocation(stage: Stage) -> None:
    rows = [f"W,,2026-01-{1 + n // 24:02}T{n % 24:02}:00:00Z,30," for n in range(230)]
    upload = stage.upload(toy("strava", *rows))
    clock = stage.clock

    def hurried() -> Any:
        """A minute and a half goes by at each look at the clock."""
        stage.now += INVOCATION * 0.3
        return clock()

    stage.clock = hurried  # type: ignore[method-assign]
    progress = []
    for _ in range(20):
        try:
            stage.importer().run(upload, stage.until)
        except Later:
            progress.append(int(stage.state().get("checkpoint", {}).get("entries", 0)))
        else:
            break

    assert stage.state()["counts"]["new"] == 230
    assert progress == sorted(progress)
    assert progress[-1] > 0
