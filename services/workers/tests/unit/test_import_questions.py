"""What a file leaves unsaid is said by request, metadata or profile, or asked for: it is never guessed."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.chaos import Chaos, Killed
from tests.unit.staging import INVOCATION, Stage
from tests.unit.toys import toy

from wotr_common import keys
from wotr_workers.imports import run

FILE = toy("strong", "W,1,2026-01-04T17:00:00Z,30,", "S,Push,2026-01-05T18:00:00,Bench,100,5,")
IN_POUNDS = "45.359"


@pytest.fixture
def stage(dynamodb: Any) -> Stage:
    return Stage(dynamodb)


def profile(stage: Stage, **said: str) -> None:
    stage.table.put_all([{**keys.profile_key("ada"), "version": 1, **said}])


def request(stage: Stage, **said: str) -> None:
    state = {**keys.import_key("ada", "i1"), "userId": "ada", "importId": "i1", "state": "waiting", **said}
    assert stage.imports.add(state) is None


def stored_weight(stage: Stage) -> tuple[str, str]:
    (session,) = stage.history("session")
    return str(session["sets"][0]["weightKg"]), session["startedAt"]


def test_where_nobody_says_it_the_import_is_refused_with_all_its_questions(stage: Stage) -> None:
    assert stage.run(FILE) == {"new": 0}

    assert stage.account() == {}
    (told,) = stage.heard()
    assert told["state"] == "refused"
    assert sorted(told["questions"]) == ["timezone", "weightUnit"]
    assert "kg or lb" in told["reason"]
    assert "Europe/Berlin" in told["reason"]


def test_only_what_is_missing_is_asked_for(stage: Stage) -> None:
    stage.run(FILE, weight_unit="kg")

    assert stage.state()["questions"] == ["timezone"]


def test_a_file_that_needs_no_answer_is_asked_nothing(stage: Stage) -> None:
    assert stage.run(toy("strong", "W,1,2026-01-04T17:00:00Z,30,"))["new"] == 1


def test_the_request_goes_before_metadata_and_the_profile(stage: Stage) -> None:
    request(stage, weightUnit="lb", timezone="Europe/Berlin")
    profile(stage, weightUnit="kg", timezone="UTC")
    stage.run(FILE, weight_unit="kg", timezone="Asia/Tokyo")

    assert stored_weight(stage) == (IN_POUNDS, "2026-01-05T17:00:00.000Z")


def test_metadata_goes_before_the_profile_which_answers_the_rest(stage: Stage) -> None:
    profile(stage, weightUnit="kg", timezone="UTC")
    stage.run(FILE, weight_unit="lb")

    assert stored_weight(stage) == (IN_POUNDS, "2026-01-05T18:00:00.000Z")


def test_metadata_that_cannot_be_understood_refuse_the_import(stage: Stage) -> None:
    stage.run(FILE, weight_unit="stone", timezone="UTC")

    assert stage.account() == {}
    assert "weight-unit" in stage.state()["reason"]


def test_an_import_that_goes_on_reads_the_file_as_it_began(stage: Stage) -> None:
    profile(stage, weightUnit="lb", timezone="UTC")
    upload = stage.upload(FILE)
    client, stage.dynamodb = stage.dynamodb, Chaos(stage.dynamodb, 4, "killed after")
    with pytest.raises(Killed):
        stage.importer().run(upload, stage.until)
    stage.dynamodb = client
    stage.now += INVOCATION * 2
    profile(stage, weightUnit="kg", timezone="UTC")

    stage.importer().run(upload, stage.until)

    assert stored_weight(stage)[0] == IN_POUNDS


def test_a_file_of_nothing_but_bad_rows_is_refused_before_it_fills_the_table(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "HOPELESS_ROWS", 150)
    rows = "".join("run,yesterday,30\n" for _ in range(1000))

    stage.run(b"type,startedAt,durationMin\n" + rows.encode())

    state = stage.state()
    assert state["state"] == "refused"
    assert "none of the first" in state["reason"]
    assert "startedAt" in state["reason"]
    assert 150 <= len(stage.set_aside()) == state["counts"]["setAside"] < 1000


def test_one_good_row_is_enough_to_read_on(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "HOPELESS_ROWS", 150)
    rows = "run,2026-01-01T07:00:00Z,30\n" + "".join("run,yesterday,30\n" for _ in range(300))

    stage.run(b"type,startedAt,durationMin\n" + rows.encode())

    assert (stage.state()["state"], len(stage.set_aside())) == ("done", 300)


def test_the_first_rows_set_aside_are_listed_and_all_of_them_counted(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "LISTED_ROWS", 250)
    rows = "run,2026-01-01T07:00:00Z,30\n" + "".join("run,yesterday,30\n" for _ in range(600))

    stage.run(b"type,startedAt,durationMin\n" + rows.encode())

    state = stage.state()
    assert (state["state"], state["counts"]["setAside"], state["counts"]["new"]) == ("done", 600, 1)
    assert sum(state["setAsideReasons"].values()) == 600
    assert [line for line, _, _ in stage.set_aside()] == list(range(3, 253))
