"""The laptop's AWS: MiniStack in an environment of its own, with the gaps closed that wotr depends on.

Standard library only: the same package is imported by whoever starts the cloud and, inside the
server's environment, by the launcher.
"""

from __future__ import annotations

from localcloud.errors import LocalCloudError
from localcloud.server import LocalCloud

__all__ = ["LocalCloud", "LocalCloudError"]
