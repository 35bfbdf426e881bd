"""What lets somebody act as another is in no log, no function's environment, no template and no parameter."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import boto3
import pytest
from waiting import eventually

from stage_client import Athlete, Stage
from stage_client.answers import send

Proof = Callable[[str, str], None]
# What any suite may have left behind: tokens, signatures and links of callers that this test does not know.
SHAPES = {
    "a JWT": re.compile(r"eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"),
    "a signature": re.compile(r"(?i)signature[\"']?\s*[=:]\s*[\"']?[0-9a-f]{64}"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY"),
}


class Seen:
    """Secrets that went through the platform, by what each is."""

    def __init__(self) -> None:
        self.known: dict[str, str] = {}
        self.correlation_ids: list[str] = []

    def add(self, what: str, value: str) -> None:
        assert len(value) >= 12, f"{what} is too short to be looked for"
        self.known[what] = value

    def add_token(self, what: str, token: str) -> None:
        """A JWT, and its signature alone: whoever cuts a token short shall be found too."""
        self.add(what, token)
        self.add(f"signature of {what}", token.rpartition(".")[2])

    def within(self, text: str) -> Iterator[str]:
        """What is found in `text`, also as it stands in a URL."""
        for what, value in self.known.items():
            if value in text or quote(value, safe="") in text:
                yield what


@pytest.fixture(scope="module")
def seen(stage: Stage) -> Seen:
    """Secrets of every kind, each sent where it belongs and where it does not."""
    seen = Seen()
    password = f"Aa1-{secrets.token_urlsafe(18)}"
    email = f"athlete-{secrets.token_hex(6)}@example.com"
    athlete = stage.athlete(email, password)
    seen.add("the password", password)
    seen.add_token("the ID token", athlete.token)
    _signs_in(stage, seen, email, password)
    _calls(stage, seen, athlete)
    _signs(stage, seen)
    _uploads(seen, athlete)
    key = stage.outputs("api")["PageTokenSecretArn"]
    value = boto3.client("secretsmanager").get_secret_value(SecretId=key)["SecretString"]
    seen.add("the page tokens' key", value)
    return seen


def _signs_in(stage: Stage, seen: Seen, email: str, password: str) -> None:
    auth = stage.outputs("auth")
    cognito = boto3.client("cognito-idp")
    request: dict[str, Any] = {
        "UserPoolId": auth["UserPoolId"],
        "ClientId": auth["UserPoolClientId"],
        "AuthFlow": "ADMIN_USER_PASSWORD_AUTH",
    }
    names = {"USERNAME": email, "PASSWORD": password}
    given = cognito.admin_initiate_auth(**request, AuthParameters=names)["AuthenticationResult"]
    seen.add_token("the access token", given["AccessToken"])
    seen.add("the refresh token", given["RefreshToken"])
    with pytest.raises(cognito.exceptions.NotAuthorizedException):
        cognito.admin_initiate_auth(**request, AuthParameters={**names, "PASSWORD": password[::-1]})


def _calls(stage: Stage, seen: Seen, athlete: Athlete) -> None:
    bearer = {"authorization": f"Bearer {athlete.token}"}
    refresh = seen.known["the refresh token"]
    answers = [
        athlete.call("GET", "/me/workouts?limit=1"),
        athlete.call("GET", f"/me/workouts?nextToken={athlete.token}"),
        athlete.call("GET", f"/me/workouts/{athlete.token}"),
        athlete.call("POST", "/me/workouts", {"type": "run", "token": athlete.token, "password": refresh}),
        athlete.call("POST", "/me/workouts", {"type": athlete.token, "startedAt": refresh, "durationMin": 1}),
        athlete.call("PATCH", "/me/profile", {"timezone": refresh}),
        stage.call("GET", f"/health?access_token={athlete.token}", headers=bearer),
        stage.call("GET", "/me/workouts", headers={"authorization": f"Bearer {athlete.token}x"}),
        stage.call("GET", "/me/workouts", headers={"authorization": athlete.token[:-4]}),
    ]
    assert {answer.status for answer in answers} >= {200, 401, 404, 422}
    seen.correlation_ids += [each.headers["x-correlation-id"] for each in answers if each.status != 401]
    collected = send(
        "POST",
        f"{stage.collector_url}/hook?token={athlete.token}&X-Amz-Signature={'0' * 64}",
        json.dumps({"hello": 1}).encode(),
        {**bearer, "content-type": "application/json", "cookie": f"session={refresh}"},
    )
    assert collected.status == 201


def _signs(stage: Stage, seen: Seen) -> None:
    role = stage.outputs("auth")["MachineClientRoleArn"]
    request = stage.sign("GET", "/secrets-check", role_arn=role)
    headers = {name.lower(): value for name, value in request.headers.items()}
    seen.add("the signature of a call", headers["authorization"].rpartition("Signature=")[2])
    seen.add("the session token", headers["x-amz-security-token"])
    assert request.send().status == 200
    assert stage.signed("GET", "/workouts", query={"from": "soon"}, role_arn=role).status == 422


def _uploads(seen: Seen, athlete: Athlete) -> None:
    form = json.loads(athlete.call("POST", "/me/imports", {}).text)["upload"]
    for name in ("policy", "x-amz-signature", "x-amz-security-token"):
        seen.add(f"{name} of a form", {key.lower(): value for key, value in form["fields"].items()}[name])


def logged() -> list[tuple[str, str]]:
    """(log group, line) of everything that the stage has written.

    Stream by stream: the local cloud gives 10,000 events of a group at most, and no token for the rest.
    """
    logs = boto3.client("logs")
    lines = []
    for page in logs.get_paginator("describe_log_groups").paginate():
        for group in (each["logGroupName"] for each in page["logGroups"]):
            for listed in logs.get_paginator("describe_log_streams").paginate(logGroupName=group):
                for stream in (each["logStreamName"] for each in listed["logStreams"]):
                    pages = logs.get_paginator("filter_log_events").paginate(
                        logGroupName=group, logStreamNames=[stream]
                    )
                    lines += [(group, event["message"]) for found in pages for event in found["events"]]
    return lines


def test_no_log_holds_what_lets_somebody_act_as_another(seen: Seen, proof: Proof) -> None:
    def not_yet_logged() -> set[str]:
        text = "\n".join(line for _, line in logged())
        return {each for each in seen.correlation_ids if each not in text}

    eventually(not_yet_logged, lambda missing: not missing, "calls of this test that no log knows")
    lines = logged()
    found = [(group, what) for group, line in lines for what in seen.within(line)]
    assert not found, f"in the logs: {sorted(set(found))}"
    shapes = {(group, what) for group, line in lines for what, shape in SHAPES.items() if shape.search(line)}
    assert not shapes, f"in the logs: {sorted(shapes)}"
    groups = len({group for group, _ in lines})
    proof(
        "5 no secret in a log",
        f"{len(seen.known)} secrets, {len(SHAPES)} shapes in {len(lines)} lines of {groups} log groups: 0",
    )


def configured() -> Iterator[tuple[str, str]]:
    """(where, text) of what may be read without being allowed to read a secret."""
    functions, stacks, ssm = boto3.client("lambda"), boto3.client("cloudformation"), boto3.client("ssm")
    for listed in functions.get_paginator("list_functions").paginate():
        for function in listed["Functions"]:
            yield f"environment of {function['FunctionName']}", json.dumps(function.get("Environment", {}))
    for described in stacks.get_paginator("describe_stacks").paginate():
        for stack in described["Stacks"]:
            yield f"outputs of {stack['StackName']}", json.dumps(stack, default=str)
            body = stacks.get_template(StackName=stack["StackName"])["TemplateBody"]
            yield f"template of {stack['StackName']}", json.dumps(body)
    for found in ssm.get_paginator("describe_parameters").paginate():
        for parameter in found["Parameters"]:
            value = ssm.get_parameter(Name=parameter["Name"])["Parameter"]["Value"]
            yield f"parameter {parameter['Name']}", value


def test_no_configuration_holds_a_secret(seen: Seen, proof: Proof) -> None:
    found, kinds = [], dict.fromkeys(("environment", "outputs", "template", "parameter"), 0)
    for where, text in configured():
        kinds[where.partition(" ")[0]] += 1
        found += [f"{where}: {what}" for what in seen.within(text)]
    assert not found, "\n".join(found)
    assert min(kinds.values()) > 5
    proof(
        "5 no secret in a configuration",
        f"{kinds['environment']} environments, {kinds['template']} templates with outputs, "
        f"{kinds['parameter']} parameters: 0",
    )


def test_the_check_of_secrets_says_everything_but_the_secret(stage: Stage, seen: Seen, proof: Proof) -> None:
    role = stage.outputs("auth")["MachineClientRoleArn"]
    answer = stage.signed("GET", "/secrets-check", role_arn=role)
    assert answer.status == 200
    told = {each["name"]: each for each in json.loads(answer.text)["secrets"]}
    assert (told["page-tokens"]["state"], told["page-tokens"]["value"]) == ("ok", "********")
    assert told["page-tokens"]["version"]
    assert list(seen.within(answer.text)) == []
    assert stage.call("GET", "/secrets-check").status == 403
    proof("5 secrets are masked", f"{len(told)} secrets told with state, version and age, 0 values")
