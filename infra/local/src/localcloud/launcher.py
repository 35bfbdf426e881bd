"""Runs inside the server's environment: bridges the gaps, then starts MiniStack.

MiniStack has no plug-in interface, so the bridges replace private functions of it. Each names
what it touches; a release that lacks one of these names is refused here, before anything
half-bridged can serve a request.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
import threading
import time
from importlib import import_module, metadata
from pathlib import Path
from typing import Any, NoReturn

from localcloud import saving
from localcloud.gaps import GAPS, Settings

MINISTACK_RELEASE = "1.5.33"
# In the temporary directory, which nobody else can read.
BUILD_VARIABLES = "build-variables.json"

# For requests in flight, for the rest but saving the state, which takes what it takes, and for the very end.
_GRACE_SECONDS = 3.0
_SHUTDOWN_SECONDS = 12.0
_END_SECONDS = 1.0


def main(arguments: list[str] | None = None) -> None:
    """Serve until the pipe from the parent closes: it asks to stop, or it is gone."""
    options = _options(arguments)
    # Neither is for the functions, whose processes inherit this environment.
    os.environ.pop("PYTHONPATH", None)
    os.environ.pop("PYTHONHOME", None)
    sys.argv = ["ministack"]
    threading.Thread(target=_watch_parent, daemon=True, name="localcloud-parent").start()

    settings = Settings(
        functions_python=options.functions_python,
        minute=options.minute,
        workspace=options.workspace,
        build_variables=_build_variables(options.temporary),
    )
    bridge(settings, without=options.without)
    if options.record:
        take("recording")
    if options.faults:
        take("faults.injection")
    app: Any = import_module("ministack.app")
    app.save_all = saving.patiently(app.save_all)
    status = 0
    try:
        app.main()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    finally:
        sys.stdout.flush()
        _lookup("ministack.core.lambda_runtime:reset")()
    # One that did not come up leaves the directory to its parent, which tries again on another port.
    if status == 0:
        shutil.rmtree(options.temporary, ignore_errors=True)
    _end_all(status)


def bridge(settings: Settings, *, without: list[str]) -> None:
    """Apply every gap module except those in ``without``; SystemExit when MiniStack does not fit."""
    unknown = set(without) - set(GAPS)
    if unknown:
        raise SystemExit(f"no gap is called {', '.join(sorted(unknown))}; there are {', '.join(GAPS)}")
    modules, missing = _modules([name for name in GAPS if name not in without])
    _refuse_unless_it_fits(missing)
    for module in modules:
        module.apply(settings)


def take(name: str) -> None:
    """Apply what was asked for, behind the bridges; SystemExit when MiniStack does not fit."""
    module: Any = import_module(f"localcloud.{name}")
    _refuse_unless_it_fits([f"{symbol} ({name})" for symbol in module.TOUCHES if not _exists(symbol)])
    module.apply()


def _refuse_unless_it_fits(missing: list[str]) -> None:
    if missing:
        raise SystemExit(
            f"MiniStack {metadata.version('ministack')} does not have {', '.join(missing)}. "
            f"The local cloud's bridges fit release {MINISTACK_RELEASE}: pin that in ministack.in, "
            "or adapt the gap modules named here."
        )


def _modules(names: list[str]) -> tuple[list[Any], list[str]]:
    """Import the gap modules; also tell what they need and MiniStack lacks."""
    modules: list[Any] = []
    missing: list[str] = []
    for name in names:
        try:
            modules.append(import_module(f"localcloud.gaps.{name}"))
        except ImportError as error:
            missing.append(f"{error} (gap {name})")
            continue
        missing += [f"{symbol} (gap {name})" for symbol in modules[-1].TOUCHES if not _exists(symbol)]
    return modules, missing


def _exists(reference: str) -> bool:
    try:
        _lookup(reference)
    except (ImportError, AttributeError):
        return False
    return True


def _lookup(reference: str) -> Any:
    """Resolve ``package.module:name.attribute``."""
    module, _, path = reference.partition(":")
    found: Any = import_module(module)
    for name in path.split("."):
        found = getattr(found, name)
    return found


def _build_variables(temporary: Path) -> dict[str, str]:
    """What the parent left for builds; in a file, because an index's address may hold a password."""
    variables: dict[str, str] = json.loads((temporary / BUILD_VARIABLES).read_text(encoding="utf-8"))
    return variables


def _watch_parent() -> None:
    """Shut down on a word from the parent, or when its pipe closes, which it does however the parent ends."""
    os.read(0, 1)
    saving.ending.set()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_GRACE_SECONDS)
    # MiniStack waits for running functions before it saves its state: those that still run are cut off.
    _lookup("ministack.core.lambda_runtime:reset")()
    time.sleep(_SHUTDOWN_SECONDS)
    with saving.in_progress:
        pass
    time.sleep(_END_SECONDS)
    _end_all(1)


def _end_all(status: int) -> NoReturn:
    """End without waiting for threads, and leave no function running behind."""
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(status)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m localcloud.launcher", description=__doc__)
    parser.add_argument(
        "--functions-python", type=Path, required=True, help="interpreter that functions run on"
    )
    parser.add_argument("--temporary", type=Path, required=True, help="directory to remove at the end")
    parser.add_argument("--workspace", type=Path, required=True, help="directory of builds and repositories")
    parser.add_argument(
        "--without", action="append", default=[], metavar="GAP", help="leave this gap unbridged"
    )
    parser.add_argument(
        "--minute",
        type=float,
        default=60.0,
        metavar="SECONDS",
        help="how long a minute of alarms and of shifting traffic takes",
    )
    parser.add_argument("--record", action="store_true", help="note calls of roles, see localcloud.recording")
    parser.add_argument("--faults", action="store_true", help="let faults be injected, see localcloud.faults")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
