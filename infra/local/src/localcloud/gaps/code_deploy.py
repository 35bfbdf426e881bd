"""CodeDeploy shifts the traffic of Lambda aliases.

AWS: a deployment moves an alias to a new version all at once, by canary or step by step, asks functions
before and after, watches alarms, and takes the traffic back by itself.
MiniStack: has no such service, and refuses its resource types.
Bridge: the service with its API (``localcloud.deployments``) and the types Application, DeploymentGroup and
DeploymentConfig. A minute of its intervals takes as long as one of the alarms'. A deployment that a stop of
the server cuts off is ended as failed after the next start, and its alias put back.
https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-steps-lambda.html
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from ministack.core.responses import request_scope
from ministack.services.cloudformation import provisioners

from localcloud import service_roles, services, startup
from localcloud.deployments import api, resources, shift, store
from localcloud.gaps import Settings
from localcloud.services import Body

TOUCHES = (
    *services.TOUCHES,
    *service_roles.TOUCHES,
    *resources.TOUCHES,
    "ministack.core.responses:AccountRegionScopedDict",
    "ministack.core.responses:request_scope",
    "ministack.services.cloudformation.provisioners:_RESOURCE_HANDLERS",
)


def apply(settings: Settings) -> None:
    """Serve it, and let templates make what it knows."""
    service = api.service(settings.minute)

    def load_and_end(saved: dict[str, Any]) -> None:
        service.load(saved)
        cut_off = [(key, record) for key, record in store.deployments.all_items() if not store.ended(record)]
        if cut_off:
            startup.afterwards(partial(_end, cut_off))

    services.register(replace(service, load=load_and_end))
    for name, handlers in resources.HANDLERS.items():
        provisioners._RESOURCE_HANDLERS.setdefault(name, handlers)


def _end(cut_off: list[tuple[tuple[str, str, str], Body]]) -> None:
    for (account, region, _id), record in cut_off:
        with request_scope(account, region):
            shift.end_interrupted(record)
