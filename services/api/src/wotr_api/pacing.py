"""How fast each route may be called: the stage's method settings, made from the route table.

python -m wotr_api.pacing            writes them into template.yml
python -m wotr_api.pacing --check    says whether they are up to date

Functions do not load it. A limit is a route's, and all its callers share it; API Gateway answers 429 beyond.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from wotr_api.routes import ROUTES, Route
from wotr_api.routes.route import Pace

TEMPLATE = Path(__file__).resolve().parents[2] / "template.yml"
BEGIN = "      # Written by python3 noxfile.py -s openapi, from the routes' classes:\n"
END = "      # End of what is written.\n"
_COMMON: Pace = "read"
_PARAMETERS: dict[Pace, str] = {
    "machine": "Machine",
    "read": "Read",
    "write": "Write",
    "heavy": "Heavy",
    "grant": "Grant",
}


def settings() -> str:
    """The property MethodSettings: what most routes have, then each route that has something else."""
    paced = [_setting("/*", "*", _COMMON)]
    paced += [
        _setting("/" + route.path.replace("/", "~1"), route.method.upper(), route.paced)
        for route in _by_path(ROUTES)
        if route.paced != _COMMON
    ]
    return f"{BEGIN}      MethodSettings:\n{''.join(paced)}{END}"


def main(arguments: list[str]) -> str | None:
    """Write or check the settings; what is wrong, None where nothing is."""
    if arguments not in ([], ["--check"]):
        return "usage: python -m wotr_api.pacing [--check]"
    template = TEMPLATE.read_text(encoding="utf-8")
    before, begin, rest = template.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        return f"{TEMPLATE.name} has lost the lines between which the limits of routes are written"
    wanted = before + settings() + after
    if not arguments:
        TEMPLATE.write_text(wanted, encoding="utf-8")
        print(f"written: services/api/{TEMPLATE.name}")  # noqa: T201 - says what it did
    elif template != wanted:
        return (
            f"the limits in {TEMPLATE.name} are not what the routes' classes say: "
            "write them anew with python3 noxfile.py -s openapi"
        )
    return None


def _by_path(routes: Iterable[Route]) -> list[Route]:
    return sorted(routes, key=lambda route: (route.path, route.method))


def _setting(path: str, method: str, pace: Pace) -> str:
    name = _PARAMETERS[pace]
    return (
        f'        - ResourcePath: "{path}"\n'
        f'          HttpMethod: "{method}"\n'
        f"          ThrottlingRateLimit: !Ref {name}RatePerSecond\n"
        f"          ThrottlingBurstLimit: !Ref {name}Burst\n"
        "          LoggingLevel: ERROR\n"
        "          DataTraceEnabled: false # would write bodies into the log\n"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
