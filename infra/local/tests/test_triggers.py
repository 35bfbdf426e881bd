"""Which pipelines a push starts."""

from __future__ import annotations

from typing import Any

import pytest

from localcloud.pipelines import triggers
from localcloud.pipelines.triggers import Push

ARN = "arn:aws:codeconnections:eu-central-1:000000000000:connection/1"


def pipeline(
    *push: dict[str, Any], trigger: dict[str, Any] | None = None, **configuration: str
) -> dict[str, Any]:
    """A pipeline with one source action, whose trigger has these push filters."""
    source = {
        "name": "Source",
        "actionTypeId": {
            "category": "Source",
            "owner": "AWS",
            "provider": "CodeStarSourceConnection",
            "version": "1",
        },
        "configuration": {"ConnectionArn": ARN, "FullRepositoryId": "wotr/wotr", "BranchName": "main"}
        | configuration,
    }
    approve = {"name": "Approve", "actionTypeId": {"category": "Approval", "provider": "Manual"}}
    git = {"sourceActionName": "Source"} | ({"push": list(push)} if push else {})
    made: dict[str, Any] = {
        "name": "p",
        "stages": [{"name": "Source", "actions": [source]}, {"name": "Approve", "actions": [approve]}],
    }
    if push or trigger is not None:
        made["triggers"] = [
            {"providerType": "CodeStarSourceConnection", "gitConfiguration": git | (trigger or {})}
        ]
    return made


def branch(name: str = "main", *files: str, repository: str = "wotr/wotr") -> Push:
    return Push(repository, "branch", name, "c", files)


def new_branch(name: str) -> Push:
    return Push("wotr/wotr", "branch", name, "c", None)


def tag(name: str) -> Push:
    return Push("wotr/wotr", "tag", name, "c", None)


MAIN = {"branches": {"includes": ["main"]}}
API = MAIN | {"filePaths": {"includes": ["services/api/**", "noxfile.py"]}}


def starts(definition: dict[str, Any], push: Push) -> bool:
    return triggers.started(definition, push) is not None


def test_a_pipeline_starts_by_the_connection_of_its_source_action() -> None:
    assert triggers.started(pipeline(MAIN), branch()) == ARN
    assert triggers.started(pipeline(MAIN), branch(repository="wotr/other")) is None


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["services/api/src/a.py"], True),
        (["notes/a.md", "noxfile.py"], True),
        (["notes/a.md"], False),
        (["services/auth/src/a.py", "README.md"], False),
        ([], False),
    ],
)
def test_a_file_that_an_include_fits_starts_it(files: list[str], expected: bool) -> None:
    assert starts(pipeline(API), branch("main", *files)) is expected


def test_everything_in_a_filter_must_fit_and_one_filter_is_enough() -> None:
    assert not starts(pipeline(API), branch("feature", "noxfile.py"))
    either = pipeline(API, {"branches": {"includes": ["release/*"]}})
    assert starts(either, branch("release/1", "notes/a.md"))
    assert not starts(either, branch("main", "notes/a.md"))


def test_an_excluded_file_does_not_count_and_does_not_hold_up_another() -> None:
    wanted = MAIN | {"filePaths": {"includes": ["services/api/**"], "excludes": ["**/README.md"]}}
    assert not starts(pipeline(wanted), branch("main", "services/api/README.md"))
    assert starts(pipeline(wanted), branch("main", "services/api/README.md", "services/api/a.py"))
    all_but = MAIN | {"filePaths": {"excludes": ["notes/**"]}}
    assert not starts(pipeline(all_but), branch("main", "notes/a.md"))
    assert starts(pipeline(all_but), branch("main", "a.md"))


def test_an_excluded_branch_wins() -> None:
    wanted = {"branches": {"includes": ["**"], "excludes": ["wip/**"]}}
    assert starts(pipeline(wanted), branch("feature/x"))
    assert not starts(pipeline(wanted), branch("wip/x"))


def test_a_new_branch_starts_only_what_does_not_ask_for_files() -> None:
    assert starts(pipeline(MAIN), new_branch("main"))
    assert not starts(pipeline(API), new_branch("main"))


def test_tags_start_filters_for_tags_and_branches_do_not() -> None:
    released = pipeline({"tags": {"includes": ["v*"], "excludes": ["v0*"]}})
    assert starts(released, tag("v1.2"))
    assert not starts(released, tag("v0.9"))
    assert not starts(released, branch("v1"))
    assert not starts(pipeline(MAIN), tag("main"))
    assert not starts(pipeline({"filePaths": {"includes": ["**"]}}), tag("v1"))


def test_a_trigger_without_filters_waits_for_the_branch_of_the_action() -> None:
    assert starts(pipeline(trigger={}), branch())
    assert starts(pipeline(trigger={}, DetectChanges="false"), branch())
    assert not starts(pipeline(trigger={}), branch("feature"))
    assert not starts(pipeline(trigger={"pullRequest": [{}]}), branch())


def test_without_a_trigger_detect_changes_decides() -> None:
    assert starts(pipeline(), branch("main", "notes/a.md"))
    assert not starts(pipeline(), branch("feature"))
    assert not starts(pipeline(), tag("main"))
    assert not starts(pipeline(DetectChanges="false"), branch())
