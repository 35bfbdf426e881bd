"""Imports on a deployed stage: asked, added to, linked, taken back, one at a time."""

from __future__ import annotations

from tests.integration.athlete import SAID, Athlete

from wotr_common import keys

HEADER = "Date,Workout Name,Exercise Name,Set Order,Weight,Reps,Distance,Seconds,Notes,Workout Notes,RPE"


def strong(*sets: tuple[int, int, int]) -> bytes:
    """An export of sets of (day, weight, repetitions)."""
    rows = [
        f'2026-01-{day:02} 18:00:00,"Push","Bench Press (Barbell)",{place},{weight},{reps},0,0,"","",'
        for place, (day, weight, reps) in enumerate(sets, 1)
    ]
    return "\n".join([HEADER, *rows]).encode()


def test_a_history_is_asked_about_imported_added_to_and_taken_back(athlete: Athlete) -> None:
    earlier = strong((1, 100, 5), (1, 100, 5), (3, 105, 5))
    later = strong((1, 100, 5), (1, 100, 6), (3, 105, 5), (5, 110, 3))

    refused = athlete.imported("asked", earlier, {})
    assert (refused["state"], sorted(refused["questions"])) == ("refused", ["timezone", "weightUnit"])
    assert athlete.history() == []

    assert athlete.imported("first", earlier)["message"] == "3 new, 0 known, 0 set aside"
    before = athlete.history()
    done = athlete.imported("second", later)
    assert done["message"] == "1 new, 3 known (1 changed), 0 set aside"
    assert done["records"]["count"] > 0

    assert athlete.undone("second")["state"] == "undone"
    assert athlete.history() == before
    athlete.undone("first")
    assert athlete.history() == []


def test_exports_that_come_at_once_are_imported_one_after_the_other(athlete: Athlete) -> None:
    exports = {
        f"at-once-{number}": strong(*((day, 100, 5) for day in range(1, 2 + number))) for number in range(4)
    }
    for import_id, content in exports.items():
        athlete.upload(import_id, content, SAID)

    counts = [athlete.told(import_id, "done")["counts"] for import_id in exports]

    assert [each["rows"] for each in counts] == [1, 2, 3, 4]
    assert sum(each["new"] for each in counts) == 4
    assert sum(keys.is_session(item[keys.SK]) for item in athlete.history()) == 4
