"""Patterns of CodePipeline's triggers.

The documentation ("Working with glob patterns in syntax") describes the globs of Java's PathMatcher, word by
word: ``*`` and ``?`` stay within a name, ``**`` crosses folders, ``[a-z]`` and ``[!a-z]`` are one character,
``{a,b}`` is either and cannot be nested, a backslash takes the meaning away, a leading dot is a character
like any other. So ``**/x`` is no ``x`` at the root: there is no slash before it.
"""

from __future__ import annotations

import re
from functools import cache


class BadPattern(ValueError):
    """A pattern that means nothing."""


def matches(pattern: str, name: str) -> bool:
    """Whether the whole of ``name`` is what ``pattern`` describes."""
    return _expression(pattern).fullmatch(name) is not None


def problem(pattern: str) -> str:
    """What is wrong with a pattern, "" where it means something."""
    try:
        _expression(pattern)
    except BadPattern as bad:
        return str(bad)
    return ""


def selects(includes: list[str] | tuple[str, ...], excludes: list[str] | tuple[str, ...], name: str) -> bool:
    """Whether a filter lets ``name`` through: excludes win, and no includes mean everything else."""
    if any(matches(pattern, name) for pattern in excludes):
        return False
    return not includes or any(matches(pattern, name) for pattern in includes)


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    written, at, in_group = [], 0, False
    while at < len(pattern):
        character, rest = pattern[at], pattern[at + 1 :]
        step = 1
        if character == "\\":
            if not rest:
                raise BadPattern(f"{pattern!r} ends with a backslash that takes the meaning of nothing away")
            written.append(re.escape(rest[0]))
            step = 2
        elif character == "*":
            step = 2 if rest.startswith("*") else 1
            written.append(".*" if step == 2 else "[^/]*")
        elif character == "[":
            written.append(_bracket(pattern, at))
            step = pattern.index("]", at + 2) + 1 - at
        elif character in "{},":
            in_group = _group(pattern, character, in_group, written)
        else:
            written.append("[^/]" if character == "?" else re.escape(character))
        at += step
    if in_group:
        raise BadPattern(f"{pattern!r} opens a group with {{ and does not close it")
    return re.compile("".join(written), re.DOTALL)


def _bracket(pattern: str, at: int) -> str:
    """The expression of what stands between [ and ]; no bracket matches a slash."""
    end = pattern.find("]", at + 2)
    if end < 0:
        raise BadPattern(f"{pattern!r} opens a bracket with [ and does not close it")
    inside = pattern[at + 1 : end]
    negated, inside = inside.startswith("!"), inside.removeprefix("!")
    if not inside or "/" in inside:
        raise BadPattern(f"{pattern!r} has no characters, or a slash, in a bracket")
    characters = re.sub(r"([\\^\[&~|])", r"\\\1", inside)
    try:
        re.compile(f"[{characters}]")
    except re.error:
        raise BadPattern(f"{pattern!r} has a range in a bracket that runs backwards") from None
    return f"(?!/)[{'^' if negated else ''}{characters}]"


def _group(pattern: str, character: str, in_group: bool, written: list[str]) -> bool:
    """Write one of ``{``, ``,`` and ``}``; whether a group is open behind it."""
    if character == "{":
        if in_group:
            raise BadPattern(f"{pattern!r} nests groups, which no pattern can")
        written.append("(?:")
        return True
    if not in_group:
        written.append(re.escape(character))
        return False
    written.append(")" if character == "}" else "|")
    return character == ","
