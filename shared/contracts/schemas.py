"""Schemas of the models, and the comparison with those that were published.

Ours rather than a library's: those compare schemas for readers or for writers, and a contract here has both,
since events are kept and replayed. A new reader meets old events as an old reader meets new ones.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from wotr_common.events import CONTRACTS
from wotr_common.messages import AcceptedWorkout, Command, Outcome

FOLDER = Path(__file__).parent
_SAYS_NOTHING = {"title", "description", "$defs", "$schema"}
_COMPARED = {"properties", "required"}

Schema = dict[str, Any]


def models() -> dict[str, type[BaseModel]]:
    """Every contract by the name of its file."""
    events = {f"{model.model_fields['name'].default}.v{_version(model)}.json": model for model in CONTRACTS}
    messages = {"accepted-workout": AcceptedWorkout, "command": Command, "outcome": Outcome}
    return {**events, **{f"{name}.v{_version(model)}.json": model for name, model in messages.items()}}


def text(model: type[BaseModel]) -> str:
    """The schema as it is committed."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **model.model_json_schema()}
    return json.dumps(schema, indent=2) + "\n"


def breaks(published: Schema, current: Schema) -> list[str]:
    """What `current` takes from those who rely on `published`, one sentence each."""
    return list(_breaks(_inlined(published, published), _inlined(current, current), ""))


def _version(model: type[BaseModel]) -> int:
    return int(model.model_fields["version"].default)


def _inlined(schema: Any, root: Schema) -> Any:
    """`schema` with its references resolved and without what is meant for people only."""
    if isinstance(schema, list):
        return [_inlined(each, root) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(root["$defs"][schema["$ref"].rpartition("/")[2]], root)
    return {
        name: {field: _inlined(each, root) for field, each in value.items()}
        if name == "properties"
        else _inlined(value, root)
        for name, value in schema.items()
        if name not in _SAYS_NOTHING
    }


def _breaks(published: Schema, current: Schema, where: str) -> Iterator[str]:
    old, new = published.get("properties", {}), current.get("properties", {})
    for name in old:
        if name not in new:
            yield f"{where}{name} was removed"
        else:
            yield from _breaks(old[name], new[name], f"{where}{name}.")
    before, now = set(published.get("required", [])), set(current.get("required", []))
    yield from (f"{where}{name} may be absent now" for name in sorted(before - now) if name in new)
    yield from (f"{where}{name} is required now" for name in sorted(now - before))
    before_else, now_else = (
        {k: v for k, v in each.items() if k not in _COMPARED} for each in (published, current)
    )
    if before_else != now_else:
        yield f"{where.removesuffix('.') or 'the object'} was {before_else} and is {now_else}"
