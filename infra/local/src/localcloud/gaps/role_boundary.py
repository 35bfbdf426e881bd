"""A role made by CloudFormation has its permissions boundary.

AWS: the boundary limits what the role's policies can grant.
MiniStack: enforces a boundary that was set through the API and drops the one in a template.
Bridge: keep the template's boundary on the role, where the enforcement looks for it.
"""

from __future__ import annotations

from ministack.services import iam

from localcloud import provisioning
from localcloud.gaps import Settings

TOUCHES = (*provisioning.TOUCHES, "ministack.services.iam:_roles")


def apply(_settings: Settings) -> None:
    """Set, change and clear the boundary along with the role."""
    provisioning.after("AWS::IAM::Role", _set_boundary)


def _set_boundary(role: str, properties: provisioning.Properties) -> None:
    iam._roles[role]["PermissionsBoundary"] = properties.get("PermissionsBoundary")
