"""Which e-mail addresses may sign up. Plain functions, no AWS.

An address is judged as it is compared: its domain in lower case and in the ASCII form of IDNA.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

# The unquoted form of RFC 5322, section 3.2.3, within the lengths of RFC 5321, section 4.5.3.1.
_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*", re.ASCII)
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_LONGEST_LOCAL_PART = 64
_LONGEST = 254
_NAMED = 5


class Refused(Exception):
    """The address may not sign up; the message tells its owner why. Cognito puts a full stop behind it."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What an operator lets in.

    `allowed` names domains, none: every domain. `refused` names domains that are closed with all below them.
    `plus_addresses`: whether `name+anything@` may sign up, almost everywhere the mailbox of `name@`.
    """

    allowed: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()
    plus_addresses: bool = True

    @classmethod
    def of(cls, allowed: str, refused: str, *, plus_addresses: bool) -> Rules:
        """Rules from lists of domains as parameters spell them: separated by commas, in any case."""
        return cls(_domains(allowed), _domains(refused), plus_addresses)


def check(address: str, rules: Rules) -> None:
    """Refused where the address is none, or is not let in."""
    local_part, domain = parts(address)
    if rules.allowed and domain not in rules.allowed:
        raise Refused(f"sign up with an address of {_named(rules.allowed)}; yours is of {domain}")
    if any(domain == each or domain.endswith(f".{each}") for each in rules.refused):
        raise Refused(f"addresses of {domain} cannot sign up, take one that you will keep")
    if "+" in local_part and not rules.plus_addresses:
        plain = f"{local_part.partition('+')[0]}@{domain}"
        raise Refused(f"sign up with {plain}, without what follows the plus sign")


def parts(address: str) -> tuple[str, str]:
    """The part before the @ and the domain as it is compared; Refused where it is no address."""
    local_part, at, name = address.rpartition("@")
    if not at or len(address) > _LONGEST or len(local_part) > _LONGEST_LOCAL_PART:
        raise Refused("this is no e-mail address; one looks like name@example.com")
    if not _LOCAL_PART.fullmatch(local_part):
        raise Refused("only letters a-z, digits and simple signs can stand before the @ of your address")
    domain = ascii_domain(name)
    labels = domain.split(".")
    if len(labels) == 1 or labels[-1].isdigit() or not all(_LABEL.fullmatch(label) for label in labels):
        raise Refused("what follows the @ of your address is no domain; one looks like example.com")
    return local_part, domain


def ascii_domain(name: str) -> str:
    """`name` in lower case and in IDNA's ASCII form; unchanged where it has none."""
    try:
        return name.lower().encode("idna").decode("ascii")
    except UnicodeError:
        return name.lower()


def _domains(listed: str) -> frozenset[str]:
    return frozenset(ascii_domain(name.strip()) for name in listed.split(",") if name.strip())


def _named(domains: Iterable[str]) -> str:
    known = sorted(domains)
    more = len(known) - _NAMED
    return " or ".join(known[:_NAMED]) + (f" or {more} more domains" if more > 0 else "")
