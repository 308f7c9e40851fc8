"""A command line as a tree: lists of pipelines of commands."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from sandbox.ssh.lexer import HereDocument, Operator, ShellSyntaxError, Token, Word, tokens_of

_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
_REDIRECTIONS = {">", ">>", "<", "1>", "2>", "2>>", "&>", "2>&1", "1>&2", ">&2"}
_WITHOUT_TARGET = {"2>&1", "1>&2", ">&2"}
_SEPARATORS = {";", "&&", "||", "&"}


@dataclass(frozen=True)
class Redirection:
    """Where a stream of a command goes or comes from."""

    operator: str
    target: Word | HereDocument | None = None


@dataclass
class Command:
    """Assignments, words and redirections; or a group in ``body``."""

    assignments: list[Word] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)
    redirections: list[Redirection] = field(default_factory=list)
    body: CommandList | None = None
    subshell: bool = False


@dataclass
class Pipeline:
    """Commands of which each reads what the one before it writes."""

    commands: list[Command]
    negated: bool = False


@dataclass
class CommandList:
    """Pipelines, each with the operator that stands before it."""

    items: list[tuple[str, Pipeline]] = field(default_factory=list)


class _Parser:
    def __init__(self, tokens: Sequence[Token]) -> None:
        self.tokens = tokens
        self.at = 0

    def peek(self) -> Token | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def operator(self) -> str:
        token = self.peek()
        return token.text if isinstance(token, Operator) else ""

    def keyword(self) -> str:
        token = self.peek()
        return (token.bare or "") if isinstance(token, Word) else ""

    def list_until(self, closing: str) -> CommandList:
        found = CommandList()
        before = ";"
        while self.peek() is not None:
            if closing and closing in (self.operator(), self.keyword()):
                return found
            if self.operator() in _SEPARATORS:
                if self.operator() in ("&&", "||") and not found.items:
                    raise ShellSyntaxError(f'"{self.operator()}" unexpected')
                before = self.operator()
                self.at += 1
                continue
            found.items.append((before, self.pipeline()))
            before = ";"
        if closing:
            raise ShellSyntaxError(f'end of file unexpected (expecting "{closing}")')
        return found

    def pipeline(self) -> Pipeline:
        negated = self.keyword() == "!"
        if negated:
            self.at += 1
        commands = [self.command()]
        while self.operator() == "|":
            self.at += 1
            commands.append(self.command())
        return Pipeline(commands, negated)

    def command(self) -> Command:
        found = Command()
        if self.operator() == "(" or self.keyword() == "{":
            closing = ")" if self.operator() == "(" else "}"
            self.at += 1
            found.body, found.subshell = self.list_until(closing), closing == ")"
            self.at += 1
        while (token := self.peek()) is not None and self._take(found, token):
            pass
        if not (found.words or found.assignments or found.redirections or found.body):
            raise ShellSyntaxError(f'"{self.operator() or "end of file"}" unexpected')
        return found

    def _take(self, command: Command, token: Token) -> bool:
        if isinstance(token, HereDocument):
            command.redirections.append(Redirection("<", token))
        elif isinstance(token, Operator):
            if token.text not in _REDIRECTIONS:
                return False
            command.redirections.append(self._redirection(token.text))
        elif not command.words and _ASSIGNMENT.match(token.parts[0].text) and token.parts[0].quoting == "bare":
            command.assignments.append(token)
        else:
            command.words.append(token)
        self.at += 1
        return True

    def _redirection(self, operator: str) -> Redirection:
        if operator in _WITHOUT_TARGET:
            return Redirection(operator)
        self.at += 1
        target = self.peek()
        if not isinstance(target, Word):
            raise ShellSyntaxError("newline unexpected")
        return Redirection(operator, target)


def parse_line(line: str) -> CommandList:
    """Parse a line or a small script; raises ShellSyntaxError."""
    parser = _Parser(tokens_of(line))
    return parser.list_until("")
