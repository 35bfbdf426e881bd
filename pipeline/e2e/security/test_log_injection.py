"""Nothing that a caller sends becomes a line of a log of its own, or a command to somebody's terminal."""

from __future__ import annotations

import http.client
import json
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlsplit

import boto3
from waiting import eventually

from stage_client import Athlete, Stage

Proof = Callable[[str, str], None]
# Lambda's own lines. In JSON on AWS, where the functions ask for it; an emulator may write them as text.
PLATFORM = re.compile(
    r"(INIT_START|START RequestId|END RequestId|REPORT RequestId|XRAY TraceId)[^\x00-\x08\x0b-\x1f]*"
)
RAW = re.compile(r"[\x00-\x1f\x7f]")
OWN_FIELDS = {"level", "service", "timestamp"}


def forgeries(mark: str) -> list[str]:
    """Texts that would be a line, a field or a colour of their own, each with the mark in it."""
    line = json.dumps(
        {"level": "INFO", "message": mark, "service": "forged", "timestamp": "2026-03-01T00:00:00Z"}
    )
    return [
        f"x\n{line}\n",
        f"x\r\n{line}",
        f"x\r{line}",
        f"x\u2028{line}\u2029\u0085{line}",
        f'{mark}","level":"ERROR","service":"forged',
        f"\x1b[2J\x1b[31m{mark}\x1b[0m\x1b]0;{mark}\x07",
        f"\x9b31m{mark}\x08\x08\x7f",
        f"END RequestId: {mark}",
        f"REPORT RequestId: {mark}\tDuration: 1 ms",
        f"${{jndi:ldap://127.0.0.1/{mark}}} %s %d {{}} {{0}}",
    ]


@dataclass(frozen=True)
class Event:
    """One event of a log group."""

    group: str
    text: str


def log_groups(stage: Stage) -> list[str]:
    """The stage's log groups."""
    pages = boto3.client("logs").get_paginator("describe_log_groups").paginate()
    found = [group["logGroupName"] for page in pages for group in page["logGroups"]]
    return [name for name in found if "wotr-" in name and f"-{stage.name}" in name]


def events(group: str, since_ms: int) -> Iterator[Event]:
    pages = boto3.client("logs").get_paginator("filter_log_events")
    for page in pages.paginate(logGroupName=group, startTime=since_ms):
        for event in page["events"]:
            yield Event(group, event["message"])


def fields(text: str) -> dict[str, Any] | None:
    """The event as one JSON object, None where it is none."""
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def forged(event: Event, mark: str) -> str | None:
    """Why the event cannot be one that a function or the platform wrote; None where it can."""
    text = event.text.rstrip("\r\n")
    if RAW.search(text.replace("\t", " ")):
        return "control characters as they are"
    said = fields(text)
    if said is None:
        if not PLATFORM.fullmatch(text):
            return "no JSON object"
        return "a line of the platform's with the caller's text" if mark in text else None
    if mark in text and ("forged" in str(said.get("service")) or mark in str(said.get("message"))):
        return "a field that the caller chose"
    return None


def attack(stage: Stage, athlete: Athlete, user_id: str, mark: str) -> int:
    """Send every forgery wherever a caller may write; how many calls that were."""
    machine, calls = stage.outputs("auth")["MachineClientRoleArn"], 0
    run = {"type": "run", "startedAt": "2026-03-01T17:30:00Z", "durationMin": 45}
    for number, text in enumerate(forgeries(mark)):
        start = f"2026-03-02T0{number}:30:00Z"
        lift = {"exercise": text, "weightKg": 100, "reps": 5, "notes": text}
        bodies: list[tuple[str, str, Any]] = [
            ("POST", "/me/workouts", {**run, "startedAt": start, "notes": text}),
            ("POST", "/me/workouts", {**run, "type": text}),
            ("POST", "/me/workouts", {**run, text: text}),
            ("POST", "/me/sessions", {"startedAt": start, "title": text, "notes": text, "sets": [lift]}),
            ("PATCH", "/me/profile", {"timezone": text}),
            ("POST", "/me/imports", {"importId": text}),
            ("GET", f"/me/workouts/{quote(text, safe='')}", None),
            ("GET", f"/me/sessions/{quote(text, safe='')}", None),
            ("GET", f"/me/workouts?type={quote(text)}&{quote(text)}=1&nextToken={quote(text)}", None),
        ]
        for method, path, body in bodies:
            assert athlete.call(method, path, body).status < 500, f"{method} {path}"
        stage.signed("POST", "/workouts", {**run, "userId": user_id, "notes": text}, role_arn=machine)
        stage.signed("GET", f"/stats/{quote(text, safe='')}", role_arn=machine)
        plain = text.encode("latin-1", "replace").decode("latin-1").translate(dict.fromkeys([10, 13], 32))
        for name in (
            "x-correlation-id",
            "user-agent",
            "x-forwarded-for",
            "x-amzn-trace-id",
            "idempotency-key",
        ):
            _raw(
                stage.api_url,
                "GET",
                "/me/workouts",
                {name: plain, "authorization": f"Bearer {athlete.token}"},
            )
        _raw(stage.collector_url, "POST", f"/{quote(text, safe='')}", {"user-agent": plain})
        calls += len(bodies) + 8
    _raw(stage.collector_url, "GET", f'/a"b","status":200,"path":"{mark}', {})
    return calls + 1


def _raw(base: str, method: str, path: str, headers: dict[str, str]) -> int:
    """A call whose headers and path go out as they are."""
    parts = urlsplit(base)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.netloc, timeout=60)
    connection.putrequest(method, parts.path + path)
    for name, value in headers.items():
        connection._buffer.append(f"{name}: {value}".encode("latin-1"))  # type: ignore[attr-defined]
    connection.endheaders()
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


def test_what_callers_send_never_forges_a_line_of_a_log(stage: Stage, user_id: str, proof: Proof) -> None:
    mark, athlete = f"mark{secrets.token_hex(8)}", stage.athlete()
    since = _now_ms(stage)
    calls = attack(stage, athlete, user_id, mark)
    last = f"last-{secrets.token_hex(8)}"
    athlete.call("POST", "/me/sessions", {"startedAt": "2026-03-03T06:00:00Z"}, {"x-correlation-id": last})
    groups = log_groups(stage)
    eventually(
        lambda: [event for group in groups for event in events(group, since) if last in event.text],
        bool,
        "the last call in the log",
    )
    found = [event for group in groups for event in events(group, since)]
    bad = [(why, event) for event in found if (why := forged(event, mark))]
    assert not bad, "\n".join(f"{event.group}: {why}: {event.text[:300]!r}" for why, event in bad[:20])
    own = [said for event in found if (said := fields(event.text)) is not None]
    assert sum(said.keys() >= OWN_FIELDS for said in own) > calls / 2, "the calls left lines in the logs"
    proof("8 log injection", f"{calls} calls, {len(found)} events in {len(groups)} log groups, forged 0")


def _now_ms(stage: Stage) -> int:
    """The stage's clock, by which its log events are dated."""
    answer = stage.call("GET", "/health")
    return int(parsedate_to_datetime(answer.headers["date"]).timestamp() * 1000) - 1000
