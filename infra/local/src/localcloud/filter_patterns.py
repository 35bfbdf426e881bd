"""Filter patterns of CloudWatch Logs, as metric filters use them.

JSON patterns with ``&&``, ``||``, parentheses, comparisons (``*`` in a text stands for anything), ``IS`` and
``EXISTS``; patterns of words, phrases and words to leave out. Patterns of columns (``[...]``) and regular
expressions (``%...%``) are refused by name.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

Matcher = Callable[[str], bool]
_Test = Callable[[Any], bool]

_ABSENT = object()
_TOKEN = re.compile(
    r"\s*(?P<token>&&|\|\||[(){}]|!=|>=|<=|=|>|<"
    r'|\$(?:\.[\w-]+|\[\d+\])+|"(?:[^"\\]|\\.)*"|[^\s(){}=<>!&|"]+)'
)
_NUMERIC: dict[str, Callable[[float, float], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_STEP = re.compile(r"\.([\w-]+)|\[(\d+)\]")
_WORD = re.compile(r'([-?]?)("(?:[^"\\]|\\.)*"|\S+)')


@cache
def matcher(pattern: str) -> Matcher:
    """What tells whether a message matches; ValueError that names what is not supported here."""
    pattern = pattern.strip()
    if pattern.startswith("["):
        raise ValueError(f"the pattern {pattern!r} names columns, which the local cloud does not support")
    if re.search(r"%[^%]+%", pattern):
        raise ValueError(f"the pattern {pattern!r} is a regular expression, which is not supported here")
    if not pattern.startswith("{"):
        return _words(pattern)
    test = _Reader(pattern).read()

    def matches(message: str) -> bool:
        try:
            document = json.loads(message)
        except ValueError:
            return False
        return isinstance(document, dict) and test(document)

    return matches


def selected(document: Any, selector: str) -> Any:
    """What a selector such as ``$.a.b[0]`` leads to; ``LookupError`` where it leads nowhere."""
    found = _find(document, selector)
    if found is _ABSENT:
        raise LookupError(selector)
    return found


def _words(pattern: str) -> Matcher:
    terms = [(sign, _unquoted(word)) for sign, word in _WORD.findall(pattern)]
    wanted = [word for sign, word in terms if not sign]
    optional = [word for sign, word in terms if sign == "?"]
    unwanted = [word for sign, word in terms if sign == "-"]

    def matches(message: str) -> bool:
        if not all(word in message for word in wanted) or any(word in message for word in unwanted):
            return False
        return bool(wanted) or not optional or any(word in message for word in optional)

    return matches


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith('"') else text


def _find(document: Any, selector: str) -> Any:
    for name, index in _STEP.findall(selector):
        if name:
            document = document.get(name, _ABSENT) if isinstance(document, dict) else _ABSENT
        else:
            known = isinstance(document, list) and int(index) < len(document)
            document = document[int(index)] if known else _ABSENT
    return document


class _Reader:
    """Reads ``{ ... }``: alternatives of conjunctions of comparisons."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._tokens: list[str] = []
        at = 0
        while at < len(pattern.rstrip()):
            found = _TOKEN.match(pattern, at)
            if found is None:
                raise self._not_understood(pattern[at:])
            self._tokens.append(found["token"])
            at = found.end()

    def read(self) -> _Test:
        self._take("{")
        test = self._either()
        self._take("}")
        if self._tokens:
            raise self._not_understood(self._tokens[0])
        return test

    def _either(self) -> _Test:
        tests = [self._both()]
        while self._tokens[:1] == ["||"]:
            self._take("||")
            tests.append(self._both())
        return lambda document: any(test(document) for test in tests)

    def _both(self) -> _Test:
        tests = [self._one()]
        while self._tokens[:1] == ["&&"]:
            self._take("&&")
            tests.append(self._one())
        return lambda document: all(test(document) for test in tests)

    def _one(self) -> _Test:
        token = self._take()
        if token == "(":  # noqa: S105 - no password
            test = self._either()
            self._take(")")
            return test
        if not token.startswith("$"):
            raise self._not_understood(token)
        word = self._take()
        match word.upper():
            case "IS":
                wanted = {"NULL": None, "TRUE": True, "FALSE": False}
                name = self._take().upper()
                if name not in wanted:
                    raise self._not_understood(name)
                return lambda document: _find(document, token) is wanted[name]
            case "NOT":
                self._take("EXISTS")
                return lambda document: _find(document, token) is _ABSENT
            case "EXISTS":
                return lambda document: _find(document, token) is not _ABSENT
        if word not in _NUMERIC:
            raise self._not_understood(word)
        return _comparison(token, word, self._take())

    def _take(self, wanted: str | None = None) -> str:
        if not self._tokens or (wanted and self._tokens[0].upper() != wanted):
            raise self._not_understood(self._tokens[0] if self._tokens else "its end")
        return self._tokens.pop(0)

    def _not_understood(self, what: str) -> ValueError:
        return ValueError(f"the filter pattern {self._pattern!r} is not understood at {what!r}")


def _comparison(selector: str, sign: str, text: str) -> _Test:
    """A test of one field: of its number where the pattern has one, else of its text."""
    try:
        number = float(text)
    except ValueError:
        if sign not in ("=", "!="):
            raise ValueError(f"{selector} {sign} {text} compares texts by size") from None
        wanted, equal = _unquoted(text).replace("[", "[[]").replace("?", "[?]"), sign == "="

        def of_text(document: Any) -> bool:
            value = _find(document, selector)
            return isinstance(value, str) and fnmatchcase(value, wanted) is equal

        return of_text

    def of_number(document: Any) -> bool:
        value = _find(document, selector)
        if isinstance(value, str):
            try:
                value = float(value)
            except ValueError:
                return sign == "!="
        known = isinstance(value, int | float) and not isinstance(value, bool)
        return known and _NUMERIC[sign](float(value), number)

    return of_number
