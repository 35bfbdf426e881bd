"""Metric math: the part of it that alarms of templates use.

Arithmetic, comparisons and the functions below, on series of one value (or none) a period; a value that is
missing makes the result of its period missing. Anything else is refused by name, when the alarm is made.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from functools import cache

Value = float | None
Values = Mapping[str, Value]

_ARITHMETIC: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_COMPARISONS: dict[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
# name -> number of arguments
_FUNCTIONS = {"ABS": 1, "FILL": 2, "IF": 3}
# of one list of series, among which a missing value is passed over
_OF_LISTS: dict[str, Callable[[list[float]], float]] = {
    "AVG": lambda values: sum(values) / len(values),
    "MAX": max,
    "MIN": min,
    "SUM": sum,
}


def names(expression: str) -> set[str]:
    """The ids that an expression reads; ValueError that names what is not supported here."""
    found: set[str] = set()
    _check(_parsed(expression), found)
    return found


def result(expression: str, values: Values) -> Value:
    """The value of an expression in one period, None where data is missing or a division is by zero."""
    try:
        return _value(_parsed(expression), values)
    except (ZeroDivisionError, OverflowError):
        return None


@cache
def _parsed(expression: str) -> ast.expr:
    try:
        return ast.parse(expression.replace("^", "**").strip(), mode="eval").body
    except SyntaxError as error:
        raise ValueError(f"metric math {expression!r} cannot be read: {error.msg}") from None


def _check(node: ast.expr, found: set[str]) -> None:
    match node:
        case ast.Constant(value=int() | float()):
            return
        case ast.Name(id=name):
            found.add(name)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            _check(operand, found)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
            _check(left, found)
            _check(right, found)
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARISONS:
            _check(left, found)
            _check(right, found)
        case ast.Call(func=ast.Name(id=name), args=[ast.List(elts=elements)]) if name in _OF_LISTS:
            for element in elements:
                _check(element, found)
        case ast.Call(func=ast.Name(id=name), args=arguments) if _FUNCTIONS.get(name) == len(arguments):
            for argument in arguments:
                _check(argument, found)
        case _:
            raise ValueError(f"metric math {ast.unparse(node)!r} is not supported on the local cloud")


def _value(node: ast.expr, values: Values) -> Value:
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Name(id=name):
            return values[name]
        case (
            ast.Call(func=ast.Name(id=function), args=[ast.List(elts=arguments)])
            | ast.Call(func=ast.Name(id=function), args=arguments)
        ):
            return _called(function, [_value(argument, values) for argument in arguments])
        case ast.UnaryOp(operand=operand):
            value = _value(operand, values)
            return None if value is None else -value
        case ast.BinOp(left=one, op=op, right=other):
            left, right = _value(one, values), _value(other, values)
            return None if left is None or right is None else _ARITHMETIC[type(op)](left, right)
        case ast.Compare(left=one, ops=[test], comparators=[other]):
            left, right = _value(one, values), _value(other, values)
            return None if left is None or right is None else float(_COMPARISONS[type(test)](left, right))
    raise AssertionError(f"unchecked metric math: {ast.dump(node)}")


def _called(function: str, arguments: list[Value]) -> Value:
    if function in _OF_LISTS:
        known = [value for value in arguments if value is not None]
        return _OF_LISTS[function](known) if known else None
    first = arguments[0]
    match function:
        case "FILL":
            return arguments[1] if first is None else first
        case "IF":
            return None if first is None else arguments[1 if first else 2]
    return None if first is None else abs(first)
