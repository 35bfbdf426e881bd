"""Records that somebody broke are told of at once, and once."""

from __future__ import annotations

import json

from tests.unit.stream import Stream
from tests.unit.training import a_set, edited, imported, session, workout


def test_a_live_record_is_told_at_once_with_what_it_beat(stream: Stream) -> None:
    stream.put(workout(0, 30, distance_m=5_000))
    stream.deliver()
    assert stream.heard() == [], "the first value is a baseline"

    stream.put({**workout(40, 65, distance_m=5_000), "correlationId": "call-1"})
    stream.deliver()

    (heard,) = stream.heard()
    attributes = {name: each["Value"] for name, each in heard["MessageAttributes"].items()}
    assert attributes == {
        "userId": "ada",
        "type": "run",
        "kind": "longest_duration",
        "correlationId": "call-1",
    }
    assert json.loads(heard["Message"]) == {
        "version": 1,
        "userId": "ada",
        "kind": "longest_duration",
        "subject": "run",
        "label": "run",
        "value": 65,
        "unit": "min",
        "previous": 30,
        "type": "run",
        "workoutId": "20260210T070000000Z",
        "startedAt": "2026-02-10T07:00:00.000Z",
        "message": "Longest run: 1 h 5 min (before: 30 min)",
    }


def test_a_session_is_told_of_when_it_ends_with_its_best(stream: Stream) -> None:
    stream.put(session(0, a_set("Squat", 100, 5)))
    begun = session(1, a_set("Squat", 110, 5), state="open")
    stream.put(begun)
    stream.deliver()
    assert stream.heard() == []

    ended = session(1, a_set("Squat", 110, 5), a_set("Squat", 120, 5))
    stream.put(edited(ended))
    stream.deliver()

    assert stream.told() == [
        "Best estimated maximum of Squat: 140 kg (before: 116.667 kg)",
        "Biggest volume of a session: 1150 kg (before: 500 kg)",
        "Heaviest Squat: 120 kg (before: 100 kg)",
    ]


def test_a_record_is_told_once_whatever_comes_again(stream: Stream) -> None:
    stream.put(workout(0, 30), workout(40, 60))
    stream.deliver()
    stream.delivered = 0
    stream.deliver()
    stream.put(edited(workout(40, 60)), edited(workout(40, 70), 2))
    stream.deliver()
    assert stream.told() == ["Longest run: 1 h (before: 30 min)"]


def test_a_record_is_told_again_only_where_its_change_comes_again_before_the_note(stream: Stream) -> None:
    stream.put(workout(0, 30), workout(40, 60))
    stream.deliver(noted=False)
    stream.delivered = 0
    stream.deliver()
    stream.delivered = 0
    stream.deliver()
    assert stream.told() == ["Longest run: 1 h (before: 30 min)"] * 2


def test_an_edit_that_makes_a_record_is_told(stream: Stream) -> None:
    stream.put(workout(0, 30), workout(40, 25))
    stream.deliver()
    stream.put(edited(workout(40, 60)))
    stream.deliver()
    assert stream.told() == ["Longest run: 1 h (before: 30 min)"]


def test_a_session_begun_filled_and_ended_within_a_batch_is_told_of(stream: Stream) -> None:
    stream.put(session(0, a_set("Squat", 100, 5)))
    stream.deliver()
    begun = session(1, state="open")
    stream.put(begun, edited(session(1, a_set("Squat", 110, 5)), 2))
    stream.deliver()
    assert "Heaviest Squat: 110 kg (before: 100 kg)" in stream.told()


def test_a_workout_that_is_moved_to_another_start_is_not_told_of_again(stream: Stream) -> None:
    stream.put(workout(0, 30), workout(40, 60))
    stream.deliver()
    stream.heard()
    stream.delete(workout(40))
    stream.put(edited(workout(41, 60)))
    stream.deliver()
    assert stream.heard() == []


def test_what_an_import_changes_or_its_undo_puts_back_is_not_told_of(stream: Stream) -> None:
    stream.put(workout(0, 30), workout(1, 20))
    stream.deliver()
    stream.put({**workout(1, 60), "changedBy": "i1", "changedRow": "i1/v:2"})
    stream.deliver()
    stream.put(workout(1, 50))
    stream.deliver()
    assert [value for _, value in stream.steps()["longest_duration", "run"]] == [30, 50]
    assert stream.heard() == []


def test_nothing_is_told_of_a_workout_that_others_made_a_record(stream: Stream) -> None:
    stream.put(workout(40, 60))
    stream.deliver()
    stream.put(workout(0, 30))  # logged later, and now the other one is more than a baseline
    stream.deliver()
    stream.put(edited({**workout(40, 60), "notes": "windy"}))
    stream.deliver()
    assert stream.heard() == []


def test_imported_history_is_never_told_of(stream: Stream) -> None:
    stream.put(imported(workout(0, 30)), imported(workout(1, 60)))
    assert stream.deliver().broken == 0
    assert [value for _, value in stream.steps()["longest_duration", "run"]] == [30, 60]
    assert stream.heard() == []


def test_a_workout_longer_than_all_others_of_the_thirty_days_before_it_is_told(stream: Stream) -> None:
    stream.put(
        workout(0, 300, type="ride"),  # more than thirty days before
        workout(10, 90, type="yoga"),
        workout(20, 500, type="ride", warnings=("avgHeartRate: unusual",)),
        workout(25, None, type="strength"),
    )
    stream.deliver()
    stream.heard()
    stream.put(workout(39.5, 95, type="swim"))
    stream.deliver()
    assert stream.told() == ["Longest workout of 30 days: 1 h 35 min (before: 1 h 30 min)"]


def test_a_workout_no_longer_than_another_of_thirty_days_or_without_any_is_not_told(stream: Stream) -> None:
    stream.put(workout(0, 30, type="ride"))
    stream.deliver()
    stream.put(workout(30, 30, type="swim"), workout(61, 90, type="row"))
    stream.deliver()
    assert stream.heard() == []
