"""What files of test and coverage reports tell: JUnit's XML and Cobertura's (standard library only)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

Told = list[dict[str, Any]]
_LONGEST = 5_000  # characters of a test's message


class Unreadable(Exception):
    """A file is not what its format says; the message names it."""


def read(form: str, paths: Iterable[Path]) -> Told:
    """Test cases or covered files, as DescribeTestCases and DescribeCodeCoverages tell them; Unreadable."""
    reader = {"JUNITXML": _cases, "COBERTURAXML": _coverages}[form]
    return [told for path in paths for told in reader(_root(path), path.name)]


def _root(path: Path) -> ElementTree.Element:
    content = path.read_bytes()
    if b"<!ENTITY" in content:
        raise Unreadable(f"{path.name} has entities of its own")
    try:
        return ElementTree.fromstring(content)  # noqa: S314 - without entities, and the builder's own file
    except ElementTree.ParseError as error:
        raise Unreadable(f"{path.name} is no XML: {error}") from None


def _cases(root: ElementTree.Element, file: str) -> Told:
    if root.tag not in ("testsuites", "testsuite"):
        raise Unreadable(f"{file} is no JUnit report: it begins with {root.tag}")
    suites = [root] if root.tag == "testsuite" else root.iter("testsuite")
    return [
        _case(case, suite.get("name", ""), file) for suite in suites for case in suite.findall("testcase")
    ]


def _case(case: ElementTree.Element, suite: str, file: str) -> dict[str, Any]:
    status, told = "SUCCEEDED", ""
    for tag, meant in (("skipped", "SKIPPED"), ("error", "ERROR"), ("failure", "FAILED")):
        found = case.find(tag)
        if found is not None:
            status, told = meant, found.get("message") or found.text or ""
    return {
        "testRawDataPath": file,
        "prefix": case.get("classname", ""),
        "name": case.get("name", ""),
        "status": status,
        "durationInNanoSeconds": int(float(case.get("time") or 0) * 1e9),
        "message": told[:_LONGEST],
        "testSuiteName": suite,
    }


def _coverages(root: ElementTree.Element, file: str) -> Told:
    if root.tag != "coverage":
        raise Unreadable(f"{file} is no Cobertura report: it begins with {root.tag}")
    lines: dict[str, dict[str, tuple[bool, int, int]]] = {}
    for kind in root.iter("class"):
        seen = lines.setdefault(kind.get("filename", ""), {})
        for line in kind.findall("lines/line"):
            seen[line.get("number", "")] = (int(line.get("hits") or 0) > 0, *_branches(line))
    return [_coverage(path, list(found.values())) for path, found in lines.items()]


def _branches(line: ElementTree.Element) -> tuple[int, int]:
    """How many branches of a line were taken, of how many: from ``50% (1/2)``."""
    if line.get("branch") != "true" or "(" not in line.get("condition-coverage", ""):
        return 0, 0
    taken, _, all_of_them = line.get("condition-coverage", "").partition("(")[2].rstrip(")").partition("/")
    return int(taken), int(all_of_them)


def _coverage(path: str, lines: list[tuple[bool, int, int]]) -> dict[str, Any]:
    return {"filePath": path} | _figures(
        sum(hit for hit, _, _ in lines),
        sum(not hit for hit, _, _ in lines),
        sum(taken for _, taken, _ in lines),
        sum(number - taken for _, taken, number in lines),
    )


def _figures(hit: int, missed: int, taken: int, passed: int) -> dict[str, Any]:
    return {
        "linesCovered": hit,
        "linesMissed": missed,
        "lineCoveragePercentage": round(100 * hit / (hit + missed), 2) if hit + missed else 0.0,
        "branchesCovered": taken,
        "branchesMissed": passed,
        "branchCoveragePercentage": round(100 * taken / (taken + passed), 2) if taken + passed else 0.0,
    }


def summary(kind: str, told: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """A report's summary and status, from what its files tell."""
    said = list(told)
    if kind == "TEST":
        counts = Counter({"SUCCEEDED": 0, "FAILED": 0, "ERROR": 0, "SKIPPED": 0, "UNKNOWN": 0})
        counts.update(each["status"] for each in said)
        duration = sum(each["durationInNanoSeconds"] for each in said)
        figures = {"total": len(said), "statusCounts": dict(counts), "durationInNanoSeconds": duration}
        return {
            "status": "FAILED" if counts["FAILED"] + counts["ERROR"] else "SUCCEEDED",
            "testSummary": figures,
        }
    names = ("linesCovered", "linesMissed", "branchesCovered", "branchesMissed")
    return {
        "status": "SUCCEEDED",
        "codeCoverageSummary": _figures(*(sum(each[n] for each in said) for n in names)),
    }
