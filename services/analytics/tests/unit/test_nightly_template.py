"""What the template promises of the nightly jobs on AWS, whatever the emulator makes of it."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from deploy import templates
from wotr_analytics.jobs import CleanUpJob, SummaryJob

ROOT = Path(__file__).resolve().parents[4]
TEMPLATE = templates.load(ROOT / "services" / "analytics" / "template.yml", ROOT)
JOBS = {"Summary": "DailySummary", "CleanUp": "CleanUp"}  # by what its queue and its function are called
OPS = [{"Fn::ImportValue": {"Fn::Sub": "wotr-platform-${Stage}-OpsTopicArn"}}]


def properties(name: str) -> dict[str, Any]:
    found: dict[str, Any] = TEMPLATE.resources[name]["Properties"]
    return found


def granted(role: str) -> dict[str, set[str]]:
    """The actions that a role's own policies allow, by statement."""
    statements = [
        each for policy in properties(role)["Policies"] for each in policy["PolicyDocument"]["Statement"]
    ]
    return {
        each["Sid"]: {each["Action"]} if isinstance(each["Action"], str) else set(each["Action"])
        for each in statements
    }


def lifecycle(template: Path, bucket: str) -> dict[str, Any]:
    loaded = templates.load(template, ROOT)
    rules = loaded.resources[bucket]["Properties"]["LifecycleConfiguration"]["Rules"]
    return next(rule for rule in rules if "ExpirationInDays" in rule)


def test_the_summary_is_due_at_five_and_every_job_once_a_day_in_utc() -> None:
    due = {job: properties(f"{job}Schedule") for job in JOBS}
    assert due["Summary"]["ScheduleExpression"] == "cron(0 5 * * ? *)"
    assert due["CleanUp"]["ScheduleExpression"].endswith(" * * ? *)")
    assert {each["ScheduleExpressionTimezone"] for each in due.values()} == {"UTC"}


@pytest.mark.parametrize(("job", "contract"), [("Summary", SummaryJob), ("CleanUp", CleanUpJob)])
def test_what_a_schedule_says_is_what_its_job_reads(job: str, contract: type[SummaryJob]) -> None:
    target = properties(f"{job}Schedule")["Target"]

    said = target["Input"].replace("<aws.scheduler.scheduled-time>", "2026-11-25T05:00:00Z")

    assert "<" not in said
    assert contract.model_validate_json(said).at().isoformat() == "2026-11-25T05:00:00+00:00"
    assert json.loads(said).keys() == {"scheduledAt"}
    assert target["Arn"] == {"Fn::GetAtt": [f"{job}Queue", "Arn"]}
    assert target["DeadLetterConfig"]["Arn"] == {"Fn::GetAtt": [f"{job}DeadLetterQueue", "Arn"]}


@pytest.mark.parametrize("job", JOBS)
def test_a_job_is_tried_three_times_and_never_while_it_runs(job: str) -> None:
    queue, function = properties(f"{job}Queue"), properties(f"{JOBS[job]}Function")
    (source,) = function["Events"].values()
    assert source["Properties"]["BatchSize"] == 1
    assert queue["RedrivePolicy"]["maxReceiveCount"] == 3
    assert queue["VisibilityTimeout"] >= 6 * function["Timeout"]


@pytest.mark.parametrize("job", JOBS)
def test_somebody_is_told_of_a_job_that_fails_is_given_up_or_never_ran(job: str) -> None:
    dead, errors, missed = (
        properties(name)
        for name in (f"{job}DeadLetterAlarm", f"{JOBS[job]}ErrorAlarm", f"{JOBS[job]}MissedAlarm")
    )
    assert dead["Dimensions"][0]["Value"] == {"Fn::GetAtt": [f"{job}DeadLetterQueue", "QueueName"]}
    assert errors["Dimensions"][0]["Value"] == {"Ref": f"{JOBS[job]}Function"}
    assert dead["AlarmActions"] == errors["AlarmActions"] == OPS
    # No data is what nobody ran looks like. Breaching would alarm a stage that is an hour old.
    assert missed["TreatMissingData"] == "missing"
    assert missed["InsufficientDataActions"] == OPS
    assert f'add_metric("{missed["MetricName"]}"' in handler(job).read_text(encoding="utf-8")
    span = timedelta(seconds=missed["Period"] * missed["EvaluationPeriods"])
    assert timedelta(hours=25) <= span <= timedelta(days=7)  # the most that CloudWatch looks back
    assert missed["Period"] >= 3600  # with less than an hour, it looks back a day


def test_schedules_may_send_to_their_jobs_queues_and_do_nothing_else() -> None:
    role = properties("ScheduleRole")
    statements = {each["Sid"]: each for each in role["Policies"][0]["PolicyDocument"]["Statement"]}
    assert granted("ScheduleRole") == {
        "TellJobs": {"sqs:SendMessage"},
        "EncryptedQueues": {"kms:Decrypt", "kms:GenerateDataKey"},
    }
    targets = [properties(f"{job}Schedule")["Target"] for job in JOBS]
    reached = [arn for target in targets for arn in (target["Arn"], target["DeadLetterConfig"]["Arn"])]
    assert statements["TellJobs"]["Resource"] == reached
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert trust["Condition"]["StringEquals"]["aws:SourceArn"] == {"Fn::GetAtt": ["ScheduleGroup", "Arn"]}


def handler(job: str) -> Path:
    *module, _function = str(properties(f"{JOBS[job]}Function")["Handler"]).split(".")
    return (ROOT / "services" / "analytics" / "src").joinpath(*module).with_suffix(".py")


def test_the_summary_may_read_the_index_and_write_reports_only() -> None:
    grants = granted("DailySummaryRole")
    assert grants["ReadWorkoutsOfADay"] == {"dynamodb:Query"}
    assert grants["KeepReports"] == {"s3:GetObject", "s3:PutObject"}
    assert "s3:DeleteObject" not in set[str]().union(*grants.values())
    (statement,) = [
        each
        for each in properties("DailySummaryRole")["Policies"][0]["PolicyDocument"]["Statement"]
        if each["Sid"] == "ReadWorkoutsOfADay"
    ]
    assert statement["Resource"]["Fn::Sub"][0] == "${WorkoutsTableArn}/index/GSI1"


def test_the_clean_up_may_read_no_log_and_write_nothing() -> None:
    grants = granted("CleanUpRole")
    assert grants["RemoveLogs"] == {"s3:DeleteObjectVersion"}
    assert grants["DeleteExpiredRequests"] == {"dynamodb:Scan", "dynamodb:DeleteItem"}
    assert grants["RemoveUploads"] == {"s3:GetObject", "s3:DeleteObject", "s3:DeleteObjectVersion"}
    actions = set[str]().union(*grants.values())
    assert {action for action in actions if ":Put" in action} == {"logs:PutLogEvents"}


def test_api_grants_the_clean_up_its_table_of_idempotency_keys_and_nothing_else() -> None:
    api = templates.load(ROOT / "services" / "api" / "template.yml", ROOT)
    policy = api.resources["CleanUpPolicy"]["Properties"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Action"] == ["dynamodb:Scan", "dynamodb:DeleteItem"]
    assert statement["Resource"] == {"Fn::GetAtt": ["IdempotencyTable", "Arn"]}
    parameter = api.resources["IdempotencyTableParameter"]["Properties"]
    assert parameter["Name"]["Fn::Sub"].endswith("/api/idempotency-table")
    asked = properties("CleanUpFunction")["Environment"]["Variables"]["IDEMPOTENCY_PARAMETER"]
    assert asked["Fn::Sub"][0].endswith("/api/idempotency-table")


def test_what_is_overdue_is_what_the_buckets_own_lifecycles_say() -> None:
    said = properties("CleanUpFunction")["Environment"]["Variables"]
    uploads = lifecycle(ROOT / "infra" / "data.yml", "UploadsBucket")
    assert int(said["UPLOADS_KEPT_DAYS"]) == uploads["ExpirationInDays"]
    assert int(said["UPLOADS_RESTORABLE_DAYS"]) == uploads["NoncurrentVersionExpiration"]["NoncurrentDays"]
    for logs in (
        lifecycle(ROOT / "infra" / "platform.yml", "AccessLogBucket"),
        lifecycle(ROOT / "services" / "analytics" / "template.yml", "ApiLogsBucket"),
    ):
        assert int(said["LOGS_KEPT_DAYS"]) == logs["ExpirationInDays"]
        assert logs["NoncurrentVersionExpiration"]["NoncurrentDays"] == 1


def test_recorded_requests_are_known_by_the_tables_own_key() -> None:
    from wotr_analytics.handlers import clean_up

    names = [each["AttributeName"] for each in properties("RequestsTable")["KeySchema"]]
    assert clean_up.requests()._key == names
