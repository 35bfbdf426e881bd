"""CodePipeline: pipelines of templates run, and their API answers.

AWS: carries revisions through stages of actions, see the README's section on pipelines.
MiniStack: has no such service, and refuses templates with a pipeline.
Bridge: ``localcloud.pipelines``. Every action acts with the role that the pipeline names for it. An execution
mode, property, provider or configuration key that is not there is refused, by name, when a pipeline is made.
"""

from __future__ import annotations

from ministack.services.cloudformation import provisioners

from localcloud import services
from localcloud.gaps import Settings
from localcloud.pipelines import api, engine, lifecycle, resource

TOUCHES = (
    *services.TOUCHES,
    *engine.TOUCHES,
    *lifecycle.TOUCHES,
    *resource.TOUCHES,
)


def apply(_settings: Settings) -> None:
    """Serve the API and let CloudFormation make pipelines."""
    services.register(api.service())
    provisioners._RESOURCE_HANDLERS["AWS::CodePipeline::Pipeline"] = resource.HANDLERS
    engine.begin()
