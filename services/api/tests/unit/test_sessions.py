"""Sessions as they are read: lists by date and by number, one with its best sets, its sets alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.calls import ATHLETE, event, send
from tests.unit.cloud import Cloud, rows

from wotr_api.sessions import best_sets
from wotr_common import keys
from wotr_common.items import session_item
from wotr_common.session import Session, TrainingSet

DAY = date(2026, 3, 1)


def lifted(exercise: str, weight: float | None, reps: int | None, **more: Any) -> TrainingSet:
    return TrainingSet.model_validate({"exercise": exercise, "weightKg": weight, "reps": reps, **more})


def session(
    day: date, number: int = 0, *, user_id: str = ATHLETE, sets: Sequence[TrainingSet] = ()
) -> Session:
    at = datetime(day.year, day.month, day.day, 17, number, tzinfo=UTC)
    return Session(
        user_id=user_id,
        session_id=keys.session_id(at, "1a2b3c4d5e"),
        date=day,
        started_at=at,
        version=7,
        created_at=at,
        sets=tuple(sets),
    )


def stored(cloud: Cloud, *sessions: Session) -> None:
    cloud.put(*(session_item(each) for each in sessions))


def get(path: str, athlete: str = ATHLETE) -> Any:
    answer = send("query", event("GET", path, athlete=athlete))
    assert answer.status == 200, answer.body
    return answer.body


def listed(query: str = "") -> list[str]:
    """The session ids of all pages of a list."""
    found: list[str] = []
    token = ""
    while True:
        page = get(f"/me/sessions?{query}{token}")
        found += [each["sessionId"] for each in page["sessions"]]
        if "nextToken" not in page:
            return found
        token = f"&nextToken={quote(page['nextToken'])}"


def test_sessions_come_newest_first_and_only_ones_own(cloud: Cloud) -> None:
    mine = [session(DAY + timedelta(days=days), number) for days in range(3) for number in range(3)]
    stored(cloud, *mine, session(DAY, user_id="somebody-else"))
    ids = [each.session_id for each in mine]

    assert listed("limit=2") == listed() == sorted(ids, reverse=True)


def test_a_list_by_date_includes_both_dates(cloud: Cloud) -> None:
    stored(cloud, *(session(DAY + timedelta(days=days)) for days in range(5)))

    def dates(query: str) -> list[int]:
        return [int(each[6:8]) for each in listed(query)]

    assert dates("from=2026-03-02&to=2026-03-04") == [4, 3, 2]
    assert dates("from=2026-03-03&to=2026-03-03") == [3]
    assert dates("to=2026-03-02") == [2, 1]
    assert dates("from=2026-03-05") == [5]
    assert dates("from=2026-03-06") == []


def test_the_last_so_many_are_no_page_of_more(cloud: Cloud) -> None:
    stored(cloud, *(session(DAY + timedelta(days=days)) for days in range(5)))

    last = get("/me/sessions?last=2")

    assert [each["date"] for each in last["sessions"]] == ["2026-03-05", "2026-03-04"]
    assert "nextToken" not in last
    assert [each["date"] for each in get("/me/sessions?last=1&to=2026-03-03")["sessions"]] == ["2026-03-03"]


def test_a_line_of_the_list_says_what_the_session_amounts_to(cloud: Cloud) -> None:
    sets = [
        lifted("Squat", 60, 5, setType="warmup"),
        lifted("Squat", 100, 5),
        lifted("Bench Press", 80, 3),
        lifted("squat ", 100, 5),
    ]
    stored(cloud, session(DAY, sets=sets))

    (line,) = get("/me/sessions")["sessions"]

    assert (line["setCount"], line["volumeKg"], line["exercises"]) == (4, 1240, ["Squat", "Bench Press"])
    assert "sets" not in line
    assert line["version"] == 7


def test_a_page_of_long_sessions_is_complete(cloud: Cloud) -> None:
    sets = [lifted(f"Exercise {number}", 100, 5, notes="x" * 1200) for number in range(250)]
    sessions = [session(DAY + timedelta(days=days), sets=sets) for days in range(6)]
    stored(cloud, *sessions)

    page = get("/me/sessions?limit=5")

    assert len(page["sessions"]) == 5, "a query reads at most a megabyte, a page is what was asked for"
    assert listed("limit=5") == sorted((each.session_id for each in sessions), reverse=True)


def test_one_session_is_answered_with_sets_volume_and_best_sets(cloud: Cloud) -> None:
    mine = session(DAY, sets=[lifted("Squat", 100, 5, rpe=9.5), lifted("Plank", None, None, durationS=60)])
    stored(cloud, mine)

    answer = send("query", event("GET", f"/me/sessions/{mine.session_id}", athlete=ATHLETE))

    assert (answer.status, answer.headers["etag"]) == (200, '"7"')
    assert {name: answer.body[name] for name in mine.answer()} == mine.answer()
    assert answer.body["volumeKg"] == 500
    assert [each["exercise"] for each in answer.body["bestSets"]] == ["Squat"]


def test_the_sets_alone_are_those_of_the_session(cloud: Cloud) -> None:
    mine = session(DAY, sets=[lifted("Squat", 100, 5), lifted("Squat", 100, 5)])
    stored(cloud, mine)

    assert get(f"/me/sessions/{mine.session_id}/sets") == {
        "sessionId": mine.session_id,
        "version": 7,
        "sets": mine.answer()["sets"],
    }


@pytest.mark.parametrize("rest", ["", "/sets"])
@pytest.mark.parametrize(
    "session_id",
    ["20260301T170000-1a2b3c4d5e", "20260301T170001-1a2b3c4d5e", "nonsense", "20260301T170000-É"],
)
def test_what_is_not_there_or_not_ones_own_is_404(cloud: Cloud, session_id: str, rest: str) -> None:
    stored(cloud, session(DAY, user_id="somebody-else"))

    answer = send("query", event("GET", f"/me/sessions/{session_id}{rest}", athlete=ATHLETE))

    assert answer.status == 404


@pytest.mark.parametrize(
    ("query", "pointers"),
    [
        ("from=2026-03-02&to=2026-03-01", ["to"]),
        ("from=2026-3-1", ["from"]),
        ("from=1772323200", ["from"]),
        ("from=2026-02-30", ["from"]),
        ("to=2026-03-01T00:00:00Z", ["to"]),
        ("last=0", ["last"]),
        ("last=101", ["last"]),
        ("last=5&limit=5", ["last"]),
        ("last=5&nextToken=x", ["last"]),
        ("nextToken=x", ["nextToken"]),
        ("state=open", ["state"]),
    ],
)
def test_a_wrong_parameter_is_named(cloud: Cloud, query: str, pointers: list[str]) -> None:
    answer = send("query", event("GET", f"/me/sessions?{query}", athlete=ATHLETE))

    assert (answer.status, answer.pointers()) == (422, pointers)


def test_a_token_is_good_for_its_dates_and_athlete_only(cloud: Cloud) -> None:
    for user_id in (ATHLETE, "somebody-else"):
        stored(cloud, *(session(DAY, number, user_id=user_id) for number in range(3)))
    token = get("/me/sessions?limit=1&from=2026-03-01")["nextToken"]

    for path, athlete in (
        (f"/me/sessions?limit=1&nextToken={token}", ATHLETE),
        (f"/me/sessions?limit=1&from=2026-03-01&nextToken={token}", "somebody-else"),
        (f"/me/imports?nextToken={token}", ATHLETE),
    ):
        assert send("query", event("GET", path, athlete=athlete)).pointers() == ["nextToken"]


def test_best_sets_leave_out_warm_ups_odd_sets_and_bodyweight() -> None:
    (squat,) = best_sets(
        [
            lifted("Squat", 200, 5, setType="warmup"),
            lifted("Squat", 400, 5, warnings=["weightKg: more than 350 kg"]),
            lifted("Squat", 120, 1),
            lifted("Squat", 110, 8),
            lifted("Pull-up", None, 12),
        ]
    )

    assert (squat.exercise, squat.heaviest.position) == ("Squat", 3)
    assert squat.heaviest.weight_kg == squat.heaviest.epley_kg == squat.heaviest.brzycki_kg == 120
    assert squat.best_estimate is not None
    assert (squat.best_estimate.position, squat.best_estimate.epley_kg) == (4, Decimal("139.333"))
    assert squat.best_estimate.brzycki_kg == Decimal("136.552")


def test_the_best_assisted_set_is_the_one_with_the_least_help() -> None:
    (assisted,) = best_sets(
        [
            lifted("Pull-up (Assisted)", 30, 5),
            lifted("Pull-up (Assisted)", 20, 4),
            lifted("Pull-up (Assisted)", 20, 6),
        ]
    )

    assert (assisted.heaviest.position, assisted.heaviest.epley_kg) == (3, None)
    assert assisted.best_estimate is None


def test_beyond_twelve_repetitions_nothing_is_estimated() -> None:
    (squat,) = best_sets([lifted("Squat", 60, 20)])

    assert squat.heaviest.weight_kg == 60
    assert squat.heaviest.epley_kg is squat.heaviest.brzycki_kg is None
    assert squat.best_estimate is None


@given(
    st.lists(
        st.builds(
            lifted,
            st.sampled_from(["Squat", "squat", "Row (Assisted)"]),
            st.none() | st.integers(0, 400),
            st.none() | st.integers(0, 30),
        ),
        max_size=12,
    )
)
def test_the_best_set_is_one_of_the_exercises_own(sets: list[TrainingSet]) -> None:
    for best in best_sets(sets):
        for shown in filter(None, (best.heaviest, best.best_estimate)):
            there = sets[shown.position - 1]
            assert (there.weight_kg, there.reps) == (shown.weight_kg, shown.reps)
            assert there.exercise.casefold() == best.exercise.casefold()


def load_item(each: Session, version: int) -> dict[str, Any]:
    """What workers stores of a session that it weighed."""
    return {
        **keys.session_load_key(each.user_id, each.session_id),
        "sessionId": each.session_id,
        "version": version,
        "setCount": 1,
        "volumeKg": Decimal("512.5"),
        "reps": 5,
        "sessionRpe": Decimal(360),
        "intensityPct": Decimal("85.714"),
        "sets": [
            {
                "position": 1,
                "counted": True,
                "volumeKg": Decimal("512.5"),
                "epleyKg": Decimal("119.583"),
                "intensityPct": Decimal("85.714"),
            }
        ],
    }


def test_a_session_shows_the_load_that_was_made_of_the_version_shown(cloud: Cloud) -> None:
    mine = session(DAY, sets=[lifted("Squat", 102.5, 5)])
    stored(cloud, mine)
    cloud.put(load_item(mine, mine.version))

    load = get(f"/me/sessions/{mine.session_id}")["load"]

    assert (load["setCount"], load["volumeKg"], load["reps"], load["sessionRpe"]) == (1, 512.5, 5, 360)
    assert load["sets"] == [
        {"position": 1, "counted": True, "volumeKg": 512.5, "epleyKg": 119.583, "intensityPct": 85.714}
    ]
    assert "load" not in get("/me/sessions")["sessions"][0]


@pytest.mark.parametrize("version", [6, 8])
def test_a_load_of_another_version_is_not_shown(cloud: Cloud, version: int) -> None:
    mine = session(DAY, sets=[lifted("Squat", 100, 5)])
    stored(cloud, mine)
    cloud.put(load_item(mine, version))
    assert "load" not in get(f"/me/sessions/{mine.session_id}")


def test_a_load_whose_session_is_gone_shows_nothing(cloud: Cloud) -> None:
    mine = session(DAY)
    cloud.put(load_item(mine, mine.version))
    assert send("query", event("GET", f"/me/sessions/{mine.session_id}", athlete=ATHLETE)).status == 404


def viewed(user_id: str, *titles: str) -> None:
    """Put the view of the newest sessions as analytics writes it."""
    shown = [
        {
            "sessionId": f"202603{20 - number:02}T173000-1a2b3c4d5e",
            "version": 7,
            "type": "strength",
            "startedAt": f"2026-03-{20 - number:02}T16:30:00.000Z",
            "title": title,
            "durationMin": Decimal("62.5"),
            "sets": 3,
            "volumeKg": Decimal("1237.5"),
        }
        for number, title in enumerate(titles)
    ]
    item: dict[str, Any] = {**keys.recent_sessions_key(user_id), "sessions": shown, "fingerprint": "0" * 16}
    rows("Views").put_item(Item=item)


def test_the_newest_sessions_come_from_the_view_in_its_order(cloud: Cloud) -> None:
    viewed(ATHLETE, "Legs", "Arms")

    assert get("/me/sessions/recent")["sessions"][0] == {
        "sessionId": "20260320T173000-1a2b3c4d5e",
        "date": "2026-03-20",
        "version": 7,
        "type": "strength",
        "startedAt": "2026-03-20T16:30:00.000Z",
        "title": "Legs",
        "durationMin": 62.5,
        "setCount": 3,
        "volumeKg": 1237.5,
    }
    assert [each["title"] for each in get("/me/sessions/recent")["sessions"]] == ["Legs", "Arms"]


def test_the_newest_sessions_of_another_are_never_shown(cloud: Cloud) -> None:
    viewed("somebody-else", "Legs")

    assert get("/me/sessions/recent") == {"sessions": []}
