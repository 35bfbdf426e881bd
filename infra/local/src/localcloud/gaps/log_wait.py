"""An invocation ends when the function's output is complete, not when a timer says so.

AWS: the answer goes back as soon as the handler returns; its output is in the log afterwards.
MiniStack: guesses when the output is complete. It waits up to 50 ms for a first line (all of it
for a silent handler) and 5 ms after the last one, and lines that come later are lost.
Bridge: the worker writes an end mark to its standard error after the handler; the server reads
up to the mark. No guess, no wait, no line lost.
"""

from __future__ import annotations

import queue
from typing import Any

from ministack.core import lambda_runtime

from localcloud.gaps import Settings

TOUCHES = (
    "ministack.core.lambda_runtime:_PYTHON_WORKER_SCRIPT",
    "ministack.core.lambda_runtime:Worker._drain_stderr_bounded",
    "ministack.core.lambda_runtime:_detect_runtime_binary",
)

_MARK = "\x1e--end-of-invocation--"
_CALL = "            result = handler_fn(event, context)\n"
_MARKED_CALL = f"""            try:
                result = handler_fn(event, context)
            finally:
                sys.stderr.flush()
                os.write(2, {_MARK + chr(10)!r}.encode())
"""
# Without a mark the worker died, and what it wrote is in the pipe already, or it closed its
# standard error: neither may hold up the answer.
_PATIENCE_SECONDS = 0.25


def apply(_settings: Settings) -> None:
    """Add the mark to the worker's script and read up to it."""
    if lambda_runtime._PYTHON_WORKER_SCRIPT.count(_CALL) != 1:
        raise SystemExit(
            "MiniStack's Python worker calls the handler in a way that gap log_wait does not know"
        )
    lambda_runtime._PYTHON_WORKER_SCRIPT = lambda_runtime._PYTHON_WORKER_SCRIPT.replace(_CALL, _MARKED_CALL)
    guess = lambda_runtime.Worker._drain_stderr_bounded

    def drain(worker: Any, *arguments: Any, **options: Any) -> str:
        marks = str(worker.config.get("Runtime", "")).startswith("python")
        return _read_to_mark(worker) if marks else str(guess(worker, *arguments, **options))

    lambda_runtime.Worker._drain_stderr_bounded = drain


def _read_to_mark(worker: Any) -> str:
    lines: list[str] = []
    while True:
        try:
            line = worker._stderr_queue.get(timeout=_PATIENCE_SECONDS)
        except queue.Empty:
            break
        if line.endswith(_MARK):
            lines += filter(None, [line.removesuffix(_MARK)])
            break
        lines.append(line)
    return "\n".join(lines)
