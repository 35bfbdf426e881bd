"""Filter patterns of log groups, as metric filters use them."""

from __future__ import annotations

import json

import pytest

from localcloud.filter_patterns import matcher, selected

EVENT = json.dumps(
    {
        "errorCode": "AccessDeniedException",
        "status": 429,
        "size": "12",
        "flag": True,
        "nothing": None,
        "user": {"type": "Root", "roles": ["reader", "writer"]},
    }
)


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ('{ $.errorCode = "AccessDenied*" }', True),
        ('{ $.errorCode = "AccessDenied" }', False),
        ("{ $.errorCode = AccessDenied* }", True),
        ('{ $.errorCode != "Throttling*" }', True),
        ('{ $.missing != "x" }', False),
        ("{ $.status = 429 }", True),
        ("{ $.status >= 500 }", False),
        ("{ $.size > 11.5 }", True),
        ("{ $.flag IS TRUE }", True),
        ("{ $.nothing IS NULL }", True),
        ("{ $.missing NOT EXISTS }", True),
        ("{ $.nothing NOT EXISTS }", False),
        ('{ $.user.roles[1] = "writer" }', True),
        ('{ $.user.roles[2] = "writer" }', False),
        ('{ ($.status = 1) || ($.status = 429) && ($.user.type = "Root") }', True),
        ('{ (($.status = 1) || ($.status = 429)) && ($.user.type = "IAMUser") }', False),
        ("", True),
        ("Access", True),
        ('"AccessDenied" -Root', False),
        ("?nobody ?Root", True),
        ("nobody", False),
    ],
)
def test_a_pattern_matches_what_it_says(pattern: str, matches: bool) -> None:
    assert matcher(pattern)(EVENT) is matches


def test_a_json_pattern_matches_no_other_text() -> None:
    assert not matcher("{ $.status = 429 }")("status = 429")
    assert not matcher("{ $.status = 429 }")("[429]")


@pytest.mark.parametrize(
    "pattern",
    [
        "[ip, user, status = 4*]",
        "%ERROR|WARN%",
        "{ $.status = }",
        "{ $.a = 1",
        "{ status = 1 }",
        "{ $.a < b }",
        "{ }",
    ],
)
def test_what_is_not_understood_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"pattern|compares"):
        matcher(pattern)


def test_a_selector_leads_to_a_value() -> None:
    assert selected(json.loads(EVENT), "$.user.type") == "Root"
    with pytest.raises(LookupError):
        selected({}, "$.user.type")
