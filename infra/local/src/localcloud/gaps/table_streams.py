"""A function that reads a table's stream gets the error handling that its event source mapping asks for.

AWS: a failed batch is tried again from the first record that failed (ReportBatchItemFailures), in
halves (BisectBatchOnFunctionError), until the retries are used up or the records are too old;
then it is described to the OnFailure destination and the shard goes on.
MiniStack: takes partial failures for success and so loses the records, repeats a failed batch for
ever unless a maximum age is set, and holds up every other event source while the function runs.
Bridge: a poller of our own with these rules, each mapping on a thread of its own.
https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from ministack.core.arn import ArnParseError, parse_arn
from ministack.core.responses import _request_account_id, _request_region
from ministack.services import dynamodb, lambda_svc

from localcloud import saving
from localcloud.gaps import Settings

TOUCHES = (
    "ministack.services.lambda_svc:_apply_filter_criteria",
    "ministack.services.lambda_svc:_dispatch_esm_batch",
    "ministack.services.lambda_svc:_dynamodb_stream_positions",
    "ministack.services.lambda_svc:_dynamodb_stream_positions_lock",
    "ministack.services.lambda_svc:_dynamodb_stream_table_from_arn_spec",
    "ministack.services.lambda_svc:_esm_backoff_until",
    "ministack.services.lambda_svc:_esm_inflight",
    "ministack.services.lambda_svc:_execute_function",
    "ministack.services.lambda_svc:_get_func_record_for_qualifier",
    "ministack.services.lambda_svc:_iter_all_esms",
    "ministack.services.lambda_svc:_poll_dynamodb_streams",
    "ministack.services.lambda_svc:_send_ddb_stream_failure_record",
    "ministack.core.responses:_request_account_id",
    "ministack.core.responses:_request_region",
    "ministack.services.dynamodb:stream_start_position",
    "ministack.services.dynamodb:stream_end_position",
    "ministack.services.dynamodb:stream_records_since",
)

_PAUSE_SECONDS = 0.5

Mapping = dict[str, Any]
Record = dict[str, Any]


@dataclass
class _Trouble:
    """What is known of the batch at ``position`` that failed: tries so far, and how much to take next."""

    position: int
    tries: int
    size: int


_troubles: dict[str, _Trouble] = {}


def apply(_settings: Settings) -> None:
    """Take over the polling of table streams."""
    lambda_svc._poll_dynamodb_streams = _poll


def _poll() -> bool:
    """Start a batch for every mapping that has one waiting; tell whether there was any."""
    started = False
    for account, region, mapping in lambda_svc._iter_all_esms():
        account_token, region_token = _request_account_id.set(account), _request_region.set(region)
        try:
            started = _poll_one(mapping) or started
        finally:
            _request_account_id.reset(account_token)
            _request_region.reset(region_token)
    return started


def _poll_one(mapping: Mapping) -> bool:
    name = mapping["UUID"]
    table = _table(mapping)
    if (
        table is None
        or not mapping.get("Enabled", True)
        or lambda_svc._esm_inflight.get(name, 0)
        or lambda_svc._esm_backoff_until.get(name, 0) > time.time()
    ):
        return False
    function, _config = lambda_svc._get_func_record_for_qualifier(
        mapping["FunctionName"], mapping.get("Qualifier")
    )
    position = _position(mapping, table)
    trouble = _troubles.get(name)
    if trouble is None or trouble.position != position:
        trouble = _Trouble(position, tries=0, size=int(mapping.get("BatchSize", 100)))
    records = dynamodb.stream_records_since(table, position, trouble.size)
    if function is None or not records:
        return False
    lambda_svc._dispatch_esm_batch(name, _run, mapping, function, records, trouble)
    return True


def _table(mapping: Mapping) -> str | None:
    """The table whose current stream the mapping reads, None for any other source."""
    try:
        source = parse_arn(mapping.get("EventSourceArn", ""))
    except ArnParseError:
        return None
    found = lambda_svc._dynamodb_stream_table_from_arn_spec(source) if source.service == "dynamodb" else None
    if found is None:
        return None
    table = dynamodb._tables.get(found[0])
    current = table is not None and table.get("LatestStreamArn") == mapping["EventSourceArn"]
    return str(found[0]) if current else None


def _position(mapping: Mapping, table: str) -> int:
    horizon, end = dynamodb.stream_start_position(table), dynamodb.stream_end_position(table)
    first = horizon if mapping.get("StartingPosition") == "TRIM_HORIZON" else end
    with lambda_svc._dynamodb_stream_positions_lock:
        positions = lambda_svc._dynamodb_stream_positions
        positions[mapping["UUID"]] = max(positions.get(mapping["UUID"], first), horizon)
        return int(positions[mapping["UUID"]])


def _run(mapping: Mapping, function: Mapping, records: list[Record], trouble: _Trouble) -> None:
    """Call the function with the records that pass the filter, and move on as far as it came."""
    wanted = lambda_svc._apply_filter_criteria(records, mapping)
    result = lambda_svc._execute_function(function, {"Records": wanted}) if wanted else {}
    done = _done(mapping, records, wanted, result)
    failing = records[done:]
    progress = any(record in wanted for record in records[:done])
    reason = _given_up(mapping, trouble, failing, progress=progress)
    if reason is not None:
        poison = [record for record in failing if record in wanted]
        lambda_svc._send_ddb_stream_failure_record(
            mapping, function, poison, mapping["EventSourceArn"], result, reason
        )
        done, failing = len(records), []
    with lambda_svc._dynamodb_stream_positions_lock:
        lambda_svc._dynamodb_stream_positions[mapping["UUID"]] = trouble.position + done
    if not failing:
        _troubles.pop(mapping["UUID"], None)
        mapping["LastProcessingResult"] = f"OK - {len(wanted)} records"
        return
    mapping["LastProcessingResult"] = "PROBLEM: Function call failed"
    following = _next_try(mapping, trouble, failing, progress=progress)
    following.position += done
    _troubles[mapping["UUID"]] = following
    lambda_svc._esm_backoff_until[mapping["UUID"]] = time.time() + _PAUSE_SECONDS


def _done(mapping: Mapping, records: list[Record], wanted: list[Record], result: Mapping) -> int:
    """Number of leading records that need no further call."""
    if not wanted:
        return len(records)
    if result.get("error"):
        return records.index(wanted[0])
    body = result.get("body")
    if "ReportBatchItemFailures" not in (mapping.get("FunctionResponseTypes") or []) or not body:
        return len(records)
    numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
    failed = [failure.get("itemIdentifier") for failure in body.get("batchItemFailures") or []]
    # An identifier that is none of the batch's fails all of it, as on AWS.
    return min((numbers.index(number) if number in numbers else 0 for number in failed), default=len(records))


def _given_up(mapping: Mapping, trouble: _Trouble, failing: list[Record], *, progress: bool) -> str | None:
    """Why the failing records are not tried again, None while they are."""
    if not failing or saving.ending.is_set():
        return None  # what breaks off with the server is read again after its next start
    age = time.time() - float(failing[0]["dynamodb"]["ApproximateCreationDateTime"])
    if 0 < int(mapping.get("MaximumRecordAgeInSeconds") or -1) < age:
        return "MaxRecordAgeExceeded"
    if progress or (_bisects(mapping) and len(failing) > 1):
        return None
    retries = int(mapping.get("MaximumRetryAttempts", -1))
    return "RetryAttemptsExhausted" if 0 <= retries <= trouble.tries else None


def _next_try(mapping: Mapping, trouble: _Trouble, failing: list[Record], *, progress: bool) -> _Trouble:
    if progress:
        return _Trouble(trouble.position, tries=0, size=len(failing))
    if _bisects(mapping) and len(failing) > 1:
        return _Trouble(trouble.position, tries=trouble.tries, size=len(failing) // 2)
    return _Trouble(trouble.position, tries=trouble.tries + 1, size=len(failing))


def _bisects(mapping: Mapping) -> bool:
    return str(mapping.get("BisectBatchOnFunctionError", False)).lower() == "true"
