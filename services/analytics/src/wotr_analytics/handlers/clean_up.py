"""Function `clean_up`: removes what lifecycles and times to live should have removed by now."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from wotr_analytics import clients
from wotr_analytics.cleaning.items import Items
from wotr_analytics.cleaning.objects import Objects
from wotr_analytics.cleaning.overdue import Rule
from wotr_analytics.cleaning.run import Incomplete, clean_up
from wotr_analytics.jobs import CleanUpJob, Clock, read
from wotr_common import keys
from wotr_common.dead_letters import DeadLetters
from wotr_common.observability import MetricUnit, logger, metrics
from wotr_common.settings import Settings


class CleanUpSettings(Settings):
    """Environment of the function."""

    uploads_bucket: str
    access_log_bucket: str
    api_logs_bucket: str
    uploads_kept_days: int
    uploads_restorable_days: int
    logs_kept_days: int
    requests_table: str
    idempotency_parameter: str
    job_dead_letter_queue_url: str


settings = CleanUpSettings.load()
metrics.set_default_dimensions(stage=settings.wotr_stage)


def uploads() -> Objects:
    """Exports that athletes handed in: their rows are in the table."""
    kept, restorable = (
        timedelta(days=days) for days in (settings.uploads_kept_days, settings.uploads_restorable_days)
    )
    return Objects(clients.s3(), settings.uploads_bucket, "uploads/", Rule(kept, restorable, hides=True))


def access_logs() -> Objects:
    """Who read and wrote the buckets."""
    return _logs(settings.access_log_bucket)


def api_logs() -> Objects:
    """Who called the collector."""
    return _logs(settings.api_logs_bucket)


def _logs(bucket: str) -> Objects:
    rule = Rule(timedelta(days=settings.logs_kept_days), timedelta(days=1), hides=False)
    return Objects(clients.s3(), bucket, "", rule)


def idempotency_records() -> Items | None:
    """What api remembers of calls; None where api, which comes after this stack, is not there yet."""
    try:
        found = clients.ssm().get_parameter(Name=settings.idempotency_parameter)
    except clients.ssm().exceptions.ParameterNotFound:
        return None
    return Items(clients.dynamodb(), found["Parameter"]["Value"], [keys.PK])


def requests() -> Items:
    """What the collector recorded."""
    return Items(clients.dynamodb(), settings.requests_table, ["requestId", "receivedAt"])


PLACES: dict[str, Callable[[], Objects | Items | None]] = {
    "Uploads": uploads,
    "AccessLogs": access_logs,
    "ApiLogs": api_logs,
    "IdempotencyRecords": idempotency_records,
    "Requests": requests,
}


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Clean up, and answer with the counts of each place; Incomplete where something could not be removed."""
    job = read(event, CleanUpJob, DeadLetters(clients.sqs(), settings.job_dead_letter_queue_url))
    if job is None:
        return {}
    now = min(job.at(), datetime.now(UTC))  # nothing that is sent can make anything older than it is
    tallies, wrong = clean_up(PLACES, now, Clock(context).in_time, dry=job.dry_run)
    said = {
        name: {
            "found": tally.found,
            "removed": tally.removed,
            "failed": tally.failed,
            "finished": tally.finished,
        }
        for name, tally in tallies.items()
    }
    logger.info("cleaned up", dry_run=job.dry_run, places=said)
    if not job.dry_run:
        for name, tally in tallies.items():
            metrics.add_metric(f"Overdue{name}Removed", MetricUnit.Count, tally.removed)
        unfinished = sum(not tally.finished for tally in tallies.values())
        metrics.add_metric("CleanUpUnfinished", MetricUnit.Count, unfinished)
    if wrong:
        raise Incomplete("; ".join(wrong))
    if not job.dry_run:
        metrics.add_metric("CleanUpRuns", MetricUnit.Count, 1)
    return {"dryRun": job.dry_run, "places": said}
