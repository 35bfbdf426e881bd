"""Which addresses may sign up, and what is said to the others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from wotr_auth.addresses import Refused, Rules, check, parts

CLUB = Rules.of("example.com, Example.ORG", "", plus_addresses=True)
OPEN = Rules.of("", "mailinator.com", plus_addresses=True)


@pytest.mark.parametrize(
    "address",
    [
        "ada@example.com",
        "Ada.Lovelace+gym@Example.ORG",
        "o'brien@example.com",
        "x@example.com",
    ],
)
def test_an_address_of_a_domain_that_is_allowed_signs_up_however_it_is_spelled(address: str) -> None:
    check(address, CLUB)


@pytest.mark.parametrize("address", ["ada@example.net", "ada@mail.example.com", "ada@notexample.com"])
def test_an_address_of_another_domain_is_told_which_ones_are_allowed(address: str) -> None:
    with pytest.raises(Refused, match=r"of example\.com or example\.org; yours is of "):
        check(address, CLUB)


def test_many_domains_are_not_all_named() -> None:
    club = Rules.of(",".join(f"{letter}.example" for letter in "abcdefg"), "", plus_addresses=True)
    with pytest.raises(Refused, match=r"a\.example or .* or e\.example or 2 more domains; yours"):
        check("ada@example.com", club)


@pytest.mark.parametrize("address", ["x@mailinator.com", "x@MAILINATOR.com", "x@eu.mailinator.com"])
def test_a_domain_is_refused_with_all_below_it(address: str) -> None:
    with pytest.raises(Refused, match="take one that you will keep"):
        check(address, OPEN)


def test_a_domain_that_only_ends_alike_is_another_one() -> None:
    check("x@notmailinator.com", OPEN)


def test_a_domain_is_the_same_in_letters_and_in_its_ascii_form() -> None:
    club = Rules.of("xn--mnchen-3ya.example", "", plus_addresses=True)
    check("ada@münchen.example", club)
    check("ada@xn--mnchen-3ya.example", Rules.of("MÜNCHEN.example", "", plus_addresses=True))


def test_what_follows_a_plus_sign_is_refused_where_the_stage_says_so() -> None:
    strict = Rules.of("", "", plus_addresses=False)
    check("ada@example.com", strict)
    with pytest.raises(Refused, match=r"sign up with ada@example\.com, without what follows the plus sign"):
        check("ada+gym@example.com", strict)
    check("ada+gym@example.com", OPEN)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ada",
        "@example.com",
        "ada@",
        "ada@example",
        "ada@example..com",
        "ada@-example.com",
        "ada@127.0.0.1",
        "ada@[127.0.0.1]",
        ".ada@example.com",
        "a..da@example.com",
        "ada lovelace@example.com",
        "ada@example.com\nbcc: eve@example.com",
        "eve@example.net@example.com",
        '"ada"@example.com',
        "αda@example.com",
        f"{'a' * 65}@example.com",
        f"ada@{'a' * 64}.com",
        f"ada@{'a.' * 130}com",
    ],
)
def test_what_is_no_address_is_refused_in_words(address: str) -> None:
    with pytest.raises(Refused, match="address"):
        check(address, OPEN)


@given(some.text(max_size=300))
def test_any_text_is_an_address_or_refused_with_a_sentence_that_ends_open(text: str) -> None:
    said = ""
    try:
        local_part, domain = parts(text)
    except Refused as refusal:
        said = str(refusal)
    if said:
        assert not said.endswith(".")
    else:
        assert f"{local_part}@{domain}".isascii()
        assert domain == domain.lower()
