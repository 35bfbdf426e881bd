"""How a deployment shifts its traffic: CodeDeploy's own configurations for Lambda, and those made here."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

from localcloud.deployments import store
from localcloud.services import Body, Refusal

DEFAULT = "CodeDeployDefault.LambdaAllAtOnce"

# https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-configurations.html
_CANARY_MINUTES = (5, 10, 15, 30)
_LINEAR_MINUTES = (1, 2, 3, 10)
_PREDEFINED_PERCENT = 10
_WHOLE = 100


class Step(NamedTuple):
    """Give the new version this share of traffic, then wait."""

    percent: int
    minutes: int


def _canary(percent: int, minutes: int) -> Body:
    return {
        "type": "TimeBasedCanary",
        "timeBasedCanary": {"canaryPercentage": percent, "canaryInterval": minutes},
    }


def _linear(percent: int, minutes: int) -> Body:
    return {
        "type": "TimeBasedLinear",
        "timeBasedLinear": {"linearPercentage": percent, "linearInterval": minutes},
    }


def _predefined() -> Iterator[tuple[str, Body]]:
    start = f"CodeDeployDefault.Lambda{{}}{_PREDEFINED_PERCENT}Percent{{}}{{}}Minute{{}}"
    for minutes in _CANARY_MINUTES:
        yield start.format("Canary", "", minutes, "s"), _canary(_PREDEFINED_PERCENT, minutes)
    for minutes in _LINEAR_MINUTES:
        name = start.format("Linear", "Every", minutes, "s" if minutes > 1 else "")
        yield name, _linear(_PREDEFINED_PERCENT, minutes)
    yield DEFAULT, {"type": "AllAtOnce"}


_PREDEFINED = dict(_predefined())


def names() -> list[str]:
    """All that can be named."""
    return [*_PREDEFINED, *store.configurations]


def described(name: str) -> Body:
    """DeploymentConfigInfo; refuses what is not there."""
    if name in _PREDEFINED:
        routing = _PREDEFINED[name]
        return {
            "deploymentConfigId": f"00000000-0000-0000-0000-{list(_PREDEFINED).index(name) + 1:012}",
            "deploymentConfigName": name,
            "computePlatform": "Lambda",
            "trafficRoutingConfig": routing,
        }
    found: Body | None = store.configurations.get(name)
    if found is None:
        raise Refusal(
            "DeploymentConfigDoesNotExistException", f"No Deployment Configuration found for name: {name}"
        )
    return found


def checked(routing: Body | None) -> Body:
    """A traffic-routing configuration that can be carried out; AllAtOnce where none is said."""
    routing = routing or {"type": "AllAtOnce"}
    kind = routing.get("type", "AllAtOnce")
    parts = {"TimeBasedCanary": "timeBasedCanary", "TimeBasedLinear": "timeBasedLinear"}
    if kind != "AllAtOnce" and kind not in parts:
        raise Refusal("InvalidTrafficRoutingConfigurationException", f"{kind!r} is no way to shift traffic")
    surplus = set(routing) - {"type", parts.get(kind, "type")}
    if surplus:
        raise Refusal(
            "InvalidTrafficRoutingConfigurationException", f"{kind} takes no {', '.join(sorted(surplus))}"
        )
    if kind != "AllAtOnce":
        _check_part(kind, routing.get(parts[kind]) or {})
    return {**routing, "type": kind}


def _check_part(kind: str, part: Body) -> None:
    percent, minutes = (next((part[name] for name in part if end in name), 0) for end in ("Perc", "Interv"))
    if not (1 <= percent < _WHOLE and minutes >= 1):
        raise Refusal(
            "InvalidTrafficRoutingConfigurationException",
            f"{kind} needs a percentage from 1 to 99 and an interval of at least a minute",
        )


def steps(routing: Body) -> Iterator[Step]:
    """The increments of a shift, the last of which is everything and waits for nothing."""
    part: Any = routing.get("timeBasedCanary") or routing.get("timeBasedLinear") or {}
    if routing["type"] == "TimeBasedCanary":
        yield Step(part["canaryPercentage"], part["canaryInterval"])
    if routing["type"] == "TimeBasedLinear":
        each = part["linearPercentage"]
        for percent in itertools.takewhile(lambda share: share < _WHOLE, itertools.count(each, each)):
            yield Step(percent, part["linearInterval"])
    yield Step(_WHOLE, 0)
