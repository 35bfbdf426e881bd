"""The counts of an import, and why rows were set aside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from wotr_workers.imports.plan import Fate, Outcome
from wotr_workers.texts.rows import SetAside

REASONS_KEPT = 50
OTHER_REASONS = "other reasons"


@dataclass(slots=True)
class Tally:
    """rows = new + known + set_aside; `changed` and `linked` are among the known, `remarks` beside them."""

    new: int = 0
    known: int = 0
    changed: int = 0
    linked: int = 0
    set_aside: int = 0
    remarks: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, state: Mapping[str, Any]) -> Tally:
        """The tally in the state of an import that goes on."""
        counts = {name: int(count) for name, count in state.get("counts", {}).items()}
        return cls(
            **{name: counts.get(name, 0) for name in ("new", "known", "changed", "linked", "remarks")},
            set_aside=counts.get("setAside", 0),
            reasons=Counter({text: int(count) for text, count in state.get("setAsideReasons", {}).items()}),
        )

    def add(self, outcomes: Iterable[Outcome]) -> None:
        """Count some rows."""
        for outcome in outcomes:
            if isinstance(outcome, SetAside):
                self._set_aside(outcome)
            elif outcome is Fate.NEW:
                self.new += 1
            else:
                self.known += 1
                self.changed += outcome is Fate.CHANGED
                self.linked += outcome is Fate.LINKED

    def _set_aside(self, row: SetAside) -> None:
        self.set_aside += 1
        reason = f"{row.field}: {row.reason}" if row.field else row.reason
        if reason not in self.reasons and len(self.reasons) >= REASONS_KEPT:
            reason = OTHER_REASONS
        self.reasons[reason] += 1

    @property
    def rows(self) -> int:
        """Rows that carry a workout or a set."""
        return self.new + self.known + self.set_aside

    def counts(self) -> dict[str, int]:
        """The counts by the names that items and messages have for them."""
        return {
            "rows": self.rows,
            "new": self.new,
            "known": self.known,
            "changed": self.changed,
            "linked": self.linked,
            "setAside": self.set_aside,
            "remarks": self.remarks,
        }

    def sentence(self) -> str:
        """The counts for a person."""
        among = ", ".join(
            f"{count} {name}" for count, name in ((self.changed, "changed"), (self.linked, "linked")) if count
        )
        known = f"{self.known} known ({among})" if among else f"{self.known} known"
        return f"{self.new} new, {known}, {self.set_aside} set aside"
