"""The session workflow as this service starts it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient


class Executions:
    """Executions of one state machine."""

    def __init__(self, states: SFNClient, state_machine_arn: str) -> None:
        self._states = states
        self._arn = state_machine_arn

    def start(self, name: str, given: Mapping[str, Any]) -> bool:
        """Start an execution; False where one of that name was started before. botocore's errors.

        A name is taken for 90 days after its execution ended. While that runs, AWS answers the same call with
        success.
        """
        try:
            self._states.start_execution(stateMachineArn=self._arn, name=name, input=json.dumps(given))
        except self._states.exceptions.ExecutionAlreadyExists:
            return False
        return True
