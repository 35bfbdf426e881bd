"""What an athlete's workouts make of load: days on their clock, the metric, what is left out."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wotr_api.load_report import Effort, Load, Stretch, measured, report, reserve, stretch
from wotr_common.changes import ProfileFields
from wotr_common.problems import Problem

NOW = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
WEEK = Stretch(date(2026, 11, 9), date(2026, 11, 15), ZoneInfo("UTC"))
PROFILE = ProfileFields(sex="female", resting_heart_rate=Decimal(50), max_heart_rate=Decimal(190))
NOON = datetime(2026, 11, 10, 12, tzinfo=UTC)


def run(at: datetime = NOON, minutes: int = 60, **said: object) -> Effort:
    given_ = {"rpe": Decimal(5), "avg_heart_rate": Decimal(150)} | said
    return Effort(at, duration_min=Decimal(minutes), **given_)  # type: ignore[arg-type]


def lifting(at: datetime = NOON, kilograms: int = 5000, **said: object) -> Effort:
    return Effort(at, volume_kg=Decimal(kilograms), **said)  # type: ignore[arg-type]


def loads(found: Load) -> list[float]:
    return [day.load for day in found.days]


def test_a_day_has_the_sum_of_its_workouts_in_each_metric() -> None:
    found = report([run(), run(NOON + timedelta(hours=5), 30), lifting()], WEEK, PROFILE, None)

    assert [day.date for day in found.days] == [date(2026, 11, day) for day in range(9, 16)]
    second = found.days[1]
    assert (found.metric, found.unit, second.load) == ("session_rpe", "RPE x minutes", 450)
    assert (second.session_rpe, second.volume_kg) == (450, 5000)
    assert second.trimp == pytest.approx(90 * 5 / 7 * 0.86 * 2.71828 ** (1.67 * 5 / 7), abs=0.06)
    assert loads(found) == [0, 450, 0, 0, 0, 0, 0]
    assert (found.coverage.workouts, found.coverage.session_rpe, found.coverage.volume) == (3, 2, 1)


def test_the_days_are_those_of_the_athletes_clock() -> None:
    late = datetime(2026, 11, 10, 13, 30, tzinfo=UTC)  # half past midnight in Auckland
    asked = Stretch(date(2026, 11, 9), date(2026, 11, 15), ZoneInfo("Pacific/Auckland"))

    found = report([run(late)], asked, None, None)

    assert (found.timezone, loads(found)) == ("Pacific/Auckland", [0, 0, 300, 0, 0, 0, 0])


def test_workouts_are_read_from_a_year_before_to_the_end_of_the_last_day() -> None:
    asked = Stretch(date(2026, 11, 9), date(2026, 11, 15), ZoneInfo("Europe/Berlin"))

    assert asked.instants() == (
        datetime(2025, 11, 8, 23, tzinfo=UTC),
        datetime(2026, 11, 15, 23, tzinfo=UTC),
    )
    assert "2025-11-09" in report([], asked, None, None).seed


def test_what_was_before_the_days_counts_in_what_follows_but_not_in_what_is_covered() -> None:
    found = report([run(NOON - timedelta(days=30))], WEEK, None, None)

    assert found.days[0].fitness > 0
    assert (loads(found), found.coverage.workouts) == ([0] * 7, 0)


def test_without_heart_rates_in_the_profile_there_is_no_trimp() -> None:
    found = report([run(rpe=None)], WEEK, None, "trimp")

    assert (found.coverage.trimp, found.days[1].load, found.days[1].trimp) == (0, 0, None)


@pytest.mark.parametrize(
    "profile",
    [
        None,
        ProfileFields(),
        ProfileFields(sex="male", resting_heart_rate=Decimal(50)),
        ProfileFields(sex="male", resting_heart_rate=Decimal(110), max_heart_rate=Decimal(110)),
        ProfileFields(sex="male", resting_heart_rate=Decimal(120), max_heart_rate=Decimal(100)),
    ],
)
def test_a_profile_without_a_reserve_measures_nothing(profile: ProfileFields | None) -> None:
    assert reserve(profile) is None


def test_the_metric_is_the_one_that_covers_most_workouts() -> None:
    lifted = [lifting(), lifting(NOON + timedelta(days=1))]

    assert report([run(), *lifted], WEEK, PROFILE, None).metric == "volume"
    assert report([run(), *lifted[:1]], WEEK, PROFILE, None).metric == "session_rpe"
    assert report([run(rpe=None), *lifted[:1]], WEEK, PROFILE, None).metric == "trimp"
    assert report([run(), *lifted], WEEK, PROFILE, "trimp").metric == "trimp"
    assert report([], WEEK, PROFILE, None).metric == "session_rpe"
    assert report([run(), *[lifting(NOON - timedelta(days=9))] * 3], WEEK, None, None).metric == "session_rpe"


def test_a_forgotten_timer_makes_no_training_and_its_kilograms_stay() -> None:
    forgotten = Effort(
        NOON,
        duration_min=Decimal(1200),
        rpe=Decimal(8),
        volume_kg=Decimal(4000),
        warnings=("durationMin: unusual for a strength session",),
    )

    by_effort = report([forgotten, run()], WEEK, PROFILE, "session_rpe")
    by_volume = report([forgotten, run()], WEEK, PROFILE, "volume")

    assert (by_effort.days[1].load, by_effort.coverage.session_rpe, by_effort.coverage.left_out) == (
        300,
        1,
        1,
    )
    assert (by_volume.days[1].load, by_volume.coverage.volume, by_volume.coverage.left_out) == (4000, 1, 0)


@pytest.mark.parametrize(
    ("warning", "kept"),
    [
        ("avgHeartRate: unusual", {"session_rpe"}),
        ("startedAt: more than a day ahead", set()),
        ("distanceM: unusually far for a run", {"session_rpe", "trimp"}),
        ("rpe: unusually low for a strength session", {"session_rpe", "trimp"}),
    ],
)
def test_a_warning_counts_where_the_metric_stands_on_its_field(warning: str, kept: set[str]) -> None:
    coverage = report([run(warnings=(warning,))], WEEK, PROFILE, None).coverage

    assert {name for name in ("session_rpe", "trimp") if getattr(coverage, name)} == kept


def test_bodyweight_alone_lifts_no_kilograms() -> None:
    assert report([lifting(kilograms=0)], WEEK, None, None).coverage.volume == 0


def test_the_days_asked_for_are_the_last_42_unless_said_otherwise() -> None:
    usual = stretch(None, None, "Europe/Berlin", NOW)

    assert (usual.first, usual.last) == (date(2026, 10, 11), date(2026, 11, 21))
    assert stretch(None, None, None, NOW).last == date(2026, 11, 20)
    assert stretch(None, date(2026, 3, 31), None, NOW).first == date(2026, 2, 18)
    assert stretch(date(2026, 11, 20), None, None, NOW).last == date(2026, 11, 20)
    assert stretch(date(2024, 1, 1), date(2024, 12, 31), None, NOW).first == date(2024, 1, 1)  # 366 days


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (date(2026, 11, 21), None),
        (date(2026, 3, 2), date(2026, 3, 1)),
        (date(2024, 1, 1), date(2025, 1, 1)),
        (date(2001, 1, 1), None),
    ],
)
def test_days_out_of_order_or_too_many_are_refused(start: date | None, end: date | None) -> None:
    with pytest.raises(Problem) as caught:
        stretch(start, end, None, NOW)

    assert (caught.value.status, caught.value.errors[0].field) == (422, "from")


efforts = st.builds(
    Effort,
    started_at=st.datetimes(datetime(2025, 11, 1), datetime(2026, 11, 20), timezones=st.just(UTC)),  # noqa: DTZ001
    duration_min=st.none() | st.decimals("0.001", 43_200, places=3),
    rpe=st.none() | st.integers(0, 20).map(lambda half: Decimal(half) / 2),
    avg_heart_rate=st.none() | st.decimals(25, 240, places=1),
    volume_kg=st.none() | st.decimals(0, 100_000, places=3),
)


@settings(max_examples=30)
@given(
    st.lists(efforts, max_size=12).flatmap(lambda found: st.tuples(st.just(found), st.permutations(found)))
)
def test_the_order_of_workouts_does_not_matter(orders: tuple[list[Effort], list[Effort]]) -> None:
    one, other = (report(each, WEEK, PROFILE, None) for each in orders)

    assert one == other


@settings(max_examples=30)
@given(
    st.lists(efforts, max_size=12), st.sampled_from(["session_rpe", "trimp", "volume"]), st.integers(1, 19)
)
def test_a_range_asked_for_in_two_pieces_is_the_whole(found: list[Effort], metric: str, cut: int) -> None:
    def days(first: int, last: int) -> list[dict[str, object]]:
        asked = Stretch(date(2026, 11, first), date(2026, 11, last), ZoneInfo("Asia/Tokyo"))
        return [day.model_dump() for day in report(found, asked, PROFILE, metric).days]  # type: ignore[arg-type]

    forgotten = sum(max(measured(each, reserve(PROFILE)).values(), default=0) for each in found) / 42 * 0.0002
    for piece, whole in zip(days(1, cut) + days(cut + 1, 20), days(1, 20), strict=True):
        for name in ("date", "load", "monotony", "strain"):
            assert piece[name] == whole[name]
        for name in ("fitness", "fatigue", "form"):
            assert piece[name] == pytest.approx(
                whole[name], abs=0.11 + forgotten
            )  # rounded, and seeded later
