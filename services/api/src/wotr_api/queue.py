"""The workout queue as this service sees it: it can send, nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wotr_common.messages import AcceptedWorkout

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


class WorkoutQueue:
    """Sends accepted workouts to `url`."""

    def __init__(self, sqs: SQSClient, url: str) -> None:
        self._sqs = sqs
        self._url = url

    def send(self, message: AcceptedWorkout) -> None:
        """Return once the queue has the message; botocore's exceptions where it has not."""
        self._sqs.send_message(
            QueueUrl=self._url,
            MessageBody=message.text(),
            MessageAttributes={
                "correlationId": {"DataType": "String", "StringValue": message.correlation_id}
            },
        )
