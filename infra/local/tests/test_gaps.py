"""Every gap module says what it bridges and is held by a contract test."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from localcloud.gaps import GAPS

PROJECT = Path(__file__).resolve().parents[1]
MODULES = sorted((PROJECT / "src" / "localcloud" / "gaps").glob("[a-z]*.py"))


def test_every_module_is_applied_and_in_the_readme() -> None:
    assert sorted(module.stem for module in MODULES) == sorted(GAPS)
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    assert [name for name in GAPS if f"`{name}`" not in readme] == []


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.stem)
def test_it_says_what_aws_does_what_ministack_does_and_how_it_is_bridged(module: Path) -> None:
    # Read, not imported: MiniStack is in the server's environment only.
    tree = ast.parse(module.read_text(encoding="utf-8"))
    said = ast.get_docstring(tree) or ""
    assert all(part in said for part in ("\nAWS: ", "\nMiniStack: ", "\nBridge: "))
    names = {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    assert "TOUCHES" in names
    assert (PROJECT / "tests" / f"test_{module.stem}.py").exists()
