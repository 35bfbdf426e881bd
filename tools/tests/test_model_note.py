"""The note on the data model knows every kind of item that the code can spell."""

from __future__ import annotations

from tools import house
from tools.shell import ROOT


def test_the_diagram_shows_every_kind_of_item() -> None:
    note = (ROOT / "notes" / "ddb-model.md").read_text(encoding="utf-8")
    diagram = note.partition("erDiagram")[2].partition("```")[0]
    spelled = house.key_prefixes((ROOT / house.KEYS).read_text(encoding="utf-8"))
    assert {"USER#", "WORKOUT#", "SESSION#"} <= spelled
    assert [prefix for prefix in sorted(spelled) if f'"{prefix}' not in diagram] == []
