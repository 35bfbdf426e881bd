"""The approval asked in a terminal, while somebody else may answer it elsewhere."""

from __future__ import annotations

import select
import sys
from dataclasses import dataclass, field

from delivery import approvals
from delivery.approvals import Question
from delivery.follow import Answer
from delivery.pipelines import Pipelines, pause_s
from delivery.screen import Screen


@dataclass
class Asking:
    """Decides approvals: by what was said beforehand, by a person at the terminal, or elsewhere.

    ``reason``: approve everything with it. ``asks``: whether somebody sits here. Each question is shown
    once.
    """

    pipelines: Pipelines
    screen: Screen
    reason: str = ""
    asks: bool = False
    _shown: set[str] = field(default_factory=set)

    def __call__(self, question: Question) -> Answer | None:
        """The answer, None where there is none yet."""
        if question.token not in self._shown:
            self._shown.add(question.token)
            self.show(question)
        if self.reason:
            return ("Approved", self.reason)
        return self._ask(question) if self.asks else None

    def show(self, question: Question) -> None:
        """What would go to prod, and how else it can be answered."""
        first, *rest = approvals.lines(question)
        self.screen.say(first, "bold")
        for line in rest:
            self.screen.say(line)
        if not self.reason:
            call = f"python3 noxfile.py -s delivery -- approve {question.deployable} --reason TEXT"
            self.screen.say(f"Waits for an approval, here or from another terminal:\n  {call}", "yellow")

    def _ask(self, question: Question) -> Answer | None:
        self.screen.console.print("To prod? [y/n] ", end="", markup=False)
        while True:
            if select.select([sys.stdin], [], [], 2 * pause_s())[0]:
                said = sys.stdin.readline()
                if not said:  # the terminal is gone; others may still answer
                    self.asks = False
                    return None
                if said.strip().lower() in ("y", "yes", "n", "no"):
                    status = "Approved" if said.strip().lower().startswith("y") else "Rejected"
                    return (status, self._reason())
                self.screen.console.print("y or n? ", end="", markup=False)
            elif not self._still_waits(question):
                self.screen.say("(answered elsewhere)")
                return None

    def _reason(self) -> str:
        while True:
            self.screen.console.print("Why? ", end="", markup=False)
            said = sys.stdin.readline()
            if said.strip():
                return said.strip()
            if not said:
                return "no reason given"

    def _still_waits(self, question: Question) -> bool:
        found = approvals.waiting(self.pipelines, self.pipelines.definition(question.deployable))
        return found is not None and found.token == question.token
