"""What the published document lets a caller send, and much that it does not, is answered as it promises."""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import boto3
import requests
import schemathesis
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from requests.auth import AuthBase
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from waiting import eventually

from stage_client import Athlete, Stage

Proof = Callable[[str, str], None]
DOCUMENT = Path(__file__).resolve().parents[3] / "services" / "api" / "openapi.json"
SEED = 20261125
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
ORDER = ("post", "get", "patch", "delete")  # so that there is something to read, and it goes last
# How many cases an operation gets: one without parameters has nothing but surplus headers to vary.
WITH_BODY, WITH_PARAMETERS, WITHOUT, BY_NOBODY = 135, 40, 10, 8
AT_LEAST = 2_000
PLAUSIBLE = {"type": "run", "startedAt": "2026-02-01T06:00:00Z", "durationMin": 45}


class Signed(AuthBase):
    """Signs a call as the machines' role."""

    def __init__(self, stage: Stage) -> None:
        role = stage.outputs("auth")["MachineClientRoleArn"]
        given = boto3.client("sts").assume_role(RoleArn=role, RoleSessionName="generated")["Credentials"]
        credentials = Credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
        self._signer = SigV4Auth(credentials, "execute-api", boto3.Session().region_name)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        sent = {name: value for name, value in request.headers.items() if name.lower() == "content-type"}
        signed = AWSRequest(request.method, request.url, sent, request.body)
        self._signer.add_auth(signed)
        request.headers.update(dict(signed.headers.items()))
        return request


class SignedIn(AuthBase):
    """Sends an athlete's token."""

    def __init__(self, athlete: Athlete) -> None:
        self._token = athlete.token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Nobody(AuthBase):
    """Sends nothing that says who calls."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers.pop("Authorization", None)
        return request


@dataclass
class Found:
    """What came of all cases."""

    statuses: Counter[int] = field(default_factory=Counter)
    failures: dict[str, str] = field(default_factory=dict)
    accepted: set[tuple[str, str]] = field(default_factory=set)

    def take(self, case: Case, response: requests.Response) -> None:
        """Note how the case was answered, and where the answer is not as the document has it."""
        self.statuses[response.status_code] += 1
        try:
            case.validate_response(response, checks=CHECKS)
        except FailureGroup as group:
            for each in group.exceptions:
                what = f"{case.operation.label}: {type(each).__name__}, {response.status_code}"
                how = f"{each} {response.text[:300]} {case.as_curl_command()[:600]}"
                self.failures.setdefault(what, how)
        if response.status_code == 202 and "workoutId" in (said := response.json()):
            self.accepted.add((said["userId"], said["workoutId"]))


def operations() -> list[Any]:
    schema = schemathesis.openapi.from_path(DOCUMENT)
    found = [each.ok() for each in schema.get_all_operations()]
    return sorted(found, key=lambda each: ORDER.index(each.method))


def things(athlete: Athlete) -> dict[str, str]:
    """Ids of the athlete's own: generated ones would name nothing, and reach no further than 404."""
    start = (
        f"2026-02-{secrets.randbelow(28) + 1:02}T{secrets.randbelow(24):02}:{secrets.randbelow(60):02}:00Z"
    )
    workout = athlete.call("POST", "/me/workouts", {"type": "run", "startedAt": start, "durationMin": 30})
    lift = {"exercise": "Squat", "weightKg": 100, "reps": 5}
    session = athlete.call("POST", "/me/sessions", {"startedAt": start, "sets": [lift]})
    asked = athlete.call("POST", "/me/imports", {})
    assert (workout.status, session.status, asked.status) == (202, 201, 201), session.text
    return {
        "userId": athlete.user_id,
        "workoutId": workout.json()["workoutId"],
        "sessionId": session.json()["sessionId"],
        "importId": asked.json()["importId"],
    }


def cases(operation: Any, own: dict[str, str]) -> st.SearchStrategy[Case]:
    """Cases that fit the document and cases that do not, half of them about what is there."""

    def about_own(case: Case, really: bool) -> Case:
        if really:
            case.path_parameters = {name: own[name] for name in case.path_parameters or {}}
            if isinstance(case.body, dict):  # times are of any year otherwise, and not plausible
                case.body = {name: PLAUSIBLE.get(name, value) for name, value in case.body.items()}
        return case

    modes = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    return st.builds(about_own, st.one_of(*(operation.as_strategy(mode) for mode in modes)), st.booleans())


def play(
    operation: Any, own: dict[str, str], most: int, send: Callable[[Case], requests.Response], found: Found
) -> None:
    """Send up to `most` cases of the operation, the same in every run."""

    @seed(SEED)
    @settings(
        max_examples=most,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases(operation, own))
    def each(case: Case) -> None:
        found.take(case, send(case))

    each()


def most_of(operation: Any) -> int:
    """How many cases an operation is worth."""
    if operation.body:
        return WITH_BODY
    return WITH_PARAMETERS if operation.path_parameters or operation.query else WITHOUT


def test_every_generated_case_is_answered_as_the_document_says(stage: Stage, proof: Proof) -> None:
    athlete = stage.athlete()
    callers: dict[str, AuthBase] = {"sigv4": Signed(stage), "cognito": SignedIn(athlete)}
    found, by_nobody, routes = Found(), Found(), operations()

    def sender(auth: AuthBase) -> Callable[[Case], requests.Response]:
        def send(case: Case) -> requests.Response:
            while (response := case.call(base_url=stage.api_url, auth=auth)).status_code == 429:
                found.take(case, response)
                time.sleep(float(response.headers["retry-after"][0]))
            return response  # type: ignore[no-any-return,unused-ignore]

        return send

    for operation in routes:
        schemes = [name for each in operation.definition.raw.get("security", []) for name in each]
        own = things(athlete)
        auth = callers[schemes[0]] if schemes else Nobody()
        play(operation, own, most_of(operation), sender(auth), found)
        if schemes:
            play(operation, own, BY_NOBODY, sender(Nobody()), by_nobody)
    failures = found.failures | by_nobody.failures
    assert not failures, "\n".join(f"{what}\n    {why}" for what, why in failures.items())
    assert set(by_nobody.statuses) <= {401, 403}, by_nobody.statuses
    sent, refused = found.statuses.total() - found.statuses[429], found.statuses[401] + found.statuses[403]
    assert refused < sent / 50, f"callers who may were refused: {found.statuses}"
    assert sent + by_nobody.statuses.total() >= AT_LEAST
    assert min(found.statuses[status] for status in (200, 201, 202, 400, 404, 409, 422)) > 0, found.statuses
    said = "undocumented answers 0, 5xx 0"
    proof(
        "8 generated cases",
        f"{sent} by who may and {by_nobody.statuses.total()} by nobody on {len(routes)} routes: {said}",
    )
    for user_id, workout_id in sorted(found.accepted):
        written(stage, user_id, workout_id)
    proof("8 generated workouts", f"{len(found.accepted)} accepted, each of them written")


def written(stage: Stage, user_id: str, workout_id: str) -> None:
    """Whatever was accepted is there in the end: no content of it stops the writer."""
    place = f"/workouts/{quote(user_id, safe='@:')}/{workout_id}"
    eventually(lambda: stage.signed("GET", place).status, lambda status: status == 200, f"{place} is written")
