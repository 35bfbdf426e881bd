"""``python -m privileges COMMAND``: the note about roles, notes/iam-review.md, and the evidence for it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy import templates
from deploy.errors import DeployError
from privileges import deployed, evidence, note
from privileges.contract import EVIDENCE, Contract, kept
from privileges.review import rows


def main(arguments: Sequence[str] | None = None) -> int:
    """Do one command; 1 with a message where it cannot be done."""
    parser = argparse.ArgumentParser(prog="python -m privileges", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for work in (check, gather, write):
        command = commands.add_parser(work.__name__, help=work.__doc__, description=work.__doc__)
        command.set_defaults(work=work)
    options = parser.parse_args(arguments)
    root = templates.repository()
    try:
        print(options.work(Contract.of(root), root))
    except DeployError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def check(contract: Contract, root: Path) -> str:
    """Fail where the note is not what the templates say."""
    grants = note.check(contract.roles, contract.needs, root)
    return f"{note.NOTE.as_posix()} is what the templates say: {grants} grants, each with its evidence"


def gather(contract: Contract, root: Path) -> str:
    """Keep what the roles of the running local cloud were seen to do, for the note."""
    try:
        seen = evidence.gather(contract, os.environ.get("WOTR_STAGE", "dev"), root)
    except deployed.NotRecorded as error:
        raise DeployError(str(error)) from error
    return f"evidence for {len(seen.used)} grants is in {EVIDENCE.as_posix()}"


def write(contract: Contract, root: Path) -> str:
    """Write the note again, from what it says and what runs of suites have left since."""
    before, since = note.used(contract.roles, root), kept(contract.roles, root)
    used = {grant: {*before.get(grant, ()), *since.get(grant, ())} for grant in (*before, *since)}
    found = rows(contract.roles, contract.needs, used)
    (root / note.NOTE).write_text(note.render(contract.roles, found), encoding="utf-8")
    return f"written: {note.NOTE.as_posix()}"


if __name__ == "__main__":
    raise SystemExit(main())
