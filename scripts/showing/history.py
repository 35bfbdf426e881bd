"""A history from another app: brought in twice, counted, and taken back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Table

from showing.talk import DemoError, console, expect, wait_for
from stage_client import Athlete

SHOWN = 5
COUNTS = ("rows", "new", "known", "changed", "linked", "setAside")
OPTIONS = {
    "weightUnit": "--weight-unit kg (or lb)",
    "distanceUnit": "--distance-unit km (or mi)",
    "timezone": "--timezone Europe/Berlin (or another)",
}


def bring(athlete: Athlete, name: str, content: bytes, settings: Mapping[str, str]) -> str:
    """Import the file twice, as its owner might, and show how both went; the id of the first import."""
    first = _imported(athlete, name, content, settings)
    again = _imported(athlete, name, content, settings)
    table = Table("", *COUNTS, title=f"{name}: {len(content):,} bytes, {first['format']}")
    for label, state in (("first import", first), ("same file again", again)):
        counts = state["counts"]
        table.add_row(label, *(f"{counts.get(each, 0):,}" for each in COUNTS))
    console.print(table)
    for reason, rows in sorted(first["setAsideReasons"].items(), key=lambda each: -each[1])[:SHOWN]:
        console.print(f"  set aside: {rows} × {reason}")
    if len(first["setAsideReasons"]) > SHOWN:
        console.print(f"  and {len(first['setAsideReasons']) - SHOWN} more reasons")
    records = first.get("records", {})
    console.print(f"notified once: “{first['message']}”, {records.get('count', 0)} records in one digest")
    for state in (first, again):
        counts = state["counts"]
        if counts["new"] + counts["known"] + counts["setAside"] != counts["rows"]:
            raise DemoError("the import's counts do not add up")
    if again["counts"]["new"]:
        raise DemoError("the same file again brought something new")
    return str(first["importId"])


def _imported(athlete: Athlete, name: str, content: bytes, settings: Mapping[str, str]) -> dict[str, Any]:
    begun = athlete.import_file(content, settings)
    with console.status(f"importing {name}") as status:
        state = begun.ended(
            seen=lambda now: status.update(f"importing {name}: {now.get('counts', {}).get('rows', 0):,} rows")
        )
    if state["state"] == "refused":
        hints = [OPTIONS[question] for question in state.get("questions", ())]
        hint = f". Say it with {' and '.join(hints)}" if hints else ""
        raise DemoError(f"{name} was {state['message']}{hint}")
    return state


def take_back(athlete: Athlete, import_id: str) -> None:
    """Undo an import, and show that nothing of it is left."""
    expect(athlete.call("DELETE", f"/me/imports/{import_id}"), 202)
    path = f"/me/imports/{import_id}"
    wait_for("the import to be undone", lambda: athlete.call("GET", path).json()["state"] == "undone")
    left = {
        what: len(expect(athlete.call("GET", f"/me/{what}"), 200).json()[what])
        for what in ("workouts", "sessions", "records")
    }
    console.print(f"DELETE {path}  left of it: {left}")
    if any(left.values()):
        raise DemoError("the import left something behind")
