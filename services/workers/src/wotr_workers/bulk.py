"""Imports that are too large for a function: the state machine that runs them in a container."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from wotr_workers.uploads import Upload

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

# An execution's name may have 80 characters.
_ID_SHOWN = 40
_DIGEST = 32


class BulkImports:
    """Starts the state machine `arn` for uploads of more than `most_bytes`."""

    def __init__(self, states: SFNClient, arn: str, most_bytes: int) -> None:
        self._states = states
        self._arn = arn
        self._most_bytes = most_bytes

    def takes(self, upload: Upload) -> bool:
        """Whether it is for a container."""
        return upload.size > self._most_bytes

    def start(self, upload: Upload, event: str) -> bool:
        """Start an execution with S3's `event` as input; False where this upload has had one.

        botocore's errors where AWS fails: worth another try.
        """
        try:
            self._states.start_execution(stateMachineArn=self._arn, name=execution_name(upload), input=event)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
                raise
            return False
        return True


def execution_name(upload: Upload) -> str:
    """The same for the same upload, so that its event may come twice; begins with the import's id."""
    digest = hashlib.sha256(f"{upload.key}\0{upload.version}".encode()).hexdigest()
    return f"{upload.import_id[:_ID_SHOWN]}-{digest[:_DIGEST]}"
