"""A page token goes on with the list it was made for, and is worth nothing once a byte of it is another."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import urlencode

import pytest
from belongings import Belongings, acquire
from refusals import assert_refused, patiently

from stage_client import Answer, Athlete, Stage

Proof = Callable[[str, str], None]
ALPHABET = string.ascii_letters + string.digits + "_-"
WINDOW = {"from": "2026-03-01T00:00:00Z", "to": "2026-03-03T00:00:00Z"}


@pytest.fixture(scope="module")
def owner(stage: Stage) -> Belongings:
    return acquire(stage)


def lists(owner: Belongings) -> dict[str, tuple[str, str]]:
    """Path and second page's token of each list of the athlete."""
    return {path: (path.format(**owner.ids), token) for path, token in owner.page_tokens.items()}


def with_one_character_changed(token: str) -> Iterator[str]:
    for at, character in enumerate(token):
        other = "." if character != "." else "_"
        if character in ALPHABET:
            other = ALPHABET[(ALPHABET.index(character) + 1) % len(ALPHABET)]
        yield token[:at] + other + token[at + 1 :]


def damaged(token: str) -> Iterator[str]:
    """Cut, lengthened, mixed up, or no token at all."""
    position, at, signature = token.split(".")
    yield from (token[:end] for end in (0, 1, len(token) // 2, len(token) - 1))
    yield from (token[1:], token + "A", token + "=", token + ".", f" {token}", f"{token}\n", f"{token}\0")
    yield from (
        f"{position}.{at}.",
        f"{position}..{signature}",
        f".{at}.{signature}",
        f"{position}.{signature}",
    )
    yield from (f"{token}.{signature}", token.swapcase(), token[::-1], f"{at}.{position}.{signature}")
    yield from ("null", "{}", "0", "..", "é" + token, "A" * 8_192, "A" * 8_000 + "." + signature)


def read(caller: Athlete, path: str, query: Mapping[str, str]) -> Answer:
    return patiently(lambda: caller.call("GET", f"{path}?{urlencode(query)}"))


def assert_no_data(answer: Answer, owner: Belongings, what: str) -> None:
    assert_refused(answer, {422}, what)
    assert [error["pointer"] for error in answer.json()["errors"]] == ["nextToken"], answer.text
    assert not [mark for mark in owner.marks if mark in answer.text], what


def test_an_altered_page_token_gives_no_data(owner: Belongings, proof: Proof) -> None:
    tried = 0
    for path, (place, token) in lists(owner).items():
        assert read(owner.athlete, place, {"limit": "1", "nextToken": token}).status == 200
        for altered in (*with_one_character_changed(token), *damaged(token)):
            answer = read(owner.athlete, place, {"limit": "1", "nextToken": altered})
            assert_no_data(answer, owner, f"{path}, {altered}")
            tried += 1
    proof("8 page tokens, altered", f"{tried} of {len(lists(owner))} lists, every character once, all 422")


def test_a_page_token_is_good_for_its_list_and_its_caller_only(
    stage: Stage, owner: Belongings, proof: Proof
) -> None:
    stranger, found = stage.athlete(), lists(owner)
    other_import = owner.athlete.call("POST", "/me/imports", {}).json()["importId"]
    tried = [
        (owner.athlete, place, token, f"a token of {made_for} in {path}")
        for path, (place, _) in found.items()
        for made_for, (_, token) in found.items()
        if path != made_for
    ]
    tried += [
        (stranger, place, token, f"somebody else's token in {path}")
        for path, (place, token) in found.items()
        if "{" not in path
    ]
    rows = found["/me/imports/{importId}/rows"][1]
    tried.append((owner.athlete, f"/me/imports/{other_import}/rows", rows, "a token of another import"))
    for caller, place, token, what in tried:
        assert_no_data(read(caller, place, {"limit": "1", "nextToken": token}), owner, what)
    filters = {
        "/me/workouts": {"type": "run"},
        "/me/sessions": {"from": "2026-03-01"},
        "/me/records": {"kind": "longest"},
    }
    for path, query in filters.items():
        answer = read(owner.athlete, path, {"limit": "1", "nextToken": found[path][1], **query})
        assert_no_data(answer, owner, f"{path} with other filters")
    proof("8 page tokens, misused", f"{len(tried) + len(filters)} by others or in other lists, all 422")


def test_a_token_for_machines_counts_for_its_principal_and_query(stage: Stage, owner: Belongings) -> None:
    machine = stage.outputs("auth")["MachineClientRoleArn"]
    query = {"userId": owner.athlete.user_id, "limit": "1", **WINDOW}
    page = stage.signed("GET", "/workouts", query=query, role_arn=machine)
    token = page.json()["nextToken"]
    for other in ({"userId": "somebody"}, {"from": "2026-02-28T00:00:00Z"}, {"type": "run"}):
        asked = {**query, **other, "nextToken": token}
        assert_no_data(stage.signed("GET", "/workouts", query=asked, role_arn=machine), owner, str(other))
    by_the_operator = stage.signed("GET", "/workouts", query={**query, "nextToken": token})
    assert_no_data(by_the_operator, owner, "another principal")
    athletes = read(owner.athlete, "/me/workouts", {"limit": "1", "nextToken": token, **WINDOW})
    assert_no_data(athletes, owner, "an athlete with a machine's token")
