"""Functions run on an interpreter of their own.

AWS: a function sees its runtime's packages (boto3) and what its zip brings along.
MiniStack: runs functions on the server's interpreter, so that the server's site-packages are
importable and a forgotten dependency goes unnoticed until the function fails on AWS.
Bridge: name the interpreter of the functions' environment as the runtime's binary.
"""

from __future__ import annotations

from ministack.core import lambda_runtime

from localcloud.gaps import Settings

TOUCHES = ("ministack.core.lambda_runtime:_detect_runtime_binary",)


def apply(settings: Settings) -> None:
    """Replace the interpreter for every ``python*`` runtime."""
    detect = lambda_runtime._detect_runtime_binary

    def detect_clean(runtime: str) -> tuple[str, str]:
        binary, script = detect(runtime)
        return (str(settings.functions_python), script) if runtime.startswith("python") else (binary, script)

    lambda_runtime._detect_runtime_binary = detect_clean
