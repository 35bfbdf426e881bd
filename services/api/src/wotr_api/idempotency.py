"""`Idempotency-Key`: the same call again is answered as the first time, without being done again.

Loaded on the first call that carries a key: most callers send none. A repeated workout is harmless anyway, as
it is its user and its start; a repeated change is done once by workers too, by its command's id. What the
table adds: another call under the same key is noticed, whichever function it reaches, and the first answer is
given again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.idempotency import IdempotencyConfig, idempotent_function
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyAlreadyInProgressError,
    IdempotencyInconsistentStateError,
    IdempotencyPersistenceLayerError,
    IdempotencyValidationError,
)
from aws_lambda_powertools.utilities.idempotency.persistence.dynamodb import DynamoDBPersistenceLayer

from wotr_common import keys
from wotr_common.observability import logger
from wotr_common.problems import Problem, unavailable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEPT_S = 24 * 60 * 60


@dataclass(frozen=True)
class Call:
    """A call as its key sees it: `caller` scopes the key; under one key `payload` (JSON) must be the same."""

    caller: str
    key: str
    payload: object


class Once:
    """Remembers answers in `table` for a day."""

    def __init__(self, dynamodb: DynamoDBClient, table: str) -> None:
        self._answers = DynamoDBPersistenceLayer(
            table_name=table, key_attr=keys.PK, expiry_attr=keys.TTL, boto3_client=dynamodb
        )

    def run(self, call: Call, work: Callable[[], dict[str, Any]], context: Any) -> dict[str, Any]:
        """What `work` answers, or answered the first time; its exceptions pass and are not remembered.

        Problems: 409 where the key was used with another payload or its first call is still running, 503
        where the table does not answer.
        """
        config = IdempotencyConfig(
            event_key_jmespath="[caller, key]",
            payload_validation_jmespath="payload",
            raise_on_no_idempotency_key=True,
            expires_after_seconds=KEPT_S,
            hash_function="sha256",
            lambda_context=context,  # its remaining time says until when an unfinished call counts as running
        )

        def once(*, call: dict[str, object]) -> dict[str, Any]:  # noqa: ARG001 - the library reads it
            return work()

        # The prefix, not this function's name, is part of the stored key: renaming must forget no call. It
        # is the same for all functions: one key is one call, whichever of them it reaches.
        remembered: Callable[..., dict[str, Any]] = idempotent_function(
            once,
            data_keyword_argument="call",
            persistence_store=self._answers,
            config=config,
            key_prefix="accept",
        )
        try:
            return remembered(call={"caller": call.caller, "key": call.key, "payload": call.payload})
        except IdempotencyValidationError as error:
            raise Problem(409, "this Idempotency-Key was used with another body; take a new key") from error
        except IdempotencyAlreadyInProgressError as error:
            raise Problem(
                409, "the first call with this Idempotency-Key is still running", headers={"Retry-After": "1"}
            ) from error
        except (IdempotencyPersistenceLayerError, IdempotencyInconsistentStateError) as error:
            logger.error("idempotency table failed", exc_info=error)
            raise unavailable(
                "idempotency keys cannot be looked up just now; send the same call again"
            ) from error
