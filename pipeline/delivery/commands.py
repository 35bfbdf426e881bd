"""What the command line's words do: what is asked for is done, said, and a next step named."""

from __future__ import annotations

import argparse

from delivery import approvals, showing
from delivery import bootstrap as stacks
from delivery.approvals import Question
from delivery.asking import Asking
from delivery.errors import DeliveryError
from delivery.going_back import go_back
from delivery.pipelines import Pipelines
from delivery.screen import Screen
from deploy import templates


def bootstrap(_pipelines: Pipelines, screen: Screen, options: argparse.Namespace) -> int:
    """Make the pipelines, or bring them to what the tree says."""
    parameters = {}
    for text in options.set:
        name, equals, value = text.partition("=")
        if not equals:
            raise DeliveryError(f"--set {text}: write NAME=VALUE, for example Branch=main")
        parameters[name] = value
    made = stacks.make(
        templates.repository(),
        options.deployables,
        parameters=parameters,
        hold=options.hold,
        told=lambda each: screen.say(f"{each.deployable}: pipeline {each.action}"),
    )
    changed = sum(each.action != "unchanged" for each in made)
    screen.say(f"{len(made)} pipelines, {changed} of them changed", "green")
    screen.next("python3 noxfile.py -s delivery -- state")
    return 0


def approve(pipelines: Pipelines, screen: Screen, options: argparse.Namespace) -> int:
    """Show what waits, and let it go to prod."""
    approvals.approve(pipelines, _shown(pipelines, screen, options), options.reason)
    screen.say("approved", "green")
    screen.next(f"python3 noxfile.py -s delivery -- follow {options.deployable}")
    return 0


def reject(pipelines: Pipelines, screen: Screen, options: argparse.Namespace) -> int:
    """Show what waits, and refuse it."""
    approvals.reject(pipelines, _shown(pipelines, screen, options), options.reason)
    screen.say("rejected: prod stays as it is", "yellow")
    screen.next(f"python3 noxfile.py -s delivery -- state {options.deployable}")
    return 0


def rollback(pipelines: Pipelines, screen: Screen, options: argparse.Namespace) -> int:
    """Go back to a version that prod ran, or only list those."""
    if options.list:
        return showing.show_releases(pipelines, screen, options.deployable)
    return go_back(pipelines, screen, options)


def state(pipelines: Pipelines, screen: Screen, options: argparse.Namespace) -> int:
    """What the pipelines do now, or one of them stage by stage."""
    if options.deployable:
        return showing.stages(pipelines, screen, options.deployable)
    return showing.overview(pipelines, screen)


def figures(pipelines: Pipelines, screen: Screen, options: argparse.Namespace) -> int:
    """DORA's four figures."""
    return showing.figures(pipelines, screen, options.days)


def _shown(pipelines: Pipelines, screen: Screen, options: argparse.Namespace) -> Question:
    question = approvals.required(pipelines, options.deployable)
    Asking(pipelines, screen, reason=options.reason).show(question)
    return question
