"""The contract of the repository's roles, from its templates, and the evidence that runs of suites leave."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy import templates
from privileges import needs, review, roles
from privileges.names import Names
from privileges.needs import Need
from privileges.roles import Key, Role

EVIDENCE = Path("dist") / "iam-evidence.json"


@dataclass(frozen=True)
class Contract:
    """Every role, what services do with it, and the name of each stack with `${Stage}` left open."""

    roles: dict[str, Role]
    needs: list[Need]
    stacks: dict[str, str]

    @classmethod
    def of(cls, root: Path) -> Contract:
        """Read the templates below ``root``."""
        found = templates.everything(root)
        names = Names(found)
        known = roles.read(found, names)
        return cls(known, needs.read(found, names, known), {each.stack: each.stack_pattern for each in found})


def keep(used: review.Uses, root: Path) -> None:
    """Add to the evidence of the runs before."""
    said = {key: {*suites} for key, suites in _said(root).items()}
    for grant, suites in used.items():
        said.setdefault(grant.key, set()).update(suites)
    path = root / EVIDENCE
    path.parent.mkdir(exist_ok=True)
    path.write_text(
        json.dumps([[*key, sorted(said[key])] for key in sorted(said)], indent=0), encoding="utf-8"
    )


def kept(roles: Mapping[str, Role], root: Path) -> review.Uses:
    """The evidence of the runs so far, for grants that there are."""
    said = _said(root)
    grants = [grant for role in roles.values() for grant in role.grants]
    return {grant: said[grant.key] for grant in grants if grant.key in said}


def _said(root: Path) -> dict[Key, list[str]]:
    path = root / EVIDENCE
    if not path.exists():
        return {}
    found = json.loads(path.read_text(encoding="utf-8"))
    return {(role, sid, resource, action): suites for role, sid, resource, action, suites in found}
