"""Correlation ids, and span attributes that cost nothing where nobody records spans."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from wotr_common.observability import annotate_span, correlation_id_of_request, is_correlation_id

REQUEST = {"requestContext": {"requestId": "gateway-1"}}


@pytest.mark.parametrize("name", ["X-Correlation-Id", "x-correlation-id"])
def test_the_callers_correlation_id_goes_on(name: str) -> None:
    assert correlation_id_of_request({**REQUEST, "headers": {name: "abc-1.2:3_Z"}}) == "abc-1.2:3_Z"


@pytest.mark.parametrize("value", ["", "a b", "a\nlevel=ERROR", "<b>", "x" * 65, "ünï", "٣", None, 7])
def test_what_could_forge_a_log_line_is_replaced(value: Any) -> None:
    assert correlation_id_of_request({**REQUEST, "headers": {"x-correlation-id": value}}) == "gateway-1"


@pytest.mark.parametrize("event", [{}, {"headers": None, "requestContext": None}])
def test_without_a_request_id_there_is_a_new_one_each_time(event: dict[str, Any]) -> None:
    one, other = correlation_id_of_request(event), correlation_id_of_request(event)

    assert is_correlation_id(one)
    assert one != other


@given(st.text(max_size=80))
def test_a_correlation_id_is_a_short_word_of_plain_letters(text: str) -> None:
    plain = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:")

    assert is_correlation_id(text) == (0 < len(text) <= 64 and set(text) <= plain)


def test_spans_say_whose_they_are() -> None:
    recorded = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(recorded))
    tracer = provider.get_tracer("test")
    with tracer.start_as_current_span("whole"):
        annotate_span(user_id="ana", session_id="s-1")
    with tracer.start_as_current_span("part"):
        annotate_span(user_id="ben")

    assert [dict(span.attributes or {}) for span in recorded.get_finished_spans()] == [
        {"wotr.user_id": "ana", "wotr.session_id": "s-1"},
        {"wotr.user_id": "ben"},
    ]


def test_outside_a_span_nothing_happens() -> None:
    annotate_span(user_id="ana")


def test_without_an_sdk_the_tracing_api_is_not_even_imported() -> None:
    code = (
        "import sys; from wotr_common.observability import annotate_span; annotate_span(user_id='ana'); "
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert answer.stdout.strip() == "[]"
