"""The function of workers that makes changes, as this service sees it: it can be asked, nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from wotr_api.commands import NoOutcome
from wotr_common.messages import Command, Outcome

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient


class CommandFunction:
    """Asks the function behind the alias `arn`, and waits for what it says."""

    def __init__(self, functions: LambdaClient, arn: str) -> None:
        self._functions = functions
        self._arn = arn

    def run(self, command: Command) -> Outcome:
        """The outcome of `command`; NoOutcome or botocore's exceptions where there is none."""
        answer = self._functions.invoke(FunctionName=self._arn, Payload=command.text().encode())
        said = answer["Payload"].read()
        if answer.get("FunctionError"):
            raise NoOutcome(f"{answer['FunctionError']}: {said[:1000].decode(errors='replace')}")
        try:
            return Outcome.model_validate_json(said)
        except ValidationError as error:
            raise NoOutcome(f"not an outcome: {said[:1000].decode(errors='replace')}") from error
