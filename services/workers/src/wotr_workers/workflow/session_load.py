"""The load of a session of sets, set by set and as a whole. Plain functions.

What was done is described, nothing is predicted: volume, effort and intensity are comparable within one
athlete only. An overview of the measures is Scott B.R. et al. (2016), Training monitoring for resistance
exercise: theory and applications. Sports Med 46(5):687-698.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from wotr_common.session import Session, SetType, TrainingSet
from wotr_common.strength import counts, epley, exercise_key, is_assisted
from wotr_common.workout import Number, Record, canonical_number

_PERCENT = 100


class SetWork(Record):
    """What a set says about its load, and nothing more: a thousand of them travel as one state's input.

    Sets with the same number for their `exercise` are of the same one; names may be long.
    """

    position: Annotated[int, Field(ge=1, description="among the session's sets")]
    exercise: Annotated[int, Field(ge=0)]
    set_type: SetType = "normal"
    weight_kg: Number | None = None
    reps: int | None = None
    distance_m: Number | None = None
    duration_s: Number | None = None
    assisted: Annotated[bool, Field(description="the weight helps: less of it is harder")] = False
    odd: Annotated[bool, Field(description="it has warnings, so nothing is estimated from it")] = False


class SetLoad(Record):
    """The load of one set; what does not apply to it is absent."""

    position: int
    exercise: int
    counted: bool
    weight_kg: Annotated[Number | None, Field(description="lifted, and sound enough to compare by")] = None
    reps: int | None = None
    volume_kg: Number | None = None
    epley_kg: Number | None = None
    distance_m: Number | None = None
    duration_s: Number | None = None


class WeighedSet(Record):
    """One set as the session's load shows it."""

    position: int
    counted: bool
    volume_kg: Number | None = None
    epley_kg: Number | None = None
    intensity_pct: Number | None = None


class Load(Record):
    """The load of a whole session: its counted sets together, and each of its sets."""

    set_count: Annotated[int, Field(description="of those that count")]
    volume_kg: Number
    reps: int
    distance_m: Number | None = None
    duration_s: Number | None = None
    intensity_pct: Number | None = None
    session_rpe: Number | None = None
    sets: tuple[WeighedSet, ...]


def work(session: Session) -> tuple[SetWork, ...]:
    """What the sets of `session` say about their load, in their order."""
    numbers: dict[str, int] = {}
    return tuple(
        _work(position, numbers.setdefault(exercise_key(each.exercise), len(numbers)), each)
        for position, each in enumerate(session.sets, 1)
    )


def _work(position: int, exercise: int, said: TrainingSet) -> SetWork:
    return SetWork(
        position=position,
        exercise=exercise,
        set_type=said.set_type,
        weight_kg=said.weight_kg,
        reps=said.reps,
        distance_m=said.distance_m,
        duration_s=said.duration_s,
        assisted=is_assisted(said.exercise),
        odd=said.set_type != "warmup" and not counts(said),
    )


def set_load(done: SetWork) -> SetLoad:
    """The load of one set. It counts where it is no warm-up and anything was done.

    Volume load is weight times repetitions, in kilograms. The estimated one-repetition maximum is Epley's, up
    to 12 repetitions; none where the weight helps or the set looks odd. Without a weight, repetitions, metres
    and seconds are what there is: no formula turns them into kilograms.
    """
    if done.set_type == "warmup" or not (done.reps or done.distance_m or done.duration_s):
        return SetLoad(position=done.position, exercise=done.exercise, counted=False)
    weight, reps = done.weight_kg, done.reps
    lifted = bool(weight and reps)
    sound = lifted and not (done.assisted or done.odd)
    return SetLoad(
        position=done.position,
        exercise=done.exercise,
        counted=True,
        weight_kg=weight if sound else None,
        reps=reps,
        volume_kg=canonical_number(weight * reps) if weight and reps else None,
        epley_kg=epley(weight, reps) if sound and weight and reps else None,
        distance_m=done.distance_m or None,
        duration_s=done.duration_s or None,
    )


def session_load(loads: Sequence[SetLoad], rpe: Decimal | None, minutes: Decimal | None) -> Load:
    """The load of a session of the sets in `loads`, which took `minutes` and felt like `rpe`.

    The intensity of a set is its weight as a percentage of the best estimated one-repetition maximum of its
    exercise in this session; that of the session is their mean, each repetition counting once (Scott 2016,
    as above). Of an exercise without an estimate there is none.
    """
    loads = sorted(loads, key=lambda each: each.position)
    counted = [each for each in loads if each.counted]
    best = _best_estimates(counted)
    sets = tuple(_weighed(each, best.get(each.exercise)) for each in loads)
    return Load(
        set_count=len(counted),
        volume_kg=_sum(each.volume_kg for each in counted),
        reps=sum(each.reps or 0 for each in counted),
        distance_m=_sum(each.distance_m for each in counted) or None,
        duration_s=_sum(each.duration_s for each in counted) or None,
        intensity_pct=_mean_intensity(loads, sets),
        session_rpe=None if rpe is None or minutes is None else session_rpe(rpe, minutes),
        sets=sets,
    )


def session_rpe(rpe: Decimal, minutes: Decimal) -> Decimal:
    """Load of a session in arbitrary units: perceived exertion (0 to 10) times minutes.

    Foster C. et al. (2001), A new approach to monitoring exercise training. J Strength Cond Res
    15(1):109-115; for sessions of sets Day M.L. et al. (2004), Monitoring exercise intensity during
    resistance training using the session RPE scale. J Strength Cond Res 18(2):353-358.
    """
    return canonical_number(rpe * minutes)


def _best_estimates(counted: Iterable[SetLoad]) -> dict[int, Decimal]:
    best: dict[int, Decimal] = {}
    for each in counted:
        if each.epley_kg:
            best[each.exercise] = max(each.epley_kg, best.get(each.exercise, Decimal(0)))
    return best


def _weighed(load: SetLoad, best: Decimal | None) -> WeighedSet:
    intensity = canonical_number(load.weight_kg / best * _PERCENT) if load.weight_kg and best else None
    return WeighedSet(
        position=load.position,
        counted=load.counted,
        volume_kg=load.volume_kg,
        epley_kg=load.epley_kg,
        intensity_pct=intensity,
    )


def _mean_intensity(loads: Sequence[SetLoad], sets: Sequence[WeighedSet]) -> Decimal | None:
    weighted = [
        (load.reps or 0, weighed.intensity_pct)
        for load, weighed in zip(loads, sets, strict=True)
        if weighed.intensity_pct is not None
    ]
    reps = sum(each for each, _ in weighted)
    return canonical_number(sum((n * pct for n, pct in weighted), Decimal(0)) / reps) if reps else None


def _sum(amounts: Iterable[Decimal | None]) -> Decimal:
    return canonical_number(sum((each for each in amounts if each is not None), Decimal(0)))
