"""The counts of an import, and a bounded record of what was set aside and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from wotr_workers.imports.parsed import SetAside
from wotr_workers.imports.plan import Known

ROWS_KEPT = 100
REASONS_KEPT = 50
OTHER_REASONS = "other reasons"


@dataclass(slots=True)
class Tally:
    """rows = new + known + set_aside; `changed` counts the known whose content differs from the stored."""

    rows: int = 0
    new: int = 0
    known: int = 0
    changed: int = 0
    set_aside: int = 0
    kept: list[SetAside] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, fate: Known | SetAside) -> None:
        """Count one row."""
        self.rows += 1
        if isinstance(fate, SetAside):
            self._set_aside(fate)
        elif fate is Known.NEW:
            self.new += 1
        else:
            self.known += 1
            self.changed += fate is Known.CHANGED

    def _set_aside(self, row: SetAside) -> None:
        self.set_aside += 1
        if len(self.kept) < ROWS_KEPT:
            self.kept.append(row)
        reason = f"{row.field}: {row.reason}" if row.field else row.reason
        if reason not in self.reasons and len(self.reasons) >= REASONS_KEPT:
            reason = OTHER_REASONS
        self.reasons[reason] += 1

    def counts(self) -> dict[str, int]:
        """The counts by the names that items and messages have for them."""
        return {
            "rows": self.rows,
            "new": self.new,
            "known": self.known,
            "changed": self.changed,
            "setAside": self.set_aside,
        }

    def sentence(self) -> str:
        """The counts for a person."""
        return f"{self.new} new, {self.known} known, {self.set_aside} set aside"
