"""A call on this machine counts as a call over TLS.

AWS: ``aws:SecureTransport`` tells whether a request came over TLS, and every SDK call does. Services
that deliver to each other use TLS too.
MiniStack: serves plain HTTP, so the key is false for every request, and a policy that denies what
is not TLS (all our buckets, queues and topics have one) denies every caller but root.
Bridge: a request from the loopback interface, or from within the server, has crossed no wire and
counts as secure. Any other address keeps the truth about its transport.
"""

from __future__ import annotations

from contextvars import ContextVar, Token
from functools import cache
from ipaddress import ip_address

from ministack.core import iam_evaluator

from localcloud.gaps import Settings

TOUCHES = ("ministack.core.iam_evaluator:_request_origin",)

Origin = tuple[str, bool]
"""Source address of the request, and whether it came over TLS."""


def apply(_settings: Settings) -> None:
    """Put the bridge between the evaluator and what it knows of the request."""
    iam_evaluator._request_origin = _LoopbackIsSecure(iam_evaluator._request_origin)


class _LoopbackIsSecure:
    """Stands in for the context variable of the request's origin."""

    def __init__(self, origin: ContextVar[Origin]) -> None:
        self._origin = origin

    def get(self) -> Origin:
        address, tls = self._origin.get()
        return address, tls or _is_loopback(address)

    def set(self, origin: Origin) -> Token[Origin]:
        return self._origin.set(origin)


@cache
def _is_loopback(address: str) -> bool:
    """Asked several times for every request, nearly always of the same address."""
    return ip_address(address).is_loopback
