"""What a running stage shows of the contract, kept for the note."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from privileges import deployed, review
from privileges.contract import Contract, keep
from privileges.deployed import Deployed
from privileges.roles import Grant


@dataclass(frozen=True)
class Seen:
    """What was used and what is missing, in which suites, and what is deployed on request and not there."""

    used: review.Uses
    missing: list[str]
    suites: frozenset[str]
    roles: Mapping[str, Deployed]
    absent: frozenset[Grant]


def look(contract: Contract, stage: str) -> Seen:
    """Compare the stage with what the local cloud recorded; NotRecorded where nothing does."""
    calls = deployed.calls()
    ids = deployed.physical_ids(stage, contract.stacks)
    roles = deployed.roles(contract.roles, ids)
    stacks = {name.partition(".")[0] for name in ids}
    grants = [grant for role in contract.roles.values() for grant in role.grants]
    return Seen(
        used=review.uses(contract.roles, roles, calls),
        missing=review.missing(
            contract.roles, contract.needs, roles, calls, workers={*ids.values()}, stacks=stacks
        ),
        suites=frozenset(suite for call in calls for suite in call.suites),
        roles=roles,
        absent=frozenset(grant for grant in grants if grant.stack not in stacks),
    )


def gather(contract: Contract, stage: str, root: Path) -> Seen:
    """Look, and keep what was used."""
    seen = look(contract, stage)
    keep(seen.used, root)
    return seen
