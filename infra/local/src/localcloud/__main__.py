"""``python -m localcloud run``: a local cloud in the foreground."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from pathlib import Path

from localcloud.errors import LocalCloudError
from localcloud.server import DEFAULT_REGION, LocalCloud


def main(arguments: list[str] | None = None) -> int:
    """Start, print one JSON line (endpoint, pid, log, environment), and run until SIGINT or SIGTERM."""
    options = _parser().parse_args(arguments)
    cloud = LocalCloud(
        options.root, port=options.port, region=options.region, persist=options.persist, python=options.python
    )
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with cloud:
            line = {"endpoint": cloud.endpoint, "pid": cloud.pid, "log": str(cloud.log)}
            print(json.dumps(line | {"environment": cloud.environment()}), flush=True)
            cloud.wait()
    except KeyboardInterrupt:
        return 0
    except LocalCloudError as error:
        print(f"localcloud: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m localcloud", description="An AWS endpoint on this machine."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="start a local cloud and keep it until Ctrl-C")
    run.add_argument(
        "--root", type=Path, default=Path.cwd(), help="project directory (state goes to its .wotr)"
    )
    run.add_argument("--port", type=int, help="default: 4566, or a free one where that is taken")
    run.add_argument("--region", default=DEFAULT_REGION)
    run.add_argument("--persist", action="store_true", help="keep the state for the next run")
    run.add_argument("--python", help="interpreter that functions run on; default: this one")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
