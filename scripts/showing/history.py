"""A history from another app: brought in twice, counted, and taken back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.table import Table

from showing.own_file import OwnFile
from showing.talk import DemoError, console, expect, wait_for
from stage_client import Athlete

SHOWN = 5
COUNTS = {
    "rows": "rows read",
    "new": "new",
    "known": "known",
    "changed": "changed",
    "linked": "linked",
    "setAside": "set aside",
}


class Refused(DemoError):
    """A file that could not be imported; `questions` are those that it leaves open."""

    def __init__(self, message: str, questions: Sequence[str]) -> None:
        super().__init__(message)
        self.questions = questions


def bring(athlete: Athlete, file: OwnFile) -> str:
    """Import the file twice, as its owner might, and show how both went; the id of the first import."""
    first = _imported(athlete, file)
    again = _imported(athlete, file)
    table = Table(
        "", *COUNTS.values(), "records", title=f"{file.name}: {len(file.content):,} bytes, {first['format']}"
    )
    for label, state in (("first import", first), ("same file again", again)):
        counts = (
            *(state["counts"].get(each, 0) for each in COUNTS),
            state.get("records", {}).get("count", 0),
        )
        table.add_row(label, *(f"{count:,}" for count in counts))
    console.print(table)
    for reason, rows in sorted(first["setAsideReasons"].items(), key=lambda each: -each[1])[:SHOWN]:
        console.print(f"  set aside: {rows:,} × {reason}")
    if len(first["setAsideReasons"]) > SHOWN:
        console.print(f"  and {len(first['setAsideReasons']) - SHOWN} more reasons")
    if first["counts"].get("remarks"):
        console.print(f"  beside them: {first['counts']['remarks']:,} rows without a workout or set")
    console.print(f"told in one message: “{first['message']}”, with its records")
    for state in (first, again):
        counts = state["counts"]
        if counts["new"] + counts["known"] + counts["setAside"] != counts["rows"]:
            raise DemoError("the import's counts do not add up")
    if again["counts"]["new"]:
        raise DemoError("the same file again brought something new")
    return str(first["importId"])


def _imported(athlete: Athlete, file: OwnFile) -> dict[str, Any]:
    begun = athlete.import_file(file.content, file.settings, file.content_type)
    with console.status(f"importing {file.name}") as status:
        state = begun.ended(
            seen=lambda now: status.update(
                f"importing {file.name}: {now.get('counts', {}).get('rows', 0):,} rows"
            )
        )
    if state["state"] == "refused":
        raise Refused(f"{file.name} was {state['message']}", state.get("questions", ()))
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
    console.print(
        f"DELETE {path}  left of it: {', '.join(f'{count} {what}' for what, count in left.items())}"
    )
    if any(left.values()):
        raise DemoError("the import left something behind")
