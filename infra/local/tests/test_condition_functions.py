"""Gap: a condition may join the values of a list."""

from __future__ import annotations

import pytest
from stack import Deploy

SAID = {"Fn::Not": [{"Fn::Equals": [{"Fn::Join": ["", {"Ref": "Types"}]}, ""]}]}
BOTH = {"Fn::Equals": [{"Fn::Join": ["+", {"Ref": "Types"}]}, "run+walk"]}


@pytest.mark.parametrize(
    ("types", "said", "both"), [("", "no", "no"), ("run", "yes", "no"), ("run,walk", "yes", "yes")]
)
def test_an_empty_list_is_told_from_one_with_values(stack: Deploy, types: str, said: str, both: str) -> None:
    made = stack(
        {"Queue": {"Type": "AWS::SQS::Queue"}},
        Parameters={"Types": {"Type": "CommaDelimitedList", "Default": types}},
        Conditions={"Said": SAID, "Both": BOTH},
        Outputs={
            "Said": {"Value": {"Fn::If": ["Said", "yes", "no"]}},
            "Both": {"Value": {"Fn::If": ["Both", "yes", "no"]}},
        },
    )
    assert made.outputs == {"Said": said, "Both": both}
