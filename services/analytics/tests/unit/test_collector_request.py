"""What is kept of a request."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.http import http_event

from wotr_analytics.collector.request import (
    BODY_LIMIT_BYTES,
    HEADERS,
    NotARun,
    Omitted,
    from_http,
    from_schedule,
    without_secrets,
)


def test_a_request_is_kept_as_it_came() -> None:
    sent = '{"reps": 8, "note": "grüße"}'.encode()
    headers = {"Content-Type": "application/json", "User-Agent": "curl/8", "X-Correlation-Id": "c-1"}
    kept = from_http(http_event("PUT", "/sets/1", "unit=kg&unit=lb", headers=headers, body=sent))

    assert (kept.method, kept.path, kept.query) == ("PUT", "/sets/1", "unit=kg&unit=lb")
    assert kept.source == "203.0.113.7"
    assert kept.received_at == datetime(2026, 11, 25, 6, 4, 5, 678000, UTC)
    assert kept.body == sent.decode()
    assert kept.body_bytes == len(sent)
    assert kept.body_sha256 == hashlib.sha256(sent).hexdigest()
    assert dict(kept.headers) == {
        "content-type": "application/json",
        "user-agent": "curl/8",
        "x-correlation-id": "c-1",
    }
    assert kept.omitted is None
    assert kept.shortened == ()


def test_a_form_is_text_although_it_comes_as_base64() -> None:
    kept = from_http(http_event(headers={"content-type": "application/x-www-form-urlencoded"}, body=b"a=1"))
    assert kept.body == "a=1"


@pytest.mark.parametrize(("extra", "omitted"), [(0, None), (1, Omitted.TOO_LARGE)])
def test_the_limit_is_counted_in_bytes(extra: int, omitted: Omitted | None) -> None:
    sent = ("é" * (BODY_LIMIT_BYTES // 2) + "x" * extra).encode()
    kept = from_http(http_event(body=sent))
    assert kept.omitted is omitted
    assert (kept.body is None) is (omitted is not None)
    assert kept.body_bytes == BODY_LIMIT_BYTES + extra
    assert kept.body_sha256 == hashlib.sha256(sent).hexdigest()


@pytest.mark.parametrize("sent", [b"\x89PNG\r\n\x1a\n", b"\xff\xfe", b"a\0b", b"\xed\xa0\x80"])
def test_bytes_that_are_no_text_are_not_kept(sent: bytes) -> None:
    kept = from_http(http_event(body=sent))
    assert (kept.body, kept.omitted) == (None, Omitted.BINARY)
    assert kept.body_sha256 == hashlib.sha256(sent).hexdigest()


@pytest.mark.parametrize(
    "name",
    [
        "authorization",
        "proxy-authorization",
        "cookie",
        "x-api-key",
        "x-amz-security-token",
        "x-auth-token",
        "x-anything-new",
    ],
)
def test_what_lets_somebody_act_as_the_sender_is_not_kept(name: str) -> None:
    kept = from_http(http_event(headers={name: "Bearer secret", "accept": "*/*"}))
    assert dict(kept.headers) == {"accept": "*/*"}


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("a=1&token=t&b=2", "a=1&token=***&b=2"),
        ("apiKey=k&api_key=k&X-Amz-Signature=s", "apiKey=***&api_key=***&X-Amz-Signature=***"),
        ("accesstoken=t&client%5Fsecret=s&auth_code=c", "accesstoken=***&client%5Fsecret=***&auth_code=***"),
        ("password=p&password=q", "password=***&password=***"),
        ("keyword=squat&author=ana&design=1&flag", "keyword=squat&author=ana&design=1&flag"),
        ("", ""),
    ],
)
def test_secrets_in_a_query_are_hidden(query: str, kept: str) -> None:
    assert without_secrets(query) == kept
    assert from_http(http_event(query=query)).query == kept


def test_what_is_too_long_is_shortened_and_says_so() -> None:
    kept = from_http(
        http_event(path="/" + "ü" * 3000, query="a=" + "b" * 9000, headers={"accept": "x" * 2000})
    )
    assert kept.shortened == ("path", "query", "accept")
    assert len(kept.path.encode()) == 2047  # a character is never cut through
    assert len(kept.query) == 8192
    assert len(dict(kept.headers)["accept"]) == 1024


def test_a_secret_at_the_end_of_a_long_query_is_hidden_too() -> None:
    kept = from_http(http_event(query="a=" + "b" * 8180 + "&token=secret"))
    assert "secret" not in kept.query


def test_a_run_is_named_by_the_time_it_was_due() -> None:
    kept = from_schedule('{"scheduledAt": "2026-11-25T06:00:00Z"}')
    assert kept == from_schedule('{"scheduledAt": "2026-11-25T07:00:00+01:00"}')
    assert kept.request_id == "schedule-20261125T060000Z"
    assert kept.received == "2026-11-25T06:00:00.000Z"
    assert (kept.source, kept.method, kept.path) == ("schedule", "RUN", "/")


@pytest.mark.parametrize(
    "message",
    [
        "",
        "{",
        "[]",
        "null",
        '"2026-11-25T06:00:00Z"',
        "{}",
        '{"scheduledAt": 5}',
        '{"scheduledAt": "<aws.scheduler.scheduled-time>"}',
        '{"scheduledAt": "2026-11-25T06:00:00"}',
        '{"scheduledAt": "0001-01-01T00:00:00+14:00"}',
    ],
)
def test_what_does_not_say_when_it_was_due_is_no_run(message: str) -> None:
    with pytest.raises(NotARun):
        from_schedule(message)


@given(st.text())
def test_any_message_is_a_run_or_is_not(text: str) -> None:
    for message in (text, json.dumps({"scheduledAt": text})):
        try:
            assert from_schedule(message).received_at.tzinfo is UTC
        except NotARun:
            continue


@given(headers=st.dictionaries(st.text(min_size=1), st.text()))
def test_no_other_header_is_ever_kept(headers: dict[str, str]) -> None:
    assert {name for name, _ in from_http(http_event(headers=headers)).headers} <= HEADERS
