"""The end of what was followed: why a build failed, how each stage went, where the time was spent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from botocore.exceptions import BotoCoreError, ClientError

from delivery import history, time_spent
from delivery.build_logs import BuildLogs
from delivery.builds import Builds
from delivery.definition import CODEBUILD
from delivery.errors import DeliveryError
from delivery.follow import HEAD, Followed, StageTime, rows_of
from delivery.history import Run
from delivery.screen import Screen, duration

LAST_LINES = 25


def summary(screen: Screen, ended: Sequence[Followed], builds: Builds, logs: BuildLogs) -> int:
    """Sum up the executions that were followed; 1 where one did not succeed."""
    for each in ended:
        if failed := failed_build(each):
            _show_last_lines(screen, each, failed, builds, logs)
    _tell_phases(screen, ended, builds)
    screen.say("")
    screen.table(HEAD, [row for each in ended for row in rows_of(each)])
    for each in ended:
        seconds = sum(stage.seconds - stage.waited for stage in each.stages)
        waited = sum(stage.waited for stage in each.stages)
        said = f"{each.title}: {each.execution.status} in {duration(seconds)}"
        screen.say(
            said + (f", and {duration(waited)} waiting for a person" if waited >= 1 else ""),
            "green" if each.good else "bold red",
        )
    screen.next(f"python3 noxfile.py -s delivery -- {next_step(ended)}")
    return 0 if all(each.good for each in ended) else 1


def next_step(ended: Sequence[Followed]) -> str:
    """The command to go on with: the whole log of a build that failed, before anything else."""
    bad = [each for each in ended if not each.good]
    broken = next((each for each in bad if failed_build(each)), None)
    if broken is None:
        return f"state {bad[0].deployable}" if bad else "figures"
    # ``log`` takes the latest execution by itself; the last one here is that
    same = [each for each in ended if each.deployable == broken.deployable]
    which = "" if same[-1] is broken else f" --execution {broken.execution.short}"
    return f"log {broken.deployable}{which}"


def failed_build(each: Followed) -> Run | None:
    """The build that the execution failed with, if it was one."""
    failed = None if each.good else history.failure(history.latest(each.runs))
    return failed if failed and failed.provider == CODEBUILD and failed.external_id else None


def _show_last_lines(screen: Screen, each: Followed, run: Run, builds: Builds, logs: BuildLogs) -> None:
    """A log that cannot be read is said, and costs nobody the summary."""
    screen.say(f"\n{each.title} {run.action} failed; the last lines of its log:", "bold")
    try:
        screen.lines(logs.last(builds.one(run.external_id), LAST_LINES).lines)
    except (DeliveryError, ClientError, BotoCoreError) as error:
        screen.say(f"(not shown: {error})", "yellow")


def _tell_phases(screen: Screen, ended: Sequence[Followed], builds: Builds) -> None:
    alone = {
        (number, stage): run.external_id
        for number, each in enumerate(ended)
        for stage in each.stages
        if (run := _only_build(each, stage))
    }
    try:
        known = builds.known(alone.values())
    except (ClientError, BotoCoreError) as error:
        screen.say(f"(phases of builds are not shown: {error})", "yellow")
        return
    for number, each in enumerate(ended):
        each.stages = [
            replace(stage, spent=time_spent.phases(known[build_id]))
            if (build_id := alone.get((number, stage))) in known
            else stage
            for stage in each.stages
        ]


def _only_build(each: Followed, stage: StageTime) -> Run | None:
    """The build that a stage consists of, where nothing else is to be said of the stage."""
    own = history.latest([run for run in each.runs if run.stage == stage.stage])
    if stage.remark or len(own) != 1 or own[0].provider != CODEBUILD or not own[0].external_id:
        return None
    return own[0]
