"""Connections lead to repositories, and a push starts the pipelines that wait for it.

AWS: CodeConnections joins an account to a provider's repositories, which tell CodePipeline of each push.
MiniStack: knows no connections, no repositories and no pipelines.
Bridge: the API and the CloudFormation type; repositories are bare ones on this machine, whose hook notes each
push; a watcher takes the notes up in order and starts each pipeline whose trigger fits, once a push.
"""

from __future__ import annotations

from ministack.services.cloudformation import provisioners

from localcloud import connections, grants, services
from localcloud.gaps import Settings
from localcloud.pipelines import source_connection

TOUCHES = (
    *grants.TOUCHES,
    *services.TOUCHES,
    "ministack.services.cloudformation.provisioners:_RESOURCE_HANDLERS",
)


def apply(settings: Settings) -> None:
    """Serve the API and provision the type."""
    services.register(connections.SERVICE)
    provisioners._RESOURCE_HANDLERS[connections.TYPE] = connections.HANDLERS
    source_connection.use(settings.workspace / "repositories", settings.build_variables)
