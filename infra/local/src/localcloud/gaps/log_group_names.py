"""A log group without a name of its own is called after its stack.

AWS: `<stack>-<logical id>-<random>`, as with most resources, so that policies can mean all groups of a stage.
MiniStack: `/aws/cloudformation/<stack>/<logical id>`, which no such policy fits.
Bridge: give it the name that AWS would.
"""

from __future__ import annotations

from ministack.services.cloudformation import provisioners

from localcloud.gaps import Settings
from localcloud.provisioning import Properties, Provisioned

TOUCHES = (
    "ministack.services.cloudformation.provisioners:_RESOURCE_HANDLERS",
    "ministack.services.cloudformation.provisioners:_physical_name",
)

_LONGEST = 512


def apply(_settings: Settings) -> None:
    """Name a group when it is made, and keep that name when it is changed."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::Logs::LogGroup"]
    create, update = handlers["create"], handlers["update"]

    def create_named(logical_id: str, properties: Properties, stack: str) -> Provisioned:
        given = properties.get("LogGroupName")
        name = given or provisioners._physical_name(stack, logical_id, max_len=_LONGEST)
        made: Provisioned = create(logical_id, properties | {"LogGroupName": name}, stack)
        return made

    def update_named(name: str, old: Properties, new: Properties, *rest: str) -> Provisioned:
        if not old.get("LogGroupName") and not new.get("LogGroupName"):
            old, new = old | {"LogGroupName": name}, new | {"LogGroupName": name}
        changed: Provisioned = update(name, old, new, *rest)
        return changed

    handlers.update(create=create_named, update=update_named)
