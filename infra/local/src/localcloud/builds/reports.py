"""Report groups and reports: the operations on them, and how a build adds to them."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from localcloud import grants
from localcloud.builds import records, report_files
from localcloud.builds.buildspec import REPORT_FORMATS, Report
from localcloud.builds.matching import matched
from localcloud.builds.pages import page
from localcloud.services import Body, Operation, Refusal

_KEPT_SECONDS = 30 * 24 * 3600
_NO_EXPORT = {"exportConfigType": "NO_EXPORT"}
_MORE_FOR = {"TEST": "BatchPutTestCases", "CODE_COVERAGE": "BatchPutCodeCoverages"}


class NotAllowed(Exception):
    """The build's role may not make a report."""


def group_key(arn: str) -> str:
    """The name of a group, from its ARN or that of one of its reports."""
    return arn.partition(":report-group/")[2] or arn.partition(":report/")[2].partition(":")[0] or arn


def create_group(request: Body) -> Body:
    """CreateReportGroup."""
    name = request["name"]
    _only_without_export(request["exportConfig"])
    if name in records.groups:
        raise Refusal("ResourceAlreadyExistsException", f"there is a report group {name} already")
    records.groups[name] = _group(name, request["type"], request.get("tags", []))
    return {"reportGroup": records.told(records.groups, name)}


def _group(name: str, kind: str, tags: list[Body]) -> Body:
    now = time.time()
    return {
        "arn": records.arn(f"report-group/{name}"),
        "name": name,
        "type": kind,
        "exportConfig": dict(_NO_EXPORT),
        "created": now,
        "lastModified": now,
        "tags": tags,
        "status": "ACTIVE",
    }


def _only_without_export(config: Body) -> None:
    if config.get("exportConfigType", "NO_EXPORT") != "NO_EXPORT":
        raise Refusal("InvalidInputException", "exportConfig S3 is not there on the local cloud")


def update_group(request: Body) -> Body:
    """UpdateReportGroup."""
    name = group_key(request["arn"])
    records.found(records.groups, name, "report group")
    _only_without_export(request.get("exportConfig", {}))
    with records.change(records.groups, name) as group:
        group |= {"tags": request.get("tags", group["tags"]), "lastModified": time.time()}
    return {"reportGroup": records.told(records.groups, name)}


def delete_group(request: Body) -> Body:
    """DeleteReportGroup."""
    name = group_key(request["arn"])
    inside = _of_group(name)
    if inside and not request.get("deleteReports"):
        raise Refusal("InvalidInputException", f"{name} has reports: say deleteReports, or delete them first")
    for report in inside:
        _forget(report["arn"])
    records.groups.pop(name, None)
    return {}


def _of_group(name: str) -> list[Body]:
    with records.lock:
        return [each for each in records.reports.values() if group_key(each["arn"]) == name]


def _forget(arn: str) -> None:
    records.reports.pop(arn, None)
    records.details.pop(arn, None)


def get_groups(request: Body) -> Body:
    """BatchGetReportGroups."""
    arns = request["reportGroupArns"]
    known = [arn for arn in arns if group_key(arn) in records.groups]
    return {
        "reportGroups": [records.told(records.groups, group_key(arn)) for arn in known],
        "reportGroupsNotFound": [arn for arn in arns if arn not in known],
    }


def list_groups(request: Body) -> Body:
    """ListReportGroups."""
    key = {"CREATED_TIME": "created", "LAST_MODIFIED_TIME": "lastModified"}.get(
        request.get("sortBy", ""), "name"
    )
    with records.lock:
        groups = sorted(records.groups.values(), key=lambda each: each[key])
    return page(request, "reportGroups", [each["arn"] for each in groups])


def get_reports(request: Body) -> Body:
    """BatchGetReports."""
    arns = request["reportArns"]
    known = [arn for arn in arns if arn in records.reports]
    return {
        "reports": [records.told(records.reports, arn) for arn in known],
        "reportsNotFound": [arn for arn in arns if arn not in known],
    }


def list_reports(request: Body) -> Body:
    """ListReports, and ListReportsForReportGroup."""
    wanted = request.get("filter", {}).get("status")
    if "reportGroupArn" in request:
        name = group_key(request["reportGroupArn"])
        records.found(records.groups, name, "report group")
        found = _of_group(name)
    else:
        with records.lock:
            found = list(records.reports.values())
    found = sorted(
        (each for each in found if wanted in (None, each["status"])), key=lambda each: each["created"]
    )
    return page({"sortOrder": "DESCENDING"} | request, "reports", [each["arn"] for each in found])


def delete_report(request: Body) -> Body:
    """DeleteReport."""
    _forget(request["arn"])
    return {}


def _details(arn: str) -> list[Body]:
    records.found(records.reports, arn, "report")
    told: list[Body] = records.told(records.details, arn)  # type: ignore[assignment]
    return told


def test_cases(request: Body) -> Body:
    """DescribeTestCases."""
    asked = request.get("filter", {})
    cases = [
        {"reportArn": request["reportArn"], **each}
        for each in _details(request["reportArn"])
        if asked.get("status") in (None, each["status"]) and asked.get("keyword", "") in each["name"]
    ]
    return page(request, "testCases", cases)


def coverages(request: Body) -> Body:
    """DescribeCodeCoverages."""
    low, high = request.get("minLineCoveragePercentage", 0), request.get("maxLineCoveragePercentage", 100)
    by = "filePath" if request.get("sortBy") == "FILE_PATH" else "lineCoveragePercentage"
    files = [
        {"reportARN": request["reportArn"], "id": each["filePath"], **each}
        for each in _details(request["reportArn"])
        if low <= each["lineCoveragePercentage"] <= high
    ]
    return page(request, "codeCoverages", sorted(files, key=lambda each: each[by]))


def add(report: Report, source: Path, build: Body, note: Callable[[str], None]) -> str:
    """Make a report of a build's files; returns its ARN, "" where there are no files. NotAllowed."""
    base = source / report.files.base
    paths = [base / path for path in matched(base, report.files.patterns, report.files.exclude)]
    if not paths:
        note(f"No file of the report {report.group}: {', '.join(report.files.patterns)}")
        return ""
    name = group_key(report.group) if ":" in report.group else f"{build['projectName']}-{report.group}"
    kind = REPORT_FORMATS[report.format]
    _ask(build["serviceRole"], name, kind)
    with records.lock:
        group = records.groups.setdefault(name, _group(name, kind, []))
    if group["type"] != kind:
        raise NotAllowed(f"the report group {name} is for {group['type']}, and {report.format} is {kind}")
    try:
        told = report_files.read(report.format, paths)
        result = report_files.summary(kind, told)
    except report_files.Unreadable as error:
        note(f"The report {name} is not complete: {error}")
        told, result = [], {"status": "INCOMPLETE"}
    return _store(name, kind, build, told, result)


def _store(name: str, kind: str, build: Body, told: list[Any], result: Body) -> str:
    now = time.time()
    arn = records.arn(f"report/{name}:{uuid.uuid4()}")
    expires = {"expired": now + _KEPT_SECONDS}
    records.details[arn] = [{**each, **expires} for each in told]
    records.reports[arn] = {
        "arn": arn,
        "type": kind,
        "name": name,
        "reportGroupArn": records.arn(f"report-group/{name}"),
        "executionId": build["arn"],
        "created": now,
        **expires,
        "exportConfig": dict(_NO_EXPORT),
        "truncated": False,
        **result,
    }
    return arn


def _ask(role: str, name: str, kind: str) -> None:
    actions = ["CreateReport", "UpdateReport", _MORE_FOR[kind]]
    if name not in records.groups:
        actions.insert(0, "CreateReportGroup")
    for action in actions:
        if not grants.may(role, f"codebuild:{action}", records.arn(f"report-group/{name}")):
            raise NotAllowed(f"{role} may not codebuild:{action} on report-group/{name}")


OPERATIONS: dict[str, Operation] = {
    "CreateReportGroup": create_group,
    "UpdateReportGroup": update_group,
    "DeleteReportGroup": delete_group,
    "BatchGetReportGroups": get_groups,
    "ListReportGroups": list_groups,
    "BatchGetReports": get_reports,
    "ListReports": list_reports,
    "ListReportsForReportGroup": list_reports,
    "DeleteReport": delete_report,
    "DescribeTestCases": test_cases,
    "DescribeCodeCoverages": coverages,
}
