"""A database instance whose master password RDS manages has a secret with it.

AWS: with ManageMasterUserPassword, RDS keeps the master user's name and password in a secret of its own,
whose ARN is the attribute MasterUserSecret.SecretArn.
MiniStack: does so for clusters; for an instance made by CloudFormation there is neither secret nor attribute.
Bridge: make the secret with the instance and delete it with it.
Not bridged: the server. An instance is a record; whoever wants to connect brings a PostgreSQL along.
"""

from __future__ import annotations

import json
from typing import Any

from ministack.core.responses import new_uuid
from ministack.services import rds, secretsmanager
from ministack.services.cloudformation import provisioners

from localcloud.gaps import Settings
from localcloud.provisioning import Properties, Provisioned

TOUCHES = (
    "ministack.services.cloudformation.provisioners:_RESOURCE_HANDLERS",
    "ministack.services.rds:_generate_master_user_password",
    "ministack.services.rds:_instances",
    "ministack.services.secretsmanager:create_secret_in_process",
    "ministack.services.secretsmanager:delete_secret_in_process",
)
_TYPE = "AWS::RDS::DBInstance"
_ATTRIBUTE = "MasterUserSecret.SecretArn"


def apply(_settings: Settings) -> None:
    """Wrap the three steps of an instance's life."""
    handlers = provisioners._RESOURCE_HANDLERS[_TYPE]
    create, update, delete = (handlers[step] for step in ("create", "update", "delete"))

    def create_with_secret(logical_id: str, properties: Properties, stack: str) -> Provisioned:
        return _with_secret(create(logical_id, properties, stack), properties)

    def update_with_secret(instance: str, old: Properties, new: Properties, *rest: Any) -> Provisioned:
        return _with_secret(update(instance, old, new, *rest), new)

    def delete_with_secret(instance: str, properties: Properties) -> None:
        kept = (rds._instances.get(instance) or {}).get("MasterUserSecret")
        delete(instance, properties)
        if kept:
            secretsmanager.delete_secret_in_process(kept["SecretArn"])

    handlers.update(create=create_with_secret, update=update_with_secret, delete=delete_with_secret)


def _with_secret(made: Provisioned, properties: Properties) -> Provisioned:
    name, attributes = made
    if str(properties.get("ManageMasterUserPassword", "")).lower() != "true":
        return made
    instance = rds._instances[name]
    if "MasterUserSecret" not in instance:
        password = rds._generate_master_user_password()
        text = json.dumps({"username": properties["MasterUsername"], "password": password})
        arn = secretsmanager.create_secret_in_process(f"rds!db-{new_uuid()}", text, description=f"Of {name}")
        key = (properties.get("MasterUserSecret") or {}).get("KmsKeyId", "")
        told = {"SecretArn": arn, "KmsKeyId": key}
        told["SecretStatus"] = "active"  # pragma: allowlist secret - a status
        instance["MasterUserSecret"] = told
        instance["_MasterUserPassword"] = password
    return name, {**attributes, _ATTRIBUTE: instance["MasterUserSecret"]["SecretArn"]}
