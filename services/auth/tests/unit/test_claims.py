"""What tokens say of whom they were issued for."""

from __future__ import annotations

import pytest

from wotr_auth.claims import KEPT_BACK, groups, overrides


@pytest.mark.parametrize(
    ("member_of", "named"),
    [
        ([], ["athlete"]),
        (["athlete"], ["athlete"]),
        (["coach"], ["coach", "athlete"]),
        (["athlete", "admin", "coach"], ["admin", "coach", "athlete"]),
        (["eu-central-1_abc_Google", "Admin", "coach "], ["athlete"]),
    ],
)
def test_a_token_names_the_platforms_groups_highest_first_and_no_other(
    member_of: list[str], named: list[str]
) -> None:
    assert groups(member_of) == named


def test_both_tokens_say_the_role_and_the_id_token_keeps_private_things_back() -> None:
    request = {
        "userAttributes": {"email": "ada@example.com", "birthdate": "1815-12-10"},
        "groupConfiguration": {
            "groupsToOverride": ["coach"],
            "iamRolesToOverride": [],
            "preferredRole": None,
        },
    }

    found = overrides(request)

    assert found["groupOverrideDetails"] == {"groupsToOverride": ["coach", "athlete"]}
    for token in ("idTokenGeneration", "accessTokenGeneration"):
        assert found[token]["claimsToAddOrOverride"] == {"role": "coach"}
    assert found["idTokenGeneration"]["claimsToSuppress"] == list(KEPT_BACK)
    assert "birthdate" in KEPT_BACK
    assert not {"sub", "email", "email_verified", "token_use"} & set(KEPT_BACK)


@pytest.mark.parametrize("request_", [{}, {"groupConfiguration": None}, {"groupConfiguration": {}}])
def test_who_is_in_no_group_is_an_athlete(request_: dict[str, object]) -> None:
    assert overrides(request_)["groupOverrideDetails"] == {"groupsToOverride": ["athlete"]}
