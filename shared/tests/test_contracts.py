"""Published contracts: what is committed is what the models say, and nobody loses what they rely on."""

from __future__ import annotations

import json
import subprocess
from typing import Annotated, Any, Literal

import jsonschema
import pytest
from contracts.schemas import FOLDER, breaks, models, text
from pydantic import BaseModel, Field
from tests.given import NOW, fields, workout

from wotr_common.events import WorkoutCreated, WorkoutData, workout_created
from wotr_common.messages import AcceptedWorkout

RENEW = "write them anew: python3 noxfile.py -s contracts"


def committed(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    return schema


@pytest.mark.parametrize("name", models())
def test_the_committed_schema_is_the_models(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == text(models()[name]), RENEW


def test_every_committed_schema_still_has_its_model() -> None:
    published = {path.name for path in FOLDER.glob("*.json")}

    assert published == set(models()), (
        "a published version stays: a change that breaks it is a new version beside it"
    )


@pytest.mark.parametrize("name", models())
def test_no_release_takes_from_an_earlier_one(name: str) -> None:
    """Each published state of the schema, as git tags remember it, against today's model."""
    for tag in git("tag", "--list", "common-v*").split():
        listed = git("ls-tree", "--name-only", tag, "--", f"contracts/{name}")
        if listed:
            published = json.loads(git("show", f"{tag}:./contracts/{name}"))
            assert breaks(published, models()[name].model_json_schema()) == [], tag


def git(*arguments: str) -> str:
    answer = subprocess.run(
        ["git", *arguments], cwd=FOLDER.parent, capture_output=True, text=True, check=False
    )
    return answer.stdout if answer.returncode == 0 else ""


def test_real_events_and_messages_keep_their_schemas() -> None:
    event = workout_created(workout(distanceM=0.1, rpe=9.5, avgHeartRate=150), "req-1")
    message = AcceptedWorkout(user_id="ana", accepted_at=NOW, correlation_id="req-1", workout=fields(rpe=9.5))

    for name, said in (
        ("workout.created.v1.json", event.text()),
        ("accepted-workout.v1.json", message.text()),
    ):
        jsonschema.validate(
            json.loads(said), committed(name), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
        )


class Removed(BaseModel):
    version: Literal[1] = 1
    where: str | None = None


class Original(Removed):
    start: Annotated[float, Field(description="said so")]


class Described(Removed):
    start: Annotated[float, Field(description="said better")]


class Added(Original):
    more: int | None = None


class Retyped(Removed):
    start: str


class Nullable(Removed):
    start: float | None


class NoLongerRequired(Removed):
    start: float = 0


class NewlyRequired(Original):
    more: int


class NextVersion(Original):
    version: Literal[2] = 2  # type: ignore[assignment]


def inside(model: type[BaseModel]) -> dict[str, Any]:
    """The schema of an event with `model` as its data."""

    class Event(BaseModel):
        data: model  # type: ignore[valid-type]

    return Event.model_json_schema()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (Removed, "data.start was removed"),
        (Retyped, "data.start was {'type': 'number'} and is {'type': 'string'}"),
        (Nullable, "data.start was {'type': 'number'} and is {'anyOf'"),
        (NoLongerRequired, "data.start may be absent now"),
        (NewlyRequired, "data.more is required now"),
        (NextVersion, "data.version was"),
    ],
)
def test_what_breaks_a_reader_or_a_replay_is_said(changed: type[BaseModel], said: str) -> None:
    found = breaks(inside(Original), inside(changed))

    assert any(sentence.startswith(said) for sentence in found)


@pytest.mark.parametrize("changed", [Original, Added, Described])
def test_adding_an_optional_field_or_a_better_description_passes(changed: type[BaseModel]) -> None:
    assert breaks(inside(Original), inside(changed)) == []


@pytest.mark.parametrize("name", WorkoutData.model_fields)
def test_no_field_of_workout_created_can_go_unnoticed(name: str) -> None:
    published = WorkoutCreated.model_json_schema()
    current = WorkoutCreated.model_json_schema()
    alias = WorkoutData.model_fields[name].alias
    assert alias
    del current["$defs"]["WorkoutData"]["properties"][alias]

    assert breaks(published, current) == [f"data.{alias} was removed"]
