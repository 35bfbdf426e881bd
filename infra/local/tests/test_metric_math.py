"""Metric math: values by period, and what is refused."""

from __future__ import annotations

import pytest

from localcloud.metric_math import names, result

VALUES = {"e": 3.0, "i": 12.0, "none": None, "zero": 0.0}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("100 * e / i", 25),
        ("(e + i) - 1", 14),
        ("-e ^ 2", -9),
        ("IF(i > 10, e / i, 0)", 0.25),
        ("IF(i > 20, e / i, 0)", 0),
        ("FILL(none, 0) + e", 3),
        ("ABS(e - i)", 9),
        ("SUM([FILL(none, 0), e]) / SUM([i, none])", 0.25),
        ("MAX([e, i, none])", 12),
        ("MIN([e, i])", 3),
        ("AVG([e, none, zero])", 1.5),
        ("SUM([none])", None),
        ("e / none", None),
        ("e / zero", None),
        ("none > 1", None),
    ],
)
def test_an_expression_has_a_value_where_its_data_is_there(expression: str, value: float | None) -> None:
    assert names(expression) <= VALUES.keys()
    assert result(expression, VALUES) == value


@pytest.mark.parametrize(
    "expression",
    ["ANOMALY_DETECTION_BAND(e, 2)", "e if i else 0", "e +", "STDDEV([e, i])", "SUM(e, i)", "e.x"],
)
def test_anything_else_is_refused_by_name(expression: str) -> None:
    with pytest.raises(ValueError, match="metric math"):
        names(expression)
