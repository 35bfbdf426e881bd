"""Sample data: the same for the same arguments, and shaped as the real thing."""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
from collections import Counter
from datetime import datetime

import seed
import strava_sample
import strong_sample


def sample(rows: int, chance: int = 7) -> str:
    out = io.StringIO(newline="")
    strava_sample.write(rows, out, chance)
    return out.getvalue()


def test_the_same_arguments_give_the_same_bytes() -> None:
    """On every Python and in every clone: figures that were measured with it compare."""
    begin = "96b62f2d8b75e5cc"  # pragma: allowlist secret - a digest
    assert hashlib.sha256(sample(300).encode()).hexdigest().startswith(begin)
    assert sample(300, chance=8) != sample(300)


def test_a_longer_sample_begins_as_a_shorter_one() -> None:
    assert sample(50).startswith(sample(20))


def test_its_header_repeats_the_names_that_strava_repeats() -> None:
    header, *rows = csv.reader(io.StringIO(sample(100), newline=""))
    assert header[:5] == [
        "Activity ID",
        "Activity Date",
        "Activity Name",
        "Activity Type",
        "Activity Description",
    ]
    twice = {name for name, count in Counter(header).items() if count == 2}
    assert twice == {"Elapsed Time", "Distance", "Max Heart Rate", "Relative Effort", "Commute"}
    assert len(rows) == 100
    assert {len(row) for row in rows} == {len(header)}


def test_its_activities_have_ids_and_starts_of_their_own_in_stravas_spelling() -> None:
    _, *rows = csv.reader(io.StringIO(sample(1200), newline=""))
    starts = [datetime.strptime(row[1], "%b %d, %Y, %I:%M:%S %p") for row in rows]  # noqa: DTZ007 - UTC unsaid
    assert all(earlier < later for earlier, later in itertools.pairwise(starts))
    assert len({row[0] for row in rows}) == 1200
    assert any("\n" in row[4] for row in rows), "real descriptions span lines"
    assert {row[3] for row in rows} == {name for name, *_ in strava_sample.SPORTS}


def test_the_metres_are_in_the_last_distance_and_the_app_shows_kilometres_but_for_swims() -> None:
    _, *rows = csv.reader(io.StringIO(sample(300), newline=""))
    for row in rows:
        shown, metres = float(row[6]), float(row[16])
        assert abs(shown * (1 if row[3] == "Swim" else 1000) - metres) <= 5.1, row


def strong(workouts: int) -> str:
    out = io.StringIO(newline="")
    strong_sample.write(workouts, out)
    return out.getvalue()


def test_a_strong_sample_is_the_same_each_time_and_a_longer_one_begins_as_a_shorter() -> None:
    assert strong(40) == strong(40)
    assert strong(40).startswith(strong(10))


def test_a_strong_sample_has_warm_ups_and_sets_of_the_same_number_in_one_workout() -> None:
    header, *rows = csv.reader(io.StringIO(strong(9), newline=""))
    assert header == strong_sample.HEADER
    assert {row[4] for row in rows} == {"W", "1", "2", "3", "4"}
    assert len({(row[0], row[1]) for row in rows}) == 9
    numbers = Counter((row[0], row[4]) for row in rows)
    assert max(numbers.values()) == 3, "numbering begins again with each exercise"


def test_seeded_workouts_are_the_same_each_time_and_each_has_its_own_start() -> None:
    workouts = list(seed.workouts(users=3, each=40, seed=1))
    assert workouts == list(seed.workouts(users=3, each=40, seed=1))
    assert workouts != list(seed.workouts(users=3, each=40, seed=2))
    assert Counter(workout["userId"] for workout in workouts) == dict.fromkeys(
        ("seed-000", "seed-001", "seed-002"), 40
    )
    assert len({(workout["userId"], workout["startedAt"]) for workout in workouts}) == 120
