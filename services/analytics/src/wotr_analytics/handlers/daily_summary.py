"""Function `daily_summary`: one day of everybody's workouts as a report, and earlier days put right."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from wotr_analytics import clients
from wotr_analytics.jobs import Clock, SummaryJob, read
from wotr_analytics.summaries import night, reports
from wotr_analytics.summaries.arrivals import LakeArrivals
from wotr_analytics.summaries.reports import Reports
from wotr_analytics.summaries.workouts import Workouts
from wotr_common.dead_letters import DeadLetters
from wotr_common.limits import LimitsReader
from wotr_common.observability import MetricUnit, logger, metrics
from wotr_common.settings import Settings


class DailySummarySettings(Settings):
    """Environment of the function."""

    workouts_table: str
    lake_bucket: str
    limits_path: str
    job_dead_letter_queue_url: str


settings = DailySummarySettings.load()
metrics.set_default_dimensions(stage=settings.wotr_stage)
limits = LimitsReader(clients.ssm(), settings.limits_path)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Make the report of a day, or do a night's work; the answer has the report and what was done."""
    job = read(event, SummaryJob, DeadLetters(clients.sqs(), settings.job_dead_letter_queue_url))
    if job is None:
        return {}
    workouts = Workouts(clients.dynamodb(), settings.workouts_table, limits.get().shards)
    stored = Reports(clients.s3(), settings.lake_bucket)
    day = job.yesterday()
    if job.day is not None:
        report, changed = night.make(day, workouts, stored)
        done = night.Night(report, [day] if changed else [], 0 if changed else 1, [])
    else:
        lake = LakeArrivals(clients.s3(), settings.lake_bucket)
        done = night.nightly(day, workouts, stored, lake, Clock(context).in_time)
        metrics.add_metric("DailySummaryRuns", MetricUnit.Count, 1)
        metrics.add_metric("DailySummariesWaiting", MetricUnit.Count, len(done.waiting))
    metrics.add_metric("DailySummariesWritten", MetricUnit.Count, len(done.written))
    said = {
        "written": [each.isoformat() for each in done.written],
        "unchanged": done.unchanged,
        "waiting": [each.isoformat() for each in done.waiting],
    }
    logger.info("summed up", day=day.isoformat(), done=said)
    return {**said, "bucket": settings.lake_bucket, "key": reports.key(day), "report": done.report}
