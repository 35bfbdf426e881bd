"""The launcher refuses a MiniStack that its bridges do not fit, before anything is served."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from localcloud import environments

SOURCE = Path(__file__).resolve().parents[1] / "src"
BRIDGE = """
from pathlib import Path
from localcloud.gaps import Settings
from localcloud.launcher import bridge
bridge(Settings(functions_python=Path("python")), without=[])
"""


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (
            "from ministack.services.cloudformation import provisioners; del provisioners._sm_secret_string",
            "ministack.services.cloudformation.provisioners:_sm_secret_string (gap secret_references)",
        ),
        (
            "import ministack.core.responses as responses; del responses._request_region",
            "(gap table_streams)",
        ),
        (
            "import ministack.core.lambda_runtime as runtime; runtime._PYTHON_WORKER_SCRIPT = 'another'",
            "gap log_wait",
        ),
    ],
)
def test_what_a_release_lacks_is_named_with_the_gap_that_needs_it(
    root: Path, change: str, named: str
) -> None:
    made = environments.prepare(root / ".wotr" / "environments")
    done = subprocess.run(
        [made.server, "-c", change + BRIDGE],
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(SOURCE)},
    )
    assert done.returncode == 1
    assert named in done.stderr
    assert "Traceback" not in done.stderr
