"""The enrolment queue of workers as this service sees it: it can send, nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from wotr_common.messages import Command
from wotr_common.observability import logger

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


class EnrolmentQueue:
    """Sends to the queue at `url` who was confirmed."""

    def __init__(self, sqs: SQSClient, url: str) -> None:
        self._sqs = sqs
        self._url = url

    def ask(self, user_id: str, correlation_id: str) -> bool:
        """Whether the queue has it; where it has not, the log says why.

        The same athlete may be asked for again: workers do nothing where there is a profile.
        """
        command = Command(
            name="profile.change",
            user_id=user_id,
            command_id=f"enrol-{user_id}"[:64],
            correlation_id=correlation_id,
            arguments={"profile": {}},
        )
        try:
            self._sqs.send_message(
                QueueUrl=self._url,
                MessageBody=command.text(),
                MessageAttributes={"correlationId": {"DataType": "String", "StringValue": correlation_id}},
            )
        except (BotoCoreError, ClientError):
            logger.exception("no profile was asked for", user_id=user_id)
            return False
        return True
