from __future__ import annotations

import os
from pathlib import Path

from deploy import bytecode
from deploy.errors import DeployError
from deploy.packages import HOST, LAMBDA


def test_bytecode_does_not_depend_on_what_was_compiled_before_it(tmp_path: Path) -> None:
    """Newer marshal formats write a string otherwise when the process holds it already (seen on 3.13)."""
    source = tmp_path / "source.py"
    source.write_text("class A:\n  def f(self):\n    class B(X):\n      y = 1\n    return B\n")
    version = _newest()
    many = {f"{number}.py": source for number in range(4 * (os.cpu_count() or 1))}
    together = bytecode.compile_all(many, version, tmp_path / "together")
    for name in many:
        alone = bytecode.compile_all({name: source}, version, tmp_path / "alone")
        assert alone[name].read_bytes() == together[name].read_bytes(), name


def test_the_same_file_under_another_name_shows_that_name(tmp_path: Path) -> None:
    source = tmp_path / "source.py"
    source.write_text("def f(): ...\n")
    made = bytecode.compile_all({"a/b.py": source, "c.py": source}, HOST.python, tmp_path / "cache")
    assert b"/var/task/a/b.py" in made["a/b.py"].read_bytes()
    assert b"/var/task/c.py" in made["c.py"].read_bytes()
    assert str(tmp_path).encode() not in made["c.py"].read_bytes()


def _newest() -> str:
    """Lambda's version if this machine has it, else the running one."""
    try:
        bytecode.interpreter(LAMBDA.python)
    except DeployError:
        return HOST.python
    return LAMBDA.python
