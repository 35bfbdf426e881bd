"""One way reads one file in a process of its own; without a file it only imports what the way needs.

Prints JSON: rows, set aside, CPU seconds, and the peak of its memory in bytes.
"""

from __future__ import annotations

import importlib
import json
import resource
import sys
import time
from pathlib import Path

MAXRSS_BYTES = 1 if sys.platform == "darwin" else 1024  # of one unit of ru_maxrss


def main(way: str, sample: str = "", path: str = "") -> None:
    """Read, and print what it took."""
    module = importlib.import_module(f"bench.reading.{way}")
    started = time.process_time()
    rows, set_aside = module.read(sample, Path(path)) if path else (0, 0)
    seconds = time.process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * MAXRSS_BYTES
    print(json.dumps({"rows": rows, "set_aside": set_aside, "seconds": seconds, "peak": peak}))


if __name__ == "__main__":
    main(*sys.argv[1:])
