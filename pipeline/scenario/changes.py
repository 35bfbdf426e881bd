"""The changes that are pushed. Faults show in prod only: dev would stop most of them before."""

from __future__ import annotations

from repository import Scratch

VERSION = "x-wotr-version"  # a header by which versions of the scenario can be told apart
DOOR = "services/api/src/wotr_api/door.py"
QUERY = "services/api/src/wotr_api/handlers/query.py"
ACCEPT = "services/api/src/wotr_api/handlers/accept.py"
_ALWAYS = "always = {CORRELATION_HEADER: correlation_id, **edge.headers(event)}"
_RESOLVES = "    answered: dict[str, Any] = app.resolve(event, context)\n"
_ANSWERS = "    return door.handle(app, event, context)\n"


def marked(scratch: Scratch, version: str) -> None:
    """An API whose answers say which version gave them, and that is otherwise as it was."""
    scratch.restore(DOOR, QUERY, ACCEPT)
    header = f'"{VERSION}": "{version}"'
    scratch.replace(
        DOOR, _ALWAYS, f"always = {{CORRELATION_HEADER: correlation_id, {header}, **edge.headers(event)}}"
    )


def raising(scratch: Scratch, version: str) -> None:
    """A function that raises for one in three requests through the API, and for none of its hook's."""
    marked(scratch, version)
    _import(scratch, QUERY, "import itertools")
    scratch.replace(
        QUERY,
        _ANSWERS,
        f"""    through_api = "apiId" in event["requestContext"]
    if settings.wotr_stage == "prod" and through_api and next(_calls) % 3 == 0:
        raise RuntimeError("one in three")
{_ANSWERS}

_calls = itertools.count()
""",
    )


def slow(scratch: Scratch, version: str) -> None:
    """Functions that take their time: a tenth of all calls is more than the twentieth that may be slow."""
    marked(scratch, version)
    scratch.replace(DOOR, "import json\n", "import json\nimport time\n")
    problems = "from wotr_common.problems import CONTENT_TYPE, FieldError, Problem, invalid, unavailable\n"
    scratch.replace(DOOR, problems, f"{problems}from wotr_common.settings import Settings\n")
    scratch.replace(
        DOOR,
        _RESOLVES,
        f"""    if Settings.load().wotr_stage == "prod":
        time.sleep(4)
{_RESOLVES}""",
    )


def losing(scratch: Scratch, version: str) -> None:
    """An accept that stores for somebody else, so that its hook looks in vain; it alone bears this version.

    The other functions are as good as before, and each shifts by itself, as on AWS: they may begin to.
    """
    marked(scratch, "good")
    asked = "    key = headers.idempotency_key(app.current_event.raw_event)\n"
    scratch.replace(
        ACCEPT,
        asked,
        f"""{asked}    if settings.wotr_stage == "prod":
        user_id = f"{{user_id}}-elsewhere"
""",
    )
    scratch.replace(
        ACCEPT,
        _ANSWERS,
        f"""    answered = door.handle(app, event, context)
    answered["multiValueHeaders"]["{VERSION}"] = ["{version}"]
    return answered
""",
    )


def _import(scratch: Scratch, name: str, line: str) -> None:
    scratch.replace(
        name, "from __future__ import annotations\n\n", f"from __future__ import annotations\n\n{line}\n"
    )
