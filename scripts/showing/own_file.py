"""The export that somebody brings along, and what they say of it on the command line."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import available_timezones

from showing.talk import DemoError

MOST_BYTES = 200 * 1024 * 1024  # what the form for uploads takes
# how a question of an import is answered here, with an example
ANSWERS = {
    "weightUnit": ("--weight-unit", "kg"),
    "distanceUnit": ("--distance-unit", "km"),
    "timezone": ("--timezone", "Europe/Berlin"),
}


@dataclass(frozen=True)
class OwnFile:
    """An export: its name, its bytes, and what was said of it (weightUnit, distanceUnit, timezone)."""

    name: str
    content: bytes
    settings: dict[str, str]

    @property
    def content_type(self) -> str:
        """How it is uploaded: our own JSON export as such, everything else as text."""
        return "application/json" if self.content[:64].lstrip()[:1] == b"{" else "text/csv"


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options for an export and for what it may leave unsaid."""
    parser.add_argument("--csv", type=Path, metavar="FILE", help="the export of any app that we know")
    parser.add_argument("--weight-unit", choices=("kg", "lb"), help="of its weights, where it does not say")
    parser.add_argument("--distance-unit", choices=("km", "mi"), help="of its distances, likewise")
    parser.add_argument("--timezone", type=zone, metavar="ZONE", help="of its times, such as Europe/Berlin")


def zone(name: str) -> str:
    """`name`, where it is that of a time zone; this machine may know none, then the import will say."""
    known = available_timezones()
    if known and name not in known:
        raise argparse.ArgumentTypeError(f"{name!r} is no time zone; they look like Europe/Berlin")
    return name


def own_file(said: argparse.Namespace) -> OwnFile | None:
    """The export that the options name; None where they name none, DemoError where it cannot be read."""
    settings = {
        "weightUnit": said.weight_unit,
        "distanceUnit": said.distance_unit,
        "timezone": said.timezone,
    }
    answers = {name: value for name, value in settings.items() if value}
    if said.csv is None:
        if answers:
            raise DemoError(f"{', '.join(ANSWERS[name][0] for name in answers)}: say of which --csv FILE")
        return None
    try:
        size = said.csv.stat().st_size
        content = said.csv.read_bytes() if size <= MOST_BYTES else b""
    except OSError as error:
        raise DemoError(f"{said.csv.absolute()} cannot be read: {error.strerror}") from error
    if not content:
        problem = "larger than 200 MiB" if size else "empty"
        raise DemoError(f"{said.csv.absolute()} cannot be imported: the file is {problem}")
    return OwnFile(said.csv.name, content, answers)


def answered(said: argparse.Namespace, questions: Iterable[str]) -> str:
    """The options with which the same export is understood, as a shell takes them."""
    words = ["--csv", str(said.csv)]
    for name, (option, example) in ANSWERS.items():
        value = getattr(said, option.removeprefix("--").replace("-", "_"))
        if value or name in questions:
            words += [option, value or example]
    return shlex.join(words)
