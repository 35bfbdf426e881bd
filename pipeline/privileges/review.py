"""The comparison in both directions: what is missing to a role, and what it has too much."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from privileges.deployed import Call, Deployed
from privileges.needs import Need
from privileges.roles import Grant, Role

SUITES = ("integration", "e2e", "faults", "security")
# Functions that tests give somebody's role, to see what it may not do (e2e/probe.py): none of its own work.
PROBES = "wotr-probe-"
CALLED = "called in "
UNUSED = "unused: "
Uses = Mapping[Grant, Collection[str]]


@dataclass(frozen=True)
class Row:
    """A grant and why it is there: None where nobody uses it and nobody says why."""

    grant: Grant
    evidence: str | None


def uses(roles: Mapping[str, Role], deployed: Mapping[str, Deployed], calls: Sequence[Call]) -> Uses:
    """The suites in which each grant was used."""
    found: dict[Grant, set[str]] = {}
    for name, there in deployed.items():
        made = [call for call in calls if call.role == there.name and call.allowed and not _probe(call)]
        for grant in roles[name].grants:
            pattern = there.pattern(grant)
            for call in made:
                if pattern and call.action == grant.action and fnmatchcase(call.resource, pattern):
                    found.setdefault(grant, set()).update(call.suites)
    return found


def rows(roles: Mapping[str, Role], needs: Sequence[Need], used: Uses) -> list[Row]:
    """Every grant with its evidence: calls, else the service that makes them, else a written reason."""
    by_action: dict[tuple[str, str], list[Need]] = {}
    for need in needs:
        by_action.setdefault((need.role, need.action), []).append(need)
    return [
        Row(grant, evidence(role, grant, by_action.get((role.name, grant.action), []), used))
        for role in roles.values()
        for grant in role.grants
    ]


def evidence(role: Role, grant: Grant, needs: Sequence[Need], used: Uses) -> str | None:
    """One grant's evidence, as the note has it."""
    suites = [suite for suite in SUITES if suite in used.get(grant, ())]
    if suites:
        return CALLED + ", ".join(suites)
    met = [need.why for need in needs if need.met_by(grant)]
    if met:
        return met[0]
    reason = role.reason(grant)
    return UNUSED + " ".join(reason.split()) if reason else None


def excess(roles: Mapping[str, Role], found: Sequence[Row]) -> list[str]:
    """A sentence for each grant that is not used and has no reason, and for each reason that is none."""
    said = [
        f"{row.grant.role} may {row.grant.action} on {row.grant.resource} ({row.grant.sid}) and never did: "
        "take it away, or write why it is right beside the role, as Metadata: wotr: unused"
        for row in found
        if row.evidence is None
    ]
    for role in roles.values():
        for key in role.unused:
            meant = [
                row
                for row in found
                if row.grant.role == role.name and key in (row.grant.sid, row.grant.action)
            ]
            wrong = [row for row in meant if not (row.evidence or "").startswith(UNUSED)]
            if not meant or wrong:
                what = f"{wrong[0].grant.action} is used" if wrong else "no statement has it"
                said.append(
                    f"{role.name}: {key} is excepted as unused, and {what}; drop the reason or narrow it"
                )
    return said


def missing(
    roles: Mapping[str, Role],
    needs: Sequence[Need],
    deployed: Mapping[str, Deployed],
    calls: Sequence[Call],
    *,
    workers: Collection[str],
    stacks: Collection[str],
) -> list[str]:
    """A sentence for each call that a role may not make and makes, or lets a service make.

    ``workers`` are the names of the stage's functions: only what they are denied counts, since whoever else
    assumes a role, such as a test, may be denied on purpose. ``stacks`` are those that are deployed.
    """
    return [
        *_ungranted(roles, needs),
        *_undeployed(roles, deployed, stacks),
        *_out_of_bounds(roles, deployed),
        *_denied(roles, deployed, calls, workers, stacks),
    ]


def _ungranted(roles: Mapping[str, Role], needs: Sequence[Need]) -> Iterator[str]:
    granted = {name: role.grants for name, role in roles.items()}
    for need in needs:
        if not any(need.met_by(grant) for grant in granted.get(need.role, ())):
            yield f"{need.role} lacks {need.action} on {need.resource}: {need.why}"


def _undeployed(
    roles: Mapping[str, Role], deployed: Mapping[str, Deployed], stacks: Collection[str]
) -> Iterator[str]:
    for name, there in deployed.items():
        for grant in roles[name].grants:
            if grant.stack in stacks and there.pattern(grant) is None:
                yield f"{name} as it is deployed lacks {grant.action} on {grant.resource} ({grant.sid})"


def _out_of_bounds(roles: Mapping[str, Role], deployed: Mapping[str, Deployed]) -> Iterator[str]:
    for name, there in deployed.items():
        if not there.boundary:
            yield f"{name} has no permissions boundary"
            continue
        for grant in roles[name].grants:
            pattern = there.pattern(grant)
            if pattern and not there.is_bounded(grant.action, pattern):
                yield f"{name}: its boundary does not let it {grant.action} on {grant.resource}"


def _denied(
    roles: Mapping[str, Role],
    deployed: Mapping[str, Deployed],
    calls: Sequence[Call],
    workers: Collection[str],
    stacks: Collection[str],
) -> Iterator[str]:
    names = {there.name: name for name, there in deployed.items()}
    for call in calls:
        holder = roles[names[call.role]] if call.role in names else None
        if holder is None or _probe(call):
            continue
        # A task's session is called by the task's id, which nobody else has.
        at_work = call.session in workers or "ecs-tasks.amazonaws.com" in holder.trusts or not call.session
        granted = deployed[holder.name].grants(call.action, call.resource)
        if call.decision == "Deny" and granted:
            continue  # a test forbade it for a while, to see what comes of it
        if at_work and not call.allowed:
            suites = ", ".join(sorted(call.suites))
            yield f"{holder.name} was denied {call.action} on {call.resource} ({suites})"
        elif at_work and not granted and not _granted_on_request(holder, call, stacks):
            yield f"{holder.name} called {call.action} on {call.resource}, which no statement of it grants"


def _granted_on_request(holder: Role, call: Call, stacks: Collection[str]) -> bool:
    """Whether a stack has such a grant that was deployed for a while and is gone: it let the call through."""
    return any(grant.stack not in stacks and grant.action == call.action for grant in holder.grants)


def _probe(call: Call) -> bool:
    return call.session.startswith(PROBES)
