"""The message that carries an accepted workout to its writer."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError
from tests.given import NOW, fields

from wotr_common.messages import AcceptedWorkout

SENT = AcceptedWorkout(
    user_id="ana", accepted_at=NOW, correlation_id="req-1", warnings=("odd",), workout=fields(distanceM=0.1)
)


def test_what_was_accepted_arrives() -> None:
    assert AcceptedWorkout.model_validate_json(SENT.text()) == SENT
    assert "photoKey" not in SENT.text()  # what was not said takes no room


def test_a_reader_ignores_what_a_later_sender_adds() -> None:
    assert AcceptedWorkout.model_validate_json(json.dumps(json.loads(SENT.text()) | {"trace": "x"})) == SENT


@pytest.mark.parametrize("changed", [{"version": 2}, {"userId": "a b"}, {"workout": {"type": "run"}}])
def test_what_it_cannot_understand_is_refused(changed: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        AcceptedWorkout.model_validate_json(json.dumps(json.loads(SENT.text()) | changed))


@pytest.mark.parametrize("user_id", ["", ".", "..", ".ana", "a/b", "a#b", "a\n", "x" * 65])
def test_a_user_id_that_cannot_stand_in_a_path_is_refused(user_id: str) -> None:
    with pytest.raises(ValidationError):
        AcceptedWorkout(user_id=user_id, accepted_at=NOW, correlation_id="req-1", workout=fields())
