"""What a Dockerfile says that only copies, as far as it can be done without Docker (used inside the server).

COPY, ENV, WORKDIR and ENTRYPOINT count; FROM and USER are for Docker. Anything else is refused, because what
it would do to an image is not done here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

_FOR_DOCKER = ("FROM", "USER")


class NotCopying(Exception):
    """The Dockerfile does more than copy; the message names the line."""


@dataclass(frozen=True)
class Recipe:
    """Paths of the container (`copied`: to those in the context), its environment, directory and command."""

    copied: dict[str, str]
    environment: dict[str, str]
    directory: str
    entrypoint: list[str]

    def on_host(self, text: str, context: Path) -> str:
        """`text` with a path of the container in front as the path of what was copied there."""
        for inside, source in self.copied.items():
            if text == inside or text.startswith(f"{inside}/"):
                return str(context / source) + text[len(inside) :]
        return text


def read(text: str) -> Recipe:
    """The recipe that a Dockerfile's text is; NotCopying."""
    copied: dict[str, str] = {}
    environment: dict[str, str] = {}
    directory, entrypoint = "/", [""]
    for number, line in enumerate(text.splitlines(), 1):
        instruction, _, rest = line.strip().partition(" ")
        match instruction:
            case "COPY":
                source, inside = rest.split()
                copied[_plain(inside)] = _plain(source)
            case "ENV":
                name, _, value = rest.partition("=")
                environment[name.strip()] = value.strip()
            case "WORKDIR":
                directory = rest.strip()
            case "ENTRYPOINT":
                entrypoint = json.loads(rest)
            case _ if instruction and not instruction.startswith("#") and instruction not in _FOR_DOCKER:
                raise NotCopying(f"line {number} of the Dockerfile, {instruction}: only Docker can do that")
    return Recipe(copied, environment, directory, entrypoint)


def _plain(path: str) -> str:
    return str(PurePosixPath(path))
