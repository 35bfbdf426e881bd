"""What the commands that only look show."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from delivery import figures as dora
from delivery import rollback
from delivery.definition import Definition
from delivery.errors import DeliveryError
from delivery.history import Execution
from delivery.pipelines import Pipelines
from delivery.releases import Release, current, releases
from delivery.screen import Screen, ago, duration
from delivery.states import NEVER, StageState, remark

FEW = "not enough executions"


def overview(pipelines: Pipelines, screen: Screen) -> int:
    """One line a pipeline."""
    deployables = pipelines.deployables()
    if not deployables:
        raise DeliveryError(
            "there are no pipelines here; make them: python3 noxfile.py -s delivery -- bootstrap"
        )
    rows, waits, failed = [], [], []
    for deployable in deployables:
        known = pipelines.definition(deployable)
        latest = next(pipelines.executions(known.name), None)
        stage = _telling(pipelines.stages(known), latest)
        text = remark(stage)
        if any(action.waits for action in stage.actions):
            waits.append(deployable)
        if latest is not None and latest.status == "Failed":
            failed.append(deployable)
        rows.append(
            (
                deployable,
                latest.status if latest else NEVER,
                stage.name,
                latest.commit[:7] if latest else "",
                ago(latest.updated if latest else None),
                text or (latest.summary if latest else ""),
            )
        )
    screen.table(("pipeline", "status", "stage", "commit", "since", ""), rows)
    one = next(iter([*waits, *failed, *deployables]))
    screen.next(
        f"python3 noxfile.py -s delivery -- {f'approve {one} --reason TEXT' if waits else f'state {one}'}"
    )
    return 0


def stages(pipelines: Pipelines, screen: Screen, deployable: str) -> int:
    """One pipeline, a line for each stage and for each execution that waits before it."""
    known = pipelines.definition(deployable)
    executions = {each.execution_id: each for each in pipelines.executions(known.name)}
    found = pipelines.stages(known)
    rows = []
    for stage in found:
        own = executions.get(stage.execution_id)
        rows.append((stage.name, stage.status, _version(own), ago(stage.since), remark(stage)))
        for waiting in stage.inbound:
            behind = executions.get(waiting)
            rows.append(("", "waits", _version(behind), "", f"for {_version(own)} in {stage.name}"))
    screen.table(("stage", "status", "commit", "since", ""), rows)
    screen.next(f"python3 noxfile.py -s delivery -- {next_step(deployable, found, list(executions))}")
    return 0


def known_releases(pipelines: Pipelines, known: Definition) -> list[Release]:
    """Every change of prod, newest first; DeliveryError for what deploys nothing there."""
    if known.release is None:
        raise DeliveryError(f"{known.name} deploys nothing to prod, so there is nothing to roll back")
    return releases(known, pipelines.executions(known.name), pipelines.runs(known.name))


def releases_table(screen: Screen, found: list[Release]) -> None:
    """The releases with what became of each."""
    now, possible = current(found), rollback.able(found)
    rows = []
    for each in found:
        what = "runs now" if each is now else ("can be gone back to" if each in possible else "")
        if each.rolls_back:
            what = f"went back to {each.execution.rolls_back_to.partition('-')[0]}"
        rows.append(
            (
                each.execution.short,
                each.execution.commit[:7],
                ago(each.ended),
                "Succeeded" if each.good else "Failed",
                each.reason or what,
                each.execution.subject,
            )
        )
    screen.table(("execution", "commit", "since", "prod", "", "change"), rows)


def show_releases(pipelines: Pipelines, screen: Screen, deployable: str) -> int:
    """What prod has run."""
    found = known_releases(pipelines, pipelines.definition(deployable))
    if not found:
        raise DeliveryError(f"no execution of {deployable} has come to prod yet")
    releases_table(screen, found)
    screen.next(f"python3 noxfile.py -s delivery -- rollback {deployable} --to EXECUTION --reason TEXT")
    return 0


def figures(pipelines: Pipelines, screen: Screen, days: int) -> int:
    """The four keys, one line a deployable."""
    rows = []
    for deployable in pipelines.deployables():
        known = pipelines.definition(deployable)
        if known.release is None:
            continue
        found = releases(known, pipelines.executions(known.name), pipelines.runs(known.name))
        rows.append((deployable, *_row(dora.reckon(found, days, datetime.now(UTC)))))
    if not rows:
        raise DeliveryError("no pipeline here deploys to prod; see: python3 noxfile.py -s delivery -- state")
    head = ("service", "deployments", "lead time", "one every", "change failure rate", "time to restore")
    screen.table(head, rows)
    screen.say(
        f"the last {days} days; times are medians, from commit to prod and from failure to good", "dim"
    )
    screen.next("python3 noxfile.py -s delivery -- rollback SERVICE --list, for the executions behind them")
    return 0


def _row(found: dora.Figures) -> tuple[str, ...]:
    share = f"{found.failure_rate:.0%}" if found.failure_rate is not None else FEW
    none_failed = "nothing failed" if found.failed == 0 else "not restored yet"
    return (
        f"{found.deployments} good, {found.failed} failed",
        _time(found.lead_time, FEW),
        _time(found.every, FEW),
        share,
        _time(found.restore, none_failed),
    )


def _time(value: timedelta | None, otherwise: str) -> str:
    return otherwise if value is None else duration(value.total_seconds())


def _telling(found: list[StageState], latest: Execution | None) -> StageState:
    """The stage that says most of the latest execution: the last that it came to."""
    own = [each for each in found if latest and each.execution_id == latest.execution_id]
    return own[-1] if own else found[0]


def _version(execution: Execution | None) -> str:
    if execution is None:
        return ""
    return f"{execution.commit[:7] or execution.short} {execution.subject}".rstrip()


def next_step(deployable: str, found: Sequence[StageState], newest_first: Sequence[str]) -> str:
    """The command to go on with; ``newest_first`` are the ids of the pipeline's executions."""
    if any(action.waits for stage in found for action in stage.actions):
        return f"approve {deployable} --reason TEXT, or reject"
    if any(stage.status == "InProgress" for stage in found):
        return f"follow {deployable}"
    failed = {stage.execution_id for stage in found if stage.status == "Failed"}
    last = next((each for each in newest_first if each in failed), "")
    if any(stage.failed_build and stage.execution_id == last for stage in found):
        # ``log`` takes the latest execution by itself
        which = "" if last == newest_first[0] else f" --execution {last.partition('-')[0]}"
        return f"log {deployable}{which}"
    return f"rollback {deployable} --list, for what prod has run"
