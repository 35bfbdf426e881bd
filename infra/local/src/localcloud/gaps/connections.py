"""Connections lead to repositories, and a push starts the pipelines that wait for it.

AWS: CodeConnections joins an account to a provider's repositories, which tell CodePipeline of each push.
MiniStack: knows no connections, no repositories and no pipelines.
Bridge: the API and the CloudFormation type; repositories are bare ones on this machine, whose hook notes each
push; a watcher takes the notes up in order and starts each pipeline whose trigger fits, once a push.
"""

from __future__ import annotations

import logging
from functools import partial

from ministack.core.responses import request_scope
from ministack.services.cloudformation import provisioners

from localcloud import clock, connections, grants, pushes, services, startup
from localcloud.gaps import Settings
from localcloud.pipelines import definitions, executions, source_connection, triggers

TOUCHES = (
    *grants.TOUCHES,
    *services.TOUCHES,
    "ministack.services.cloudformation.provisioners:_RESOURCE_HANDLERS",
)

_SECONDS = 0.2

_log = logging.getLogger("localcloud")


def apply(settings: Settings) -> None:
    """Serve the API, provision the type, and look for pushes once it is known which ones were taken up."""
    services.register(connections.SERVICE)
    provisioners._RESOURCE_HANDLERS[connections.TYPE] = connections.HANDLERS
    folder = settings.workspace / "repositories"
    source_connection.use(folder, settings.build_variables)
    watch = partial(pushes.watch, folder, settings.build_variables, _start)
    startup.afterwards(lambda: clock.every(_SECONDS, watch))


def _start(push: triggers.Push) -> None:
    for pipeline in definitions.everywhere():
        connection = triggers.started(pipeline.definition, push)
        if connection is None:
            continue
        with request_scope(pipeline.account, pipeline.region):
            try:
                executions.start(
                    pipeline.name,
                    trigger={"triggerType": "WebhookV2", "triggerDetail": connection},
                    source_revision=push.commit,
                )
            except services.Refusal:
                _log.exception("%s of %s starts no execution of %s", push.commit, push.name, pipeline.name)
