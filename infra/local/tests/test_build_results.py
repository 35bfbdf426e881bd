"""What a build leaves: reports, artifacts, and a cache for the next one."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from build_projects import SIMPLE, Projects
from stack import Client, Wait, allow


@pytest.fixture
def projects(client: Client, eventually: Wait) -> Projects:
    return Projects(client, eventually)


JUNIT = """<testsuites><testsuite name="suite">
<testcase classname="a.b" name="good" time="0.5"/>
<testcase classname="a.b" name="bad" time="1"><failure message="1 is not 2">trace</failure></testcase>
<testcase classname="a.b" name="left out"><skipped/></testcase>
</testsuite></testsuites>"""
COBERTURA = """<coverage><packages><package><classes><class filename="a.py"><lines>
<line number="1" hits="1"/><line number="2" hits="0"/>
<line number="3" hits="2" branch="true" condition-coverage="50% (1/2)"/><line number="4" hits="0"/>
</lines></class></classes></package></packages></coverage>"""
REPORTS = """
version: 0.2
phases: {build: {commands: ["exit 1"]}}
reports:
  tests: {files: ["*.xml"], base-directory: out, file-format: JUNITXML}
  covered: {files: ["coverage/*"], file-format: COBERTURAXML}
  none: {files: ["nothing/*"]}
"""


def test_reports_of_a_failed_build_tell_what_failed(projects: Projects) -> None:
    files = {"out/tests.xml": JUNIT, "coverage/c.xml": COBERTURA}
    denied = projects.build(REPORTS, files)
    assert "codebuild:CreateReportGroup" in denied.why("UPLOAD_ARTIFACTS")
    actions = (
        "CreateReportGroup",
        "CreateReport",
        "UpdateReport",
        "BatchPutTestCases",
        "BatchPutCodeCoverages",
    )
    projects.allow(allow([f"codebuild:{action}" for action in actions], "*"))
    built = projects.build(REPORTS, files)
    assert len(built.told["reportArns"]) == 2
    tests, covered = projects.builds.batch_get_reports(reportArns=built.told["reportArns"])["reports"]
    assert (tests["status"], tests["testSummary"]["total"]) == ("FAILED", 3)
    assert tests["testSummary"]["statusCounts"] == {
        "SUCCEEDED": 1,
        "FAILED": 1,
        "SKIPPED": 1,
        "ERROR": 0,
        "UNKNOWN": 0,
    }
    assert tests["executionId"] == built.told["arn"]
    asked = {"reportArn": tests["arn"], "filter": {"status": "FAILED"}}
    (case,) = projects.builds.describe_test_cases(**asked)["testCases"]
    assert (case["name"], case["message"], case["durationInNanoSeconds"]) == (
        "bad",
        "1 is not 2",
        1_000_000_000,
    )
    assert covered["codeCoverageSummary"]["lineCoveragePercentage"] == 50.0
    (file,) = projects.builds.describe_code_coverages(reportArn=covered["arn"])["codeCoverages"]
    assert (file["filePath"], file["branchesCovered"], file["branchesMissed"]) == ("a.py", 1, 1)
    group = tests["reportGroupArn"]
    assert group.endswith(f"report-group/{built.told['projectName']}-tests")
    assert projects.builds.list_reports_for_report_group(reportGroupArn=group)["reports"] == [tests["arn"]]


ARTIFACTS = """
version: 0.2
phases: {build: {commands: ["mkdir -p out/deep; echo 1 >out/a.txt; echo 2 >out/deep/b.txt; touch out/c.tmp"]}}
artifacts:
  files: ["**/*"]
  exclude-paths: ["**/*.tmp"]
  base-directory: out
  secondary-artifacts:
    flat: {files: ["**/*.txt"], base-directory: out, discard-paths: yes}
"""


def test_artifacts_go_into_the_bucket_as_the_project_says(projects: Projects) -> None:
    place = {"type": "S3", "location": projects.name, "path": "to"}
    built = projects.build(
        ARTIFACTS,
        artifacts=place | {"name": "whole.zip", "packaging": "ZIP"},
        secondaryArtifacts=[
            place | {"name": "loose", "artifactIdentifier": "flat", "namespaceType": "BUILD_ID"}
        ],
    )
    assert built.status == "SUCCEEDED"
    with zipfile.ZipFile(io.BytesIO(projects.content("to/whole.zip"))) as whole:
        assert {name: whole.read(name) for name in whole.namelist()} == {
            "a.txt": b"1\n",
            "deep/b.txt": b"2\n",
        }
    assert built.told["artifacts"]["location"] == f"arn:aws:s3:::{projects.name}/to/whole.zip"
    number = built.told["id"].partition(":")[2]
    assert projects.objects(f"to/{number}") == [f"to/{number}/loose/a.txt", f"to/{number}/loose/b.txt"]


def test_an_artifact_without_files_fails_the_build(projects: Projects) -> None:
    spec = f"{SIMPLE}artifacts: {{files: ['*.zip']}}\n"
    built = projects.build(spec, artifacts={"type": "S3", "location": projects.name})
    assert built.status == "FAILED"
    assert built.why("UPLOAD_ARTIFACTS") == "CLIENT_ERROR no matching artifact paths found: *.zip"


CACHE = """
version: 0.2
phases: {build: {commands: ["cat .cache/deep/x || true", "mkdir -p .cache/deep; echo $SAY >.cache/deep/x"]}}
cache: {paths: [".cache/**/*"]}
"""


def test_a_build_finds_the_cache_of_the_one_before_it(projects: Projects) -> None:
    project = projects.project(CACHE, cache={"type": "S3", "location": f"{projects.name}/cache"})

    def build(say: str) -> Any:
        said = [{"name": "SAY", "value": say, "type": "PLAINTEXT"}]
        return projects.ended(projects.start(project, environmentVariablesOverride=said))

    build("first")
    (key,) = projects.objects("cache/")
    assert build("second").lines == ["first"]
    assert build("third").lines == ["second"]
    projects.s3.delete_object(Bucket=projects.name, Key=key)
    assert "first" not in build("fourth").lines
    projects.builds.invalidate_project_cache(projectName=project)
    assert "fourth" not in build("fifth").lines


def test_a_build_that_fails_spoils_the_cache_for_nobody(projects: Projects) -> None:
    spec = """
    version: 0.2
    phases:
      build: {commands: ["cat .cache/* || true", "mkdir -p .cache; echo $SAY >.cache/a", "$END"]}
    cache: {paths: [".cache/**/*"]}
    """
    project = projects.project(spec, cache={"type": "S3", "location": projects.name})

    def build(say: str, end: str) -> Any:
        said = [{"name": "SAY", "value": say}, {"name": "END", "value": end}]
        asked = [{**each, "type": "PLAINTEXT"} for each in said]
        return projects.ended(projects.start(project, environmentVariablesOverride=asked))

    build("first", "touch .cache/b")
    assert build("spoilt", "false").lines == ["first"]
    third = build("third", "true")
    assert third.lines == [], "what was written over is left out, and b was empty"
    assert any("1 left out that were changed since" in line for line in third.log)
    assert build("fourth", "true").lines == ["third"]


def test_a_cache_that_is_as_it_was_is_not_stored_again(projects: Projects) -> None:
    spec = CACHE.replace('"mkdir', '"test -d .cache || (mkdir').replace('deep/x"]', 'deep/x)"]')
    project = projects.project(spec, cache={"type": "S3", "location": projects.name})
    projects.ended(projects.start(project))
    (key,) = [key for key in projects.objects() if not key.endswith(".zip")]
    before = projects.s3.head_object(Bucket=projects.name, Key=key)["LastModified"]
    built = projects.ended(projects.start(project))
    assert any(line.endswith(f"Cache {key} is unchanged") for line in built.log)
    assert projects.s3.head_object(Bucket=projects.name, Key=key)["LastModified"] == before


def test_a_cache_with_a_key_stays_and_another_key_falls_back_to_it(projects: Projects) -> None:
    careful = CACHE.replace("echo $SAY >.cache/deep/x", "echo $SAY >new && mv new .cache/deep/x")
    spec = f"{careful.rstrip()[:-1]}, key: 'k-$(codebuild-hash-files lock)', fallback-keys: [k-]}}\n"
    place = {"cache": {"type": "S3", "location": f"{projects.name}/cache"}}

    def build(lock: str, say: str) -> Any:
        said = [{"name": "SAY", "value": say, "type": "PLAINTEXT"}]
        project = projects.project(spec, {"lock": lock}, **place)
        return projects.ended(projects.start(project, environmentVariablesOverride=said))

    build("one", "first")
    assert build("one", "second").lines == ["first"]
    assert build("two", "third").lines == ["first"], "the second did not change it"
    assert len(projects.objects("cache/k-")) == 2
