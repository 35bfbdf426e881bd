"""A deployed stage as its callers see it: outputs, signed calls, signed-in athletes, uploads.

Used by the black-box tests, the demo and the scripts. It works alike on AWS and on the local cloud;
credentials, region and endpoint come from the environment.
"""

from stage_client.answers import Answer, Request, StageError
from stage_client.hosted_ui import HostedUi, SignIn, Tokens
from stage_client.imports import Import, upload
from stage_client.stage import Athlete, Stage
from stage_client.topic_listener import TopicListener

__all__ = [
    "Answer",
    "Athlete",
    "HostedUi",
    "Import",
    "Request",
    "SignIn",
    "Stage",
    "StageError",
    "Tokens",
    "TopicListener",
    "upload",
]
