"""Reading parameters by path is allowed by a policy that names the path.

AWS: GetParametersByPath is checked against ``parameter/<path>``.
MiniStack: checks it against ``*``, so that only a role with access to everything may call it.
Bridge: name the path as the resource of the call.
"""

from __future__ import annotations

import json
from typing import Any

from ministack.core import iam_actions

from localcloud.gaps import Settings

TOUCHES = (
    "ministack.core.iam_actions:extract_resource_arn",
    "ministack.core.iam_actions:_action_from_target",
)


def apply(_settings: Settings) -> None:
    """Answer for this one action; every other resource stays MiniStack's to name."""
    extract = iam_actions.extract_resource_arn

    def extract_with_paths(*request: Any, **options: Any) -> str:
        service, _method, _path, headers, body, _query, region, account = request[:8]
        if service == "ssm" and iam_actions._action_from_target(headers) == "GetParametersByPath":
            try:
                parameters = str(json.loads(body)["Path"]).strip("/")
            except (ValueError, KeyError, TypeError):
                return "*"
            return f"arn:aws:ssm:{region}:{account}:parameter/{parameters}"
        return str(extract(*request, **options))

    iam_actions.extract_resource_arn = extract_with_paths
