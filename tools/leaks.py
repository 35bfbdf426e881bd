"""No secret in the tree: detect-secrets over every file of it, each exception with its reason beside it.

What looks like a secret and is none says so on its line: ``pragma: allowlist secret - why it is none``.
There is no baseline file, which would go stale apart from what it excuses. Locks are left out: they are
hashes, and hold no more than names and versions (``house.addresses``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from tools.shell import ROOT, Command, Failed, capture

# Where every template has one: the name of an action of IAM, which is a word and a colon before another word.
ACTIONS = r'^\s*(- |Action: )"?secretsmanager:[A-Za-z]+"?\s*$'
# What SDKs want to be given where nobody checks it.
DUMMIES = "^(testing|local)$"
_MARK = "pragma: allowlist " + "secret"
_REASON = re.compile(_MARK + r" - \S+ \S+")


def check(python: Path, files: Sequence[Path]) -> None:
    """Raise Failed naming each place that looks like a secret, and each exception without a reason."""
    found = [*unreasoned(files), *secrets(python, [path for path in files if path.suffix != ".lock"])]
    if found:
        raise Failed("\n".join(found))


def secrets(python: Path, files: Sequence[Path], root: Path = ROOT) -> Iterator[str]:
    """Yield the places that detect-secrets finds; nothing is sent anywhere to verify them."""
    names = [path.relative_to(root) for path in files]
    options = ["-c", "2", "scan", "--no-verify", "--exclude-lines", ACTIONS, "--exclude-secrets", DUMMIES]
    command: Command = [python, "-m", "detect_secrets", *options, *names]
    code, output = capture(command, cwd=root)
    if code:
        raise Failed(f"detect-secrets failed (exit {code}): {output}")
    for name, places in sorted(json.loads(output)["results"].items()):
        for place in places:
            where, kind = f"{name}:{place['line_number']}", place["type"]
            yield (
                f"{where}: looks like a secret ({kind}). If it is one, it is lost: revoke it. "
                f"If not, write behind it: {_MARK} - why it is none"
            )


def unreasoned(files: Iterable[Path], root: Path = ROOT) -> Iterator[str]:
    """Yield the exceptions that do not say why."""
    for path in files:
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            if _MARK in line and path.name != Path(__file__).name and not _REASON.search(line):
                where = f"{path.relative_to(root)}:{number}"
                yield f"{where}: an exception without a reason; write {_MARK} - why it is none"
