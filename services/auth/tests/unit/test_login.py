"""What a login is, and what of it PostgreSQL is told."""

from __future__ import annotations

import base64
import hmac
import json
from typing import Any

import pytest

from wotr_auth.rotation.login import Login, LoginError
from wotr_auth.rotation.verifier import verifier

KNOWN = "known-to-this-test"


def text(**changed: Any) -> str:
    place = {"host": "db", "port": 5432, "dbname": "app"}
    return json.dumps({**place, "role": "app", "username": "app_a", "password": KNOWN, **changed})


def test_the_users_take_turns_and_each_turn_has_a_password_of_its_own() -> None:
    first = Login.parse(text())
    second = first.following()
    third = second.following()
    assert [login.username for login in (first, second, third)] == ["app_a", "app_b", "app_a"]
    assert len({login.password.get_secret_value() for login in (first, second, third)}) == 3
    assert len(second.password.get_secret_value()) >= 48
    assert second.same_place(first)
    assert Login.parse(second.text()) == second


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"role": "App"}, "role"),
        ({"role": 'a"; DROP ROLE master; --'}, "role"),
        ({"role": "a" * 62}, "role"),
        ({"username": "master"}, "username"),
        ({"port": 0}, "port"),
        ({"host": ""}, "host"),
        ({"engine": "mysql"}, "engine"),
    ],
)
def test_what_is_no_login_is_refused_without_showing_it(changed: dict[str, Any], named: str) -> None:
    with pytest.raises(LoginError, match=named) as refused:
        Login.parse(text(**changed))
    assert KNOWN not in str(refused.value)


def test_no_representation_shows_the_password() -> None:
    login = Login.parse(text())
    assert KNOWN not in f"{login} {login!r} {login.model_dump()} {login.model_dump_json()}"
    with pytest.raises(LoginError) as refused:
        Login.parse(f'"{KNOWN}"')
    assert KNOWN not in str(refused.value)


def test_the_verifier_is_that_of_the_rfc() -> None:
    """The example of RFC 7677, section 3: the server signs with a key of the verifier."""
    nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"  # pragma: allowlist secret - of the RFC
    salt = "W22ZaJ0SNY7soEsUEjb6gQ=="
    said = f"n=user,r=rOprNGfwEbeRWgbNEkqO,r={nonce},s={salt},i=4096,c=biws,r={nonce}"
    found = verifier("pencil", base64.b64decode(salt), 4096)
    assert found.startswith(f"SCRAM-SHA-256$4096:{salt}$")
    server_key = base64.b64decode(found.rpartition(":")[2])
    signature = base64.b64encode(hmac.digest(server_key, said.encode(), "sha256")).decode()
    wanted = "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="  # pragma: allowlist secret - of the RFC
    assert signature == wanted


def test_two_verifiers_of_one_password_differ() -> None:
    assert verifier("pencil") != verifier("pencil")
