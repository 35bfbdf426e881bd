"""Proof that a package works as Lambda would use it: every handler imports, and from bytecode alone.

The zip is unpacked, and a fresh interpreter imports the handlers' modules from there. The import system's
loader tells when it compiles a source, so stale or missing bytecode is found. Modules that are neither in the
package nor in the standard library nor brought by Lambda's runtime are hidden: an undeclared dependency
fails here.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from deploy import bytecode
from deploy.errors import DeployError
from deploy.templates import Function, Template

# What the python3.13 runtime of Lambda has besides the standard library.
RUNTIME = ("awslambdaric", "boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3")

_KEPT = ("PATH", "HOME", "SYSTEMROOT", "LANG")

# Runs in the interpreter that plays Lambda: standard library only.
_IMPORT = """
import importlib, json, os, sys, sysconfig, time
from importlib.machinery import BuiltinImporter, FrozenImporter, PathFinder, SourceFileLoader
order = json.load(sys.stdin)
root = order["root"]
runtime = set(order["runtime"])
standard = [os.path.realpath(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib")]

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if path is not None or name in runtime:
            return None
        spec = PathFinder.find_spec(name)
        places = spec and [os.path.realpath(p) for p in spec.submodule_search_locations or [spec.origin] if p]
        for place in places or []:
            inside = any(place.startswith(folder + os.sep) for folder in standard)
            if inside and "site-packages" not in place and "dist-packages" not in place:
                return None
            if not place.startswith(root + os.sep):
                raise ModuleNotFoundError(f"No module named {name!r} in the package", name=name)
        return None

compiled = set()
compile_source = SourceFileLoader.source_to_code
def heard(self, data, path, *rest, **options):
    compiled.add(os.fspath(path))
    return compile_source(self, data, path, *rest, **options)

sys.path.insert(0, root)
sys.meta_path[:] = [Hidden(), BuiltinImporter, FrozenImporter, PathFinder]
answer = {"error": None, "seconds": None}
if order["warm"]:
    import boto3
SourceFileLoader.source_to_code = heard
started = time.perf_counter()
try:
    module = importlib.import_module(order["module"])
    answer["seconds"] = time.perf_counter() - started
    if not callable(getattr(module, order["function"], None)):
        answer["error"] = "the module has no function " + order["function"]
except BaseException as error:
    answer["error"] = f"{type(error).__name__}: {error}"
answer["compiled"] = sorted(name for name in compiled if name.startswith(root))
sys.stdout.write("\\n" + json.dumps(answer))
"""


@dataclass(frozen=True)
class Imported:
    """One handler, imported; ``compiled`` lists sources that had to be compiled, which should be none."""

    function: str
    handler: str
    seconds: float | None
    compiled: tuple[str, ...]
    error: str | None

    @property
    def problem(self) -> str | None:
        """What is wrong, in a sentence, or None."""
        if self.error:
            return f"{self.function} ({self.handler}) cannot be imported: {self.error}"
        if self.compiled:
            return (
                f"{self.function} ({self.handler}): {self.compiled[0]} had to be compiled, no valid bytecode"
            )
        return None


def check(package: Path, template: Template, python: Path = Path(sys.executable)) -> list[Imported]:
    """Import every handler of ``template`` from the zip ``package`` with ``python``, each in a fresh process.

    The package must be built for this machine and for that interpreter, which must have boto3.

    Raises
    ------
    DeployError
        Naming every handler that does not import or compiles a source.
    """
    with tempfile.TemporaryDirectory() as place:
        root = Path(place).resolve() / "task"
        with zipfile.ZipFile(package) as zipped:
            zipped.extractall(root)
        results = [run(root, function, python) for function in template.functions]
    problems = [result.problem for result in results if result.problem]
    if problems:
        raise DeployError("\n".join(f"{package.name}: {problem}" for problem in problems))
    return results


def run(root: Path, function: Function, python: Path, *, after_boto3: bool = False) -> Imported:
    """Import one handler from the unpacked package; ``after_boto3`` leaves boto3 out of the seconds."""
    module, _, name = function.handler.rpartition(".")
    order = {"root": str(root), "module": module, "function": name, "runtime": RUNTIME, "warm": after_boto3}
    answer = subprocess.run(
        [python, "-I", "-c", _IMPORT],
        input=json.dumps(order),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=environment(function),
    )
    try:
        found = json.loads(answer.stdout.rpartition("\n")[2])
    except ValueError:
        found = {"error": f"the interpreter ended ({answer.returncode}): {answer.stderr.strip()}"}
    compiled = tuple(Path(path).relative_to(root).as_posix() for path in found.get("compiled", []))
    return Imported(function.logical_id, function.handler, found.get("seconds"), compiled, found["error"])


def environment(function: Function) -> dict[str, str]:
    """What Lambda would set while the handler is imported."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {
        **kept,
        **function.environment,
        "AWS_REGION": "eu-central-1",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_LAMBDA_FUNCTION_NAME": function.logical_id,
        "LAMBDA_TASK_ROOT": bytecode.ROOT,
    }
