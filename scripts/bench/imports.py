"""How long each handler's import takes, beside `import boto3` in the same run: our part of a cold start.

Each figure is the best of several fresh interpreters, from the unpacked package, with the interpreter that
local functions run on. The aim is a ratio of at most 1.2.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from deploy import imports, packages, templates
from localcloud import environments

ROOT = Path(__file__).resolve().parents[2]
AIM = 1.2
_BOTO3 = "import time; t = time.perf_counter(); import boto3; print(time.perf_counter() - t)"


def boto3_seconds(python: Path) -> float:
    """Seconds of one `import boto3` in a fresh interpreter."""
    return float(subprocess.run([python, "-I", "-c", _BOTO3], capture_output=True, check=True).stdout)


def main() -> int:
    """Measure every handler of every service; 0 always: a figure is not a test."""
    parser = argparse.ArgumentParser(description="Import time of each handler as a ratio to `import boto3`.")
    parser.add_argument("--runs", type=int, default=7, help="interpreters per figure (default %(default)s)")
    runs = parser.parse_args().runs
    python = environments.prepare(ROOT / ".wotr" / "environments").functions
    print(f"every handler in {runs} fresh interpreters", flush=True)
    found = templates.everything(ROOT)
    built = packages.build(found, packages.HOST, ROOT)
    table = Table(
        "handler", "ms", "import boto3", "ratio", title=f"best of {runs}, CPython {packages.HOST.python}"
    )
    with tempfile.TemporaryDirectory() as place:
        for template in (each for each in found if each.stack in built):
            root = Path(place).resolve() / template.stack
            with zipfile.ZipFile(built[template.stack].path) as zipped:
                zipped.extractall(root)
            for function in template.functions:
                # Side by side, so that a busy moment of the machine meets both.
                pairs = [
                    (imports.run(root, function, python).seconds or 0.0, boto3_seconds(python))
                    for _ in range(runs)
                ]
                ours, theirs = (min(column) for column in zip(*pairs, strict=True))
                ratio = ours / theirs
                mark = "" if ratio <= AIM else " over the aim"
                table.add_row(
                    f"{template.stack}/{function.logical_id}",
                    f"{ours * 1000:.0f}",
                    f"{theirs * 1000:.0f}",
                    f"{ratio:.2f}{mark}",
                )
    Console(width=None if sys.stdout.isatty() else 100).print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
