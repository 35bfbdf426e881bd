"""Changes of every kind, pushed to a remote of this laptop, and what the pipelines make of them.

The tests stand on each other, in the order in which they are written: prod is where the last good one left
it. Several are under way at once, so that waiting for one is work for another.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import changes
import pytest
from carried import Carried, Delivery, StackState, code, deployments, stack, until
from client import Calls, Client
from conftest import Rows
from repository import Scratch

from delivery.approvals import Question

API, AUTH = "wotr-api-prod", "wotr-auth-prod"
CANARY = "CodeDeployDefault.LambdaCanary10Percent10Minutes"
WEIGHT = 0.10
PRE_SIGN_UP = "services/auth/src/wotr_auth/handlers/pre_sign_up.py"


@dataclass(frozen=True)
class Others:
    """The commits that are pushed while the first moves to prod."""

    notes: str
    unit: str
    library: str


@dataclass(frozen=True)
class Release:
    """The first change, one of the API, in prod; who called prod all the while; what was pushed then."""

    commit: str
    before: StackState
    question: Question
    ended: Carried
    calls: Calls
    others: Others


@pytest.fixture(scope="session")
def release(delivery: Delivery, client: Client, scratch: Scratch) -> Release:
    before = stack(API)
    changes.marked(scratch, "good")
    with client.calling() as calls:
        commit = scratch.push("Let answers say which version gave them")
        delivery.asked("api", commit)
        others = push_others(scratch)
        question = delivery.approve("api", commit)
        ended = delivery.ended("api", commit)
    return Release(commit, before, question, ended, calls, others)


def push_others(scratch: Scratch) -> Others:
    scratch.append("notes/decisions.md", "\n**2026-11-25. Nothing.** A line of a note.\n")
    notes = scratch.push("Write a note")
    scratch.append(
        "services/auth/tests/unit/test_handlers.py",
        "\n\ndef test_that_fails() -> None:\n    assert sum([1, 1]) == 3\n",
    )
    unit = scratch.push("Expect what is not so")
    scratch.append("shared/src/wotr_common/__init__.py", "\nCHANGED = True\n")
    return Others(notes, unit, scratch.push("Change the library under its published version"))


def share(calls: float) -> str:
    return f"{calls:.2%}"


def test_a_change_of_the_api_runs_only_its_pipeline_and_reaches_prod_by_canary(
    delivery: Delivery, release: Release, rows: Rows
) -> None:
    ended, calls = release.ended, release.calls
    assert ended.execution.status == "Succeeded", ended.reason
    assert delivery.of(release.commit) == ["api"]
    asked = " ".join(release.question.about)
    assert release.commit[:7] in asked
    assert "QueryFunction" in asked
    assert " passed in " in asked
    after = stack(API)
    assert all(after.versions[name] != version for name, version in release.before.versions.items())
    shifts = deployments(API)
    assert {shift["deploymentConfigName"] for shift in shifts} == {CANARY}
    assert {shift["status"] for shift in shifts} == {"Succeeded"}
    answered = calls.of("good")
    assert answered, "nobody met the new version"
    assert any(call.version == "" for call in calls.made if call.at > answered[0].at), "all moved at once"
    stages = ", ".join(f"{stage.stage} {stage.seconds - stage.waited:.0f} s" for stage in ended.stages)
    rows.add(
        "only services/api",
        f"api alone; dev verified after {ended.to('Verify'):.0f} s, then by canary to prod ({stages})",
        failed=f"{share(calls.share)} of {len(calls.made)}",
    )


def test_prod_serves_while_dev_is_deployed_and_while_its_own_canary_runs(
    release: Release, rows: Rows
) -> None:
    during = {
        stage: release.calls.within(
            min(run.started for run in release.ended.runs if run.stage == stage),
            max(run.updated for run in release.ended.runs if run.stage == stage),
        )
        for stage in ("Dev", "Prod")
    }
    assert all(during.values()), "nobody called"
    assert release.calls.failed == []
    rows.add(
        "prod already running while dev deploys",
        f"it serves: {len(during['Dev'])} calls during Dev, {len(during['Prod'])} during Prod",
        failed=share(release.calls.share),
    )


def test_a_note_runs_nothing(delivery: Delivery, release: Release, rows: Rows) -> None:
    delivery.begun("auth", release.others.unit)  # pushes are taken in order: that of the note has been
    assert delivery.of(release.others.notes) == []
    rows.add("only notes/", "nothing runs")


def test_a_failing_unit_test_stops_at_build(delivery: Delivery, release: Release, rows: Rows) -> None:
    ended = delivery.ended("auth", release.others.unit)
    assert (ended.execution.status, ended.stopped_in) == ("Failed", "Build")
    assert ended.reason
    assert delivery.of(release.others.unit) == ["auth"]
    rows.add("a failing unit test", "auth stops at Build, dev untouched")


def test_a_library_without_a_new_version_fails_its_build_and_no_service_runs(
    delivery: Delivery, release: Release, rows: Rows
) -> None:
    ended = delivery.ended("shared", release.others.library)
    assert (ended.execution.status, ended.stopped_in) == ("Failed", "Build")
    assert "bump the version" in ended.reason + ended.log
    assert delivery.of(release.others.library) == ["shared"]
    rows.add("shared without a version bump", "its build fails: bump the version; no service runs")


def test_of_two_pushes_in_a_row_the_later_wins_in_order(
    delivery: Delivery, scratch: Scratch, rows: Rows
) -> None:
    scratch.restore("shared/src/wotr_common/__init__.py", "services/auth/tests/unit/test_handlers.py")
    scratch.append(PRE_SIGN_UP, "\n\n# The first of two.\n")
    first = scratch.push("Mend what was broken, and say which of two this is")
    scratch.restore(PRE_SIGN_UP)
    scratch.append(PRE_SIGN_UP, "\n\n# The second of two.\n")
    second = scratch.push("Say that this is the second")

    delivery.approve("auth", first)
    delivery.approve("auth", second)
    one, other = delivery.ended("auth", first), delivery.ended("auth", second)
    for each in (one, other):
        assert each.execution.status == "Succeeded", each.reason
    assert one.execution.started < other.execution.started
    for stage in ("Dev", "Prod"):
        left = max(run.updated for run in one.runs if run.stage == stage)
        assert left <= min(run.started for run in other.runs if run.stage == stage), f"overtaken in {stage}"
    assert code(AUTH) == code("wotr-auth-dev"), "prod runs what dev got last"
    rows.add("two pushes in a row", "both reach prod, one after the other; the later is there")


def test_a_rejected_change_leaves_prod_as_it_is_and_keeps_the_reason(
    delivery: Delivery, scratch: Scratch, rows: Rows
) -> None:
    before = stack(AUTH)
    scratch.append(PRE_SIGN_UP, "# Not wanted.\n")
    commit = scratch.push("Change what nobody wants")
    delivery.reject("auth", commit, "not on a Friday")
    ended = delivery.ended("auth", commit)
    assert ended.execution.status == "Failed"
    assert "not on a Friday" in ended.reason
    assert stack(AUTH) == before
    rows.add("approval rejected", "prod untouched; the execution says: not on a Friday")


def test_a_version_that_raises_for_one_in_three_is_taken_back(
    delivery: Delivery, client: Client, scratch: Scratch, rows: Rows
) -> None:
    changes.raising(scratch, "raising")
    commit = scratch.push("Raise now and then")
    taken_back(
        delivery, client, rows, "raises for 1 in 3", commit, version="raising", alarm="AliasError|ServerError"
    )


def test_a_slow_version_is_taken_back(
    delivery: Delivery, client: Client, scratch: Scratch, rows: Rows
) -> None:
    changes.slow(scratch, "slow")
    commit = scratch.push("Take some time")
    taken_back(delivery, client, rows, "a slow version", commit, version="slow", alarm="Latency")


def test_no_client_reaches_a_version_that_its_hook_refuses(
    delivery: Delivery, client: Client, scratch: Scratch, rows: Rows
) -> None:
    before = stack(API)
    changes.losing(scratch, "losing")
    commit = scratch.push("Store it elsewhere")
    delivery.asked("api", commit)
    with client.calling() as calls:
        delivery.approve("api", commit)
        ended = delivery.ended("api", commit)
    assert (ended.execution.status, ended.stopped_in) == ("Failed", "Prod")
    assert "BeforeAllowTraffic hook" in ended.reason, ended.reason
    assert "AcceptFunction" in ended.reason
    assert calls.of("losing") == []
    assert calls.failed == []
    assert stack(API).versions == before.versions
    rows.add(
        "pre-traffic hook fails",
        f"0 of {len(calls.made)} calls reached what it refused; the stack rolled back",
        failed=share(calls.share),
    )


def test_a_change_that_fails_in_dev_is_never_asked_about(
    delivery: Delivery, scratch: Scratch, rows: Rows
) -> None:
    before = stack(AUTH)
    scratch.replace(
        "services/auth/template.yml",
        "ALLOW_REFRESH_TOKEN_AUTH, ALLOW_ADMIN_USER_PASSWORD_AUTH]",
        "ALLOW_REFRESH_TOKEN_AUTH]",
    )
    commit = scratch.push("Sign in by SRP only")
    ended = delivery.ended("auth", commit)
    assert (ended.execution.status, ended.stopped_in) == ("Failed", "Verify")
    assert "Approve" not in [run.action for run in ended.runs]
    assert stack(AUTH) == before
    rows.add("e2e fails in dev", "stops in Verify, before anybody is asked")


def taken_back(
    delivery: Delivery, client: Client, rows: Rows, change: str, commit: str, *, version: str, alarm: str
) -> None:
    """Approve, and see the canary's alarm bring the version before back."""
    before = stack(API)
    delivery.asked("api", commit)
    with client.calling() as calls:
        delivery.approve("api", commit)
        ended = delivery.ended("api", commit)
    assert (ended.execution.status, ended.stopped_in) == ("Failed", "Prod")
    raised = re.search(r"Activated alarms: ([\w-]+)", ended.reason)
    assert raised, ended.reason
    assert re.search(alarm, raised[1])
    after = stack(API)
    assert after.status == "UPDATE_ROLLBACK_COMPLETE"
    assert after.versions == before.versions
    assert calls.of(version) or calls.failed, "the canary met nobody"
    assert calls.share <= WEIGHT
    with client.calling() as later:
        until(lambda: len(later.made) > 40, "forty more calls")
    assert later.failed == []
    assert later.of(version) == []
    rows.add(
        change,
        f"{raised[1].rpartition('-')[0]} took its canary back, and the stack",
        failed=f"{share(calls.share)} of {len(calls.made)}",
        restored=f"{calls.felt(version).total_seconds():.0f} s",
    )
