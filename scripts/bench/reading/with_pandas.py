"""With pandas: the whole file at once, columns checked as vectors of floats."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from bench.reading.given import LIMITS, NOW, ZONE

_EARLIEST = pd.Timestamp("2000-01-01", tz="UTC")


def read(sample: str, path: Path) -> tuple[int, int]:
    """(rows, rows set aside) of the file at `path`."""
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    good = {"own": _own, "strava": _strava, "strong": _strong}[sample](table)
    return len(table), int((~good).sum())


def _numbers(texts: pd.Series) -> pd.Series:
    """Numbers, NaN where there is none; what is no number is infinite, and so beyond all bounds."""
    found = pd.to_numeric(texts, errors="coerce")
    return found.mask(found.isna() & (texts != ""), float("inf")).round(3)


def _within(values: pd.Series, least: float, most: float) -> pd.Series:
    return values.isna() | values.between(least, most)


def _workouts(table: pd.DataFrame) -> pd.Series:
    """Which rows can be stored, of columns by our names; warnings are made beside."""
    run, strength = table["type"] == "run", table["type"] == "strength"
    kcal_per_min = table["calories"].fillna(0) / table["minutes"]
    kmh = table["metres"].fillna(0) / 1000 * 60 / table["minutes"]
    table["warnings"] = (
        (strength & ~table["minutes"].between(1, 240))
        | (~strength & (table["minutes"] > 1440))
        | (table["at"] > pd.Timestamp(NOW) + pd.Timedelta(hours=24))
        | (run & ((kmh > 22) | (table["metres"] > 100_000)))
        | ((table["type"] == "ride") & (table["metres"] > 400_000))
        | ~_within(table["heart_rate"], 40, 210)
        | (kcal_per_min > 20)
        | (strength & (table["rpe"] < 5))
    )
    return (
        table["type"].isin(LIMITS.supported_types)
        & (table["at"] >= _EARLIEST)
        & table["minutes"].between(float(LIMITS.duration_min), float(LIMITS.duration_max))
        & _within(table["calories"], 0, 100_000)
        & _within(table["metres"], 0.001, 2_000_000)
        & _within(table["heart_rate"], 25, 240)
        & _within(table["rpe"], 0, 10)
        & (table["rpe"].isna() | (table["rpe"] * 2 % 1 == 0))
        & (table["notes"].str.len() <= 2000)
        & ~(kcal_per_min > 30)
        & ~(run & (kmh > 45))
    )


def _own(texts: pd.DataFrame) -> pd.Series:
    distance, heart_rate = _numbers(texts["distanceM"]), _numbers(texts["avgHeartRate"])
    return _workouts(
        pd.DataFrame(
            {
                "type": texts["type"].str.lower(),
                "at": pd.to_datetime(texts["startedAt"], format="ISO8601", utc=True, errors="coerce"),
                "minutes": _numbers(texts["durationMin"]),
                "calories": _numbers(texts["caloriesBurned"]),
                "metres": distance.where(distance != 0),
                "heart_rate": heart_rate.where(heart_rate != 0),
                "rpe": _numbers(texts["rpe"]),
                "notes": texts["notes"].str.strip(),
            }
        )
    )


def _strava(texts: pd.DataFrame) -> pd.Series:
    sport = texts["Activity Type"].str.lower()
    numbers = {
        name: _numbers(texts[column])
        for name, column in (
            ("minutes", "Moving Time"),
            ("elapsed", "Elapsed Time.1"),
            ("calories", "Calories"),
            ("metres", "Distance.1"),
            ("heart_rate", "Average Heart Rate"),
            ("rpe", "Perceived Exertion"),
        )
    }
    said = pd.DataFrame({name: values.where(values != 0) for name, values in numbers.items()})
    said["minutes"] = said["minutes"].fillna(said.pop("elapsed")) / 60
    said["type"] = sport.replace("weight training", "strength")
    said["at"] = pd.to_datetime(
        texts["Activity Date"], format="%b %d, %Y, %I:%M:%S %p", utc=True, errors="coerce"
    )
    said["notes"] = (texts["Activity Name"] + "\n\n" + texts["Activity Description"]).str.strip()
    return _workouts(said)


def _strong(texts: pd.DataFrame) -> pd.Series:
    local = pd.to_datetime(texts["Date"], errors="coerce")
    at = local.dt.tz_localize(ZONE, ambiguous=True, nonexistent="shift_forward").dt.tz_convert("UTC")
    hours = _numbers(texts["Duration"].str.extract(r"(\d+)h", expand=False).fillna("0"))
    minutes = hours * 60 + _numbers(texts["Duration"].str.extract(r"(\d+)m", expand=False).fillna("0"))
    kind = texts["Set Order"].map({"W": "warmup", "D": "drop", "F": "failure"}).fillna("normal")
    weight, reps, rpe = (_numbers(texts[name]) for name in ("Weight", "Reps", "RPE"))
    metres, seconds = _numbers(texts["Distance"]) * 1000, _numbers(texts["Seconds"])
    odd = (weight > 350) | (reps > 100) | ((rpe > 0) & (rpe < 5)) | ~minutes.between(1, 240)
    exercise = texts["Exercise Name"].str.strip()
    pd.DataFrame({"exercise": exercise, "kind": kind, "odd": odd})  # what is kept beside the numbers
    return (
        (at >= _EARLIEST)
        & exercise.str.len().between(1, 200)
        & _within(weight, 0, 1360)
        & _within(reps, 0, 1000)
        & (reps.isna() | (reps % 1 == 0))
        & _within(rpe, 0, 10)
        & (rpe.isna() | (rpe * 2 % 1 == 0))
        & _within(metres, 0, 2_000_000)
        & _within(seconds, 0, 2_592_000)
    )
