"""A reference to a secret is its ARN, and a generated secret keeps to what was asked for.

AWS: ``Ref`` of AWS::SecretsManager::Secret is the ARN, so that it can stand in a policy;
GenerateSecretString excludes and requires characters as GetRandomPassword does.
MiniStack: ``Ref`` is the name, which no policy matches; of the generator's settings only the length
and the excluded characters count, and the characters come from a guessable source.
Bridge: hand out the ARN as the physical id, translate it back, generate by GetRandomPassword.
"""

from __future__ import annotations

import json
from typing import Any

from ministack.services import secretsmanager
from ministack.services.cloudformation import provisioners

from localcloud.gaps import Settings
from localcloud.provisioning import Properties, Provisioned, call

_TYPE = "AWS::SecretsManager::Secret"

TOUCHES = (
    "ministack.services.cloudformation.provisioners:_RESOURCE_HANDLERS",
    "ministack.services.cloudformation.provisioners:_sm_secret_string",
    "ministack.services.secretsmanager:_secrets",
    "ministack.services.secretsmanager:_get_random_password",
)


def apply(_settings: Settings) -> None:
    """Replace the generator and wrap the three steps of a secret's life."""
    provisioners._sm_secret_string = _secret_string
    handlers = provisioners._RESOURCE_HANDLERS[_TYPE]
    create, update, delete = (handlers[step] for step in ("create", "update", "delete"))

    def create_with_arn(logical_id: str, properties: Properties, stack: str) -> Provisioned:
        return _by_arn(create(logical_id, properties, stack))

    def update_with_arn(arn: str, old: Properties, new: Properties, *rest: Any) -> Provisioned:
        return _by_arn(update(_name(arn), old, new, *rest))

    def delete_with_arn(arn: str, properties: Properties) -> None:
        delete(_name(arn), properties)

    handlers.update(create=create_with_arn, update=update_with_arn, delete=delete_with_arn)


def _by_arn(made: Provisioned) -> Provisioned:
    return made[1]["Arn"], made[1]


def _name(arn: str) -> str:
    return next((name for name, secret in secretsmanager._secrets.items() if secret["ARN"] == arn), arn)


def _secret_string(properties: Properties) -> str:
    wanted = properties.get("GenerateSecretString")
    if wanted is None:
        return str(properties.get("SecretString", ""))
    request = {name: _native(value) for name, value in wanted.items()}
    template, key = request.pop("SecretStringTemplate", None), request.pop("GenerateStringKey", None)
    generated = str(json.loads(call(secretsmanager._get_random_password, request))["RandomPassword"])
    if (template is None) != (key is None):
        raise ValueError("SecretStringTemplate and GenerateStringKey must be given together")
    return generated if template is None else json.dumps({**json.loads(template), key: generated})


def _native(value: Any) -> Any:
    """Numbers and booleans of a template may arrive as strings."""
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    return int(value) if isinstance(value, str) and value.isdecimal() else value
