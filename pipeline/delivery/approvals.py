"""The yes or no of a person: what is asked, and the answer with its reason."""

from __future__ import annotations

from dataclasses import dataclass

from delivery.definition import Definition
from delivery.errors import DeliveryError
from delivery.history import Execution, Run
from delivery.pipelines import PREFIX, Pipelines
from delivery.states import StageState


@dataclass(frozen=True)
class Question:
    """A waiting approval: where it waits, by which token it is answered, what it is about.

    ``about``: what the pipeline says to the approver, a line each. ``waiting``: executions behind it.
    """

    pipeline: str
    stage: str
    action: str
    token: str
    execution: Execution
    about: tuple[str, ...]
    waiting: int = 0

    @property
    def deployable(self) -> str:
        return self.pipeline.removeprefix(PREFIX)


def waiting(pipelines: Pipelines, known: Definition) -> Question | None:
    """The approval that the pipeline waits for, None if it waits for none."""
    for stage in pipelines.stages(known):
        for action in stage.actions:
            if action.waits and action.token:
                return _question(pipelines, known, stage, action.name, action.token)
    return None


def required(pipelines: Pipelines, deployable: str) -> Question:
    """The approval that is to be answered; DeliveryError where nobody is asked."""
    known = pipelines.definition(deployable)
    found = waiting(pipelines, known)
    if found is None:
        raise DeliveryError(
            f"nothing of {deployable} waits for an approval; "
            f"see: python3 noxfile.py -s delivery -- state {deployable}"
        )
    return found


def approve(pipelines: Pipelines, question: Question, reason: str) -> None:
    """Say yes."""
    _answer(pipelines, question, "Approved", reason)


def reject(pipelines: Pipelines, question: Question, reason: str) -> None:
    """Say no: the execution fails with that reason, and prod stays as it is."""
    _answer(pipelines, question, "Rejected", reason)


def lines(question: Question) -> list[str]:
    """What would go to prod, for whoever has to say yes or no."""
    about = question.execution
    head = f"{question.deployable} {about.commit[:7]} {about.subject}".rstrip()
    behind = [f"{question.waiting} more wait behind it"] if question.waiting else []
    return [head, *(f"  {line}" for line in (*question.about, *behind))]


def _answer(pipelines: Pipelines, question: Question, status: str, reason: str) -> None:
    if not reason.strip():
        raise DeliveryError("say why: --reason TEXT")
    pipelines.answer(
        question.pipeline, question.stage, question.action, question.token, status=status, reason=reason
    )


def _question(
    pipelines: Pipelines, known: Definition, stage: StageState, action: str, token: str
) -> Question:
    runs = list(pipelines.runs(known.name, stage.execution_id))
    execution = next(each for each in pipelines.executions(known.name) if _is(each, stage.execution_id))
    return Question(
        known.name, stage.name, action, token, execution, _about(runs, action), len(stage.inbound)
    )


def _is(execution: Execution, execution_id: str) -> bool:
    return execution.execution_id == execution_id


def _about(runs: list[Run], action: str) -> tuple[str, ...]:
    """What the approval's own text says, with everything resolved that earlier actions told."""
    asked = next((each for each in runs if each.action == action and each.category == "Approval"), None)
    text = asked.settings.get("CustomData", "") if asked else ""
    return tuple(line.strip() for line in text.splitlines() if line.strip())
