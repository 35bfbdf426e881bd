"""What another try may cure, told from what it cannot: the state machine goes by the exception's name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NotConnected

from wotr_workers.store.items import NotRead

_PASSING = {
    "InternalServerError",
    "ProvisionedThroughputExceeded",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "ThrottlingError",
    "ThrottlingException",
    "TransactionConflict",
    "TransactionConflictException",
    "TransactionInProgressException",
}


class TryAgain(Exception):
    """AWS is too busy, or out of reach for now. The name stands in the state machine's Retry."""


@contextmanager
def worth_retrying() -> Iterator[None]:
    """Turn what a call meets in passing into TryAgain; all else stays what it is."""
    try:
        yield
    except (NotRead, NotConnected, HTTPClientError) as error:
        raise TryAgain(str(error)) from error
    except ClientError as error:
        if not _passes(error.response):
            raise
        raise TryAgain(str(error)) from error


def _passes(answer: Mapping[str, Any]) -> bool:
    codes = {answer["Error"]["Code"]}
    codes |= {str(reason.get("Code")) for reason in answer.get("CancellationReasons", [])}
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return bool(codes & _PASSING) or status >= 500
