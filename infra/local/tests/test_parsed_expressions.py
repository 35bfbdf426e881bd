"""A query's expression is parsed once, not once for each item."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from localcloud import environments

SOURCE = Path(__file__).resolve().parents[1] / "src"
# Counts the parses while one condition is held against many items, right ones and wrong ones.
COUNT = """
import sys
from pathlib import Path
from localcloud.gaps import Settings
from localcloud.launcher import bridge
from ministack.services import dynamodb

parses = 0
class Counting:
    def __init__(self, pattern):
        self.pattern = pattern
    def finditer(self, text):
        global parses
        parses += 1
        return self.pattern.finditer(text)

dynamodb._COND_TOKEN_RE = Counting(dynamodb._COND_TOKEN_RE)
bridge(Settings(functions_python=Path("python")), without=sys.argv[1:])
held = [
    dynamodb._evaluate_condition("pk = :a AND size(n) > :b", {"pk": {"S": str(n)}, "n": {"S": "x" * n}},
                                 {":a": {"S": "7"}, ":b": {"N": "5"}}, {})
    for n in range(100)
]
print(held.index(True), sum(held), parses)
"""


def test_an_expression_is_parsed_once_however_many_items_there_are(
    root: Path, pytestconfig: pytest.Config
) -> None:
    made = environments.prepare(root / ".wotr" / "environments")
    done = subprocess.run(
        [made.server, "-c", COUNT, *pytestconfig.getoption("--without-gap")],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(SOURCE)},
    )
    assert done.stdout.split() == ["7", "1", "1"]
