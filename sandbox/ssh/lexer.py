"""Splits a command line into words and operators, as a POSIX shell does (IEEE 1003.1, Shell Command Language 2.3)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

Quoting = Literal["bare", "double", "single"]
_OPERATORS = (
    "&&",
    "||",
    ";;",
    "<<-",
    "<<",
    ">>",
    "2>&1",
    "1>&2",
    ">&2",
    "&>",
    "2>>",
    "2>",
    "1>",
    ">",
    "<",
    "|",
    ";",
    "&",
    "(",
    ")",
)
_BLANK = " \t"
_OPERATOR_BEGINS = frozenset(text[0] for text in _OPERATORS)
_PLAIN = re.compile(r"[^\s'\"\\$#&|;<>()0-9]+")
_PLAIN_IN_QUOTES = re.compile(r'[^"\\$]+')


class ShellSyntaxError(Exception):
    """The line is not one that a shell would run."""


@dataclass(frozen=True)
class Part:
    """A stretch of a word with one kind of quoting; ``$`` is not expanded yet."""

    text: str
    quoting: Quoting


@dataclass(frozen=True)
class Word:
    """A word of the line, in parts."""

    parts: Sequence[Part]

    @property
    def bare(self) -> str | None:
        """The word's text when nothing in it is quoted."""
        return "".join(p.text for p in self.parts) if all(p.quoting == "bare" for p in self.parts) else None


@dataclass(frozen=True)
class Operator:
    """A control or redirection operator."""

    text: str


@dataclass(frozen=True)
class HereDocument:
    """Text that follows the line as the command's input; ``expand`` unless its delimiter was quoted."""

    text: str
    expand: bool


Token = Word | Operator | HereDocument


@dataclass
class _Pending:
    delimiter: str
    strip_tabs: bool
    expand: bool
    place: int


@dataclass
class Lexer:
    """One pass over one line or script."""

    line: str
    at: int = 0
    tokens: list[Token] = field(default_factory=list)
    _parts: list[Part] = field(default_factory=list)
    _here: list[_Pending] = field(default_factory=list)
    _want_delimiter: str = ""

    def run(self) -> list[Token]:
        """All tokens in order."""
        while self.at < len(self.line):
            self._step()
        self._end_word()
        if self._here:
            self._read_here_documents()
        return self.tokens

    def _step(self) -> None:
        char = self.line[self.at]
        if char in _BLANK:
            self._end_word()
            self.at += 1
        elif char == "\n":
            self._newline()
        elif char == "#" and not self._parts:
            end = self.line.find("\n", self.at)
            self.at = len(self.line) if end < 0 else end
        elif not self._operator():
            self._word_char(char)

    def _newline(self) -> None:
        self._end_word()
        self.at += 1
        self.tokens.append(Operator(";"))
        if self._here:
            self._read_here_documents()

    def _operator(self) -> bool:
        if self.line[self.at] not in _OPERATOR_BEGINS:
            return False
        for text in _OPERATORS:
            if not self.line.startswith(text, self.at) or (text[0].isdigit() and self._parts):
                continue
            self._end_word()
            self.at += len(text)
            if text in ("<<", "<<-"):
                self._want_delimiter = text
            else:
                self.tokens.append(Operator(text))
            return True
        return False

    def _word_char(self, char: str) -> None:
        if char == "'":
            self._single()
        elif char == '"':
            self._double()
        elif char == "\\":
            self._escape()
        elif self.line.startswith("$(", self.at):
            self._add(self._substitution(), "bare")
        else:
            self._plain(_PLAIN, "bare")

    def _plain(self, pattern: re.Pattern[str], quoting: Quoting) -> None:
        """All the characters here that mean only themselves, at least this one."""
        run = pattern.match(self.line, self.at)
        end = run.end() if run else self.at + 1
        self._add(self.line[self.at : end], quoting)
        self.at = end

    def _escape(self) -> None:
        following = self.line[self.at + 1 : self.at + 2]
        if following != "\n":
            self._parts.append(Part(following or "\\", "single"))
        self.at += 2

    def _single(self) -> None:
        end = self.line.find("'", self.at + 1)
        if end < 0:
            raise ShellSyntaxError("Unterminated quoted string")
        self._parts.append(Part(self.line[self.at + 1 : end], "single"))
        self.at = end + 1

    def _double(self) -> None:
        self.at += 1
        self._parts.append(Part("", "double"))
        while self.at < len(self.line):
            char = self.line[self.at]
            if char == '"':
                self.at += 1
                return
            if char == "\\" and self.line[self.at + 1 : self.at + 2] in ('"', "\\", "$", "`", "\n"):
                if self.line[self.at + 1] != "\n":
                    self._parts.append(Part(self.line[self.at + 1], "single"))
                self.at += 2
            elif self.line.startswith("$(", self.at):
                self._add(self._substitution(), "double")
            else:
                self._plain(_PLAIN_IN_QUOTES, "double")
        raise ShellSyntaxError("Unterminated quoted string")

    def _substitution(self) -> str:
        start = self.at
        self.at = closing_parenthesis(self.line, start + 1) + 1
        return self.line[start : self.at]

    def _add(self, text: str, quoting: Quoting) -> None:
        if self._parts and self._parts[-1].quoting == quoting:
            text = self._parts.pop().text + text
        self._parts.append(Part(text, quoting))

    def _end_word(self) -> None:
        if not self._parts:
            return
        word, self._parts = Word(tuple(self._parts)), []
        if not self._want_delimiter:
            self.tokens.append(word)
            return
        text = "".join(p.text for p in word.parts)
        self._here.append(_Pending(text, self._want_delimiter == "<<-", word.bare is not None, len(self.tokens)))
        self._want_delimiter = ""

    def _read_here_documents(self) -> None:
        for index, pending in enumerate(self._here):
            lines: list[str] = []
            while self.at < len(self.line):
                end = self.line.find("\n", self.at)
                end = len(self.line) if end < 0 else end
                text = self.line[self.at : end]
                self.at = end + 1
                text = text.lstrip("\t") if pending.strip_tabs else text
                if text == pending.delimiter:
                    break
                lines.append(text + "\n")
            self.tokens.insert(pending.place + index, HereDocument("".join(lines), pending.expand))
        self._here = []


def closing_parenthesis(text: str, start: int) -> int:
    """Place of the parenthesis that closes the one at ``start``; raises ShellSyntaxError."""
    depth = 0
    for at in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        if depth == 0:
            return at
    raise ShellSyntaxError('end of file unexpected (expecting ")")')


def tokens_of(line: str) -> list[Token]:
    """Split a line; raises ShellSyntaxError."""
    return Lexer(line).run()
