"""Limits are read from SSM, soon after they change, and through an outage the last good ones go on."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

from wotr_common.limits import Limits, LimitsError, LimitsReader

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

PATH = "/wotr/dev/workouts"
VALUES = {"supported-types": "run, ride,swim", "duration-min": "0.1", "duration-max": "43200", "shards": "4"}


class Clock:
    """Time that passes when told to."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def ssm() -> Iterator[SSMClient]:
    with mock_aws():
        client = boto3.client("ssm")
        for name, value in VALUES.items():
            put(client, name, value)
        yield client


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def reader(ssm: SSMClient, clock: Clock) -> LimitsReader:
    return LimitsReader(ssm, PATH, 15, clock)


def put(ssm: SSMClient, name: str, value: str) -> None:
    kind = "StringList" if name == "supported-types" else "String"
    ssm.put_parameter(Name=f"{PATH}/{name}", Value=value, Type=kind, Overwrite=True)  # type: ignore[arg-type]


def test_limits_come_from_the_parameters(reader: LimitsReader) -> None:
    assert reader.get() == Limits(frozenset({"run", "ride", "swim"}), Decimal("0.1"), Decimal(43200), 4)


def test_a_change_takes_effect_without_a_restart(reader: LimitsReader, ssm: SSMClient, clock: Clock) -> None:
    assert "yoga" not in reader.get().supported_types
    put(ssm, "supported-types", "run,yoga")
    clock.now += 14.9
    assert "yoga" not in reader.get().supported_types
    clock.now += 0.1
    assert "yoga" in reader.get().supported_types


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("duration-max", "a month"),
        ("duration-max", "0.01"),
        ("shards", "0"),
        ("supported-types", ","),
        ("shards", "1.5"),
    ],
)
def test_a_mistyped_parameter_leaves_the_last_good_limits_in_force(
    reader: LimitsReader, ssm: SSMClient, clock: Clock, name: str, value: str
) -> None:
    good = reader.get()
    put(ssm, name, value)
    clock.now += 15
    assert reader.get() == good

    put(ssm, name, VALUES[name])
    put(ssm, "shards", "5")
    clock.now += 15
    assert reader.get().shards == 5  # and mended ones are taken


def test_an_outage_leaves_the_last_good_limits_in_force_and_is_not_hammered(
    reader: LimitsReader, ssm: SSMClient, clock: Clock
) -> None:
    good = reader.get()
    calls = []

    def fail(**_: object) -> None:
        calls.append(1)
        raise ConnectionError("no answer")

    ssm.meta.events.register("before-parameter-build.ssm.GetParametersByPath", fail)
    clock.now += 15

    assert reader.get() == reader.get() == good
    assert len(calls) == 1


def test_without_any_good_limits_the_error_says_where_and_what(ssm: SSMClient) -> None:
    ssm.delete_parameter(Name=f"{PATH}/shards")

    with pytest.raises(LimitsError, match=r"/wotr/dev/workouts.*parameter shards is missing"):
        LimitsReader(ssm, PATH).get()


@pytest.mark.parametrize("value", ["NaN", "Infinity", "1e"])
def test_durations_that_are_no_number_are_refused(value: str) -> None:
    with pytest.raises(LimitsError):
        Limits.parse({**VALUES, "duration-max": value, "duration-min": value})
