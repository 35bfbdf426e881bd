"""A pipeline's definition as far as operators need it: which action asks a person, which one changes prod."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PREPARES, EXECUTES = "CHANGE_SET_REPLACE", "CHANGE_SET_EXECUTE"
CODEBUILD = "CodeBuild"  # the provider of actions that are builds


@dataclass(frozen=True)
class Action:
    """One action; ``settings`` is its configuration as defined, variables not resolved.

    Those of one ``order`` run side by side.
    """

    stage: str
    name: str
    category: str
    provider: str
    settings: Mapping[str, str]
    order: int = 1


@dataclass(frozen=True)
class Definition:
    """A pipeline by name, with its stages in order and their actions."""

    name: str
    stages: tuple[str, ...]
    actions: tuple[Action, ...]

    @property
    def source(self) -> Action:
        """The action that fetches the commit."""
        return next(each for each in self.actions if each.category == "Source")

    @property
    def release(self) -> Action | None:
        """The action that executes prod's change set; None for what is not deployed."""
        return self._of_prod(EXECUTES)

    @property
    def preparation(self) -> Action | None:
        """The action that makes prod's change set."""
        return self._of_prod(PREPARES)

    def action(self, stage: str, name: str) -> Action | None:
        """An action by name; None where the definition has changed since."""
        return next((each for each in self.actions if (each.stage, each.name) == (stage, name)), None)

    def to_roll_back(self) -> tuple[str, ...]:
        """The stages that bring an earlier version back to prod, in order.

        An executed change set is gone, so whatever prepares it has to run again first.
        """
        if self.release is None or self.preparation is None:
            return ()
        return tuple(dict.fromkeys((self.preparation.stage, self.release.stage)))

    def after_release(self) -> tuple[str, ...]:
        """The stages behind the one that changes prod, such as Smoke."""
        if self.release is None:
            return ()
        return self.stages[self.stages.index(self.release.stage) + 1 :]

    def _of_prod(self, mode: str) -> Action | None:
        for each in self.actions:
            said = each.settings
            if said.get("ActionMode") == mode and said.get("StackName", "").endswith("-prod"):
                return each
        return None


def definition(pipeline: Mapping[str, Any]) -> Definition:
    """The ``pipeline`` of GetPipeline's answer."""
    return Definition(
        pipeline["name"],
        tuple(stage["name"] for stage in pipeline["stages"]),
        tuple(
            Action(
                stage["name"],
                action["name"],
                action["actionTypeId"]["category"],
                action["actionTypeId"]["provider"],
                action.get("configuration", {}),
                action.get("runOrder", 1),
            )
            for stage in pipeline["stages"]
            for action in stage["actions"]
        ),
    )
