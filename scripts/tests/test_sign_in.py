"""Where the browser comes back to after signing in."""

from __future__ import annotations

import pytest
from signing_in import loopback

from stage_client import StageError

HERE = "http://localhost:8080/callback"


@pytest.mark.parametrize(
    "callbacks",
    [[], ["https://app.example.com/callback"], ["https://localhost/x", "http://evil.example:80/"]],
)
def test_a_stage_that_sends_nobody_here_is_told_from_one_that_does(callbacks: list[str]) -> None:
    with pytest.raises(StageError, match="CallbackUrls"):
        loopback.address(callbacks)
    assert loopback.address([*callbacks, HERE]) == HERE


def test_the_first_visit_of_the_callback_is_taken_and_nothing_else() -> None:
    listener = loopback.Listener(HERE)
    assert not listener.take("/favicon.ico")
    assert listener.take("/callback?code=first&state=s")
    assert not listener.take("/callback?code=second&state=s")
    assert listener.callback(0) == f"{HERE}?code=first&state=s"


def test_a_browser_that_does_not_come_is_told() -> None:
    with pytest.raises(StageError, match="did not come back"):
        loopback.Listener(HERE).callback(0)
