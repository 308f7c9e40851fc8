"""Label selectors: read, refused and matched. Source: k8s.io/apimachinery/pkg/labels/selector.go."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.kubernetes.api import Object
from sandbox.kubernetes.errors import bad_request, invalid_value
from sandbox.kubernetes.names import label_key_words, label_value_words

Test = Callable[[Object], bool]

_TOKEN = re.compile(r"==|!=|[=!(),<>]|[^\s=!(),<>]+")
_SYMBOLS = {"==", "!=", "=", "!", "(", ")", ",", "<", ">"}
_ENDS = {"", ","}
_INTEGER = re.compile(r"[+-]?\d+")


class _Unreadable(ValueError):
    """Why a selector cannot be read, in the words of the real parser."""


def label_test(text: str) -> Test:
    """The test that a selector stands for; every object passes an empty one.

    Raises:
        ApiError: 400 when the selector cannot be read.
    """
    try:
        requirements = _Parser(text).requirements()
    except _Unreadable as error:
        raise bad_request(str(error)) from error
    return lambda labels: all(requirement.holds(labels) for requirement in requirements)


@dataclass(frozen=True)
class _Requirement:
    key: str
    operator: str
    values: tuple[str, ...] = ()

    def holds(self, labels: Object) -> bool:
        value = labels.get(self.key)
        match self.operator:
            case "exists":
                return value is not None
            case "!":
                return value is None
            case "!=" | "notin":
                return value is None or value not in self.values
            case "<" | ">":
                return self._compares(str(value))
        return value in self.values

    def _compares(self, value: str) -> bool:
        if not _INTEGER.fullmatch(value):
            return False
        return int(value) < int(self.values[0]) if self.operator == "<" else int(value) > int(self.values[0])

    def check(self) -> None:
        for number, value in enumerate(self.values):
            if self.operator in {"<", ">"} and not _INTEGER.fullmatch(value):
                told = "for 'Gt', 'Lt' operators, the value must be an integer"
                raise _Unreadable(f"values[{number}]: {invalid_value('', value, told).message}")
            if words := label_value_words(value):
                raise _Unreadable(f"values[{number}][{self.key}]: {invalid_value('', value, words).message}")


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens: list[str] = [*_TOKEN.findall(text), ""]

    def requirements(self) -> list[_Requirement]:
        found: list[_Requirement] = []
        while self._next():
            if self._next() in _SYMBOLS - {"!"}:
                raise _Unreadable(f"found '{self._next()}', expected: !, identifier, or 'end of string'")
            found.append(self._requirement())
            end = self._take()
            if end not in _ENDS:
                raise _Unreadable(f"found '{end}', expected: ',' or 'end of string'")
            if end and (not self._next() or self._next() in _SYMBOLS - {"!"}):
                raise _Unreadable(f"found '{self._next()}', expected: identifier after ','")
        return found

    def _requirement(self) -> _Requirement:
        try:
            requirement = self._read()
            requirement.check()
        except _Unreadable as error:
            raise _Unreadable(f"unable to parse requirement: {error}") from error
        return requirement

    def _read(self) -> _Requirement:
        is_absent = self._next() == "!"
        if is_absent:
            self._take()
        key = self._identifier("identifier")
        if words := label_key_words(key):
            raise _Unreadable(f"<nil>: {invalid_value('', key, words).message}")
        if self._next() in _ENDS:
            return _Requirement(key, "!" if is_absent else "exists")
        operator = self._take()
        if operator in {"in", "notin"}:
            return _Requirement(key, operator, self._values())
        if operator not in {"=", "==", "!=", "<", ">"}:
            raise _Unreadable(f"found '{operator}', expected: in, notin, =, ==, !=, gt, lt")
        return _Requirement(key, operator, ("" if self._next() in _ENDS else self._identifier("identifier"),))

    def _values(self) -> tuple[str, ...]:
        if (opening := self._take()) != "(":
            raise _Unreadable(f"found '{opening}' expected: '('")
        values = [self._value()]
        while (mark := self._take()) == ",":
            values.append(self._value())
        if mark != ")":
            raise _Unreadable(f"found '{mark}', expected: ',' or ')'")
        return tuple(values)

    def _value(self) -> str:
        return "" if self._next() in {",", ")"} else self._identifier("',', or identifier")

    def _identifier(self, expected: str) -> str:
        found = self._take()
        if not found or found in _SYMBOLS:
            raise _Unreadable(f"found '{found}', expected: {expected}")
        return found

    def _next(self) -> str:
        return self._tokens[0]

    def _take(self) -> str:
        return self._tokens.pop(0) if len(self._tokens) > 1 else self._tokens[0]
