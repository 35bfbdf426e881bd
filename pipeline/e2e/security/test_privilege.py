"""Each role may do what its work needs and nothing else; what the suites made it do is the evidence.

The last file of the last suite, see conftest.py: in a run of all suites the calls of all of them are judged,
and alone those of this suite, beside the evidence that notes/iam-review.md has of other runs.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from privileges import deployed, evidence, note, review
from privileges.contract import Contract
from stage_client import Stage

ROOT = Path(__file__).resolve().parents[3]
CONTRACT = Contract.of(ROOT)


def test_every_role_of_the_stage_is_within_a_boundary(
    stage: Stage, proof: Callable[[str, str], None]
) -> None:
    ids = deployed.physical_ids(stage.name, CONTRACT.stacks)
    found = deployed.roles(CONTRACT.roles, ids)
    assert found
    assert [name for name, role in found.items() if not role.boundary] == []
    proof("3 every role that the stacks made is within a permissions boundary", f"{len(found)} roles")


def test_no_role_is_granted_too_little_or_too_much(stage: Stage, proof: Callable[[str, str], None]) -> None:
    try:
        seen = evidence.look(CONTRACT, stage.name)
    except deployed.NotRecorded as why:
        pytest.skip(f"{why}: only a local cloud of -s security or -s tests does")
    whole = seen.suites >= {*review.SUITES}
    # What was deployed on request has been looked at before it went: test_rotation.py.
    believed = {
        grant: suites
        for grant, suites in note.used(CONTRACT.roles, ROOT).items()
        if not whole or grant in seen.absent
    }
    rows = review.rows(CONTRACT.roles, CONTRACT.needs, {**believed, **seen.used})
    wrong = [*seen.missing, *review.excess(CONTRACT.roles, rows)]
    assert not wrong, "\n".join(wrong)
    functions = sum(role.holder != role.name for role in CONTRACT.roles.values())
    source = "in all suites of this run" if whole else "in this suite, the rest in others as noted"
    proof(
        "3 each role may do what it does, and nothing else",
        f"0 missing, 0 excess over {functions} functions and tasks, {len(CONTRACT.roles)} roles, "
        f"{len(rows)} grants, of which {len(seen.used)} were called {source}",
    )
