"""Typed facts about a machine, as many as wanted in one round trip. Nothing here changes anything."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from clients.ssh.command import redact, render_command
from clients.ssh.session import Session
from federation.errors import CommandFailed, HostUnreachable

T = TypeVar("T")


class CannotTell(ValueError):
    """The output is not an answer to the question."""


@dataclass(frozen=True)
class Answer:
    """Output of the script of a fact."""

    exit_code: int
    stdout: str = field(repr=False)


@dataclass(frozen=True)
class Fact(Generic[T]):
    """A question to a machine.

    Attributes:
        name: The question, for messages.
        script: POSIX shell that only reads; runs as root.
        parse: Makes a value of the answer, or raises CannotTell.
    """

    name: str
    script: str
    parse: Callable[[Answer], T] = field(compare=False)


class Facts:
    """Answers to the facts that were asked for."""

    def __init__(self, values: dict[Fact[Any], Any]) -> None:
        self._values = values

    def __getitem__(self, fact: Fact[T]) -> T:
        value: T = self._values[fact]
        return value


def gather(session: Session, facts: Iterable[Fact[Any]], *, timeout_s: float = 60.0) -> Facts:
    """Ask all facts at once, as root.

    Raises:
        CommandFailed: A fact could not be told, reason FactUnreadable: it is never taken for an absence.
        HostUnreachable: The link broke, or the machine is going down.
    """
    asked = list(dict.fromkeys(facts))
    marker = f"== {secrets.token_hex(8)}"
    argv = ["sh", "-c", render_survey(asked, marker)]
    result = session.run(argv, sudo=True, check=False, timeout_s=timeout_s)
    if result.exit_code < 0:
        raise HostUnreachable(f"{session.place} ended the session in the middle of a look")
    if result.exit_code != 0:
        raise _unreadable(session.place, f"anything: {redact(result.stderr.strip()[-200:])}")
    answers = parse_survey(result.stdout, marker)
    if len(answers) != len(asked):
        raise _unreadable(session.place, "the end of the answers is missing")
    values = {fact: _value(session.place, fact, answer) for fact, answer in zip(asked, answers, strict=True)}
    return Facts(values)


def render_survey(facts: Iterable[Fact[Any]], marker: str) -> str:
    """One script for all facts; each answer ends with a line of marker and exit code."""
    close = f'printf \'\\n%s %s\\n\' "{marker}" "$?"'
    return "\n".join(["LC_ALL=C; export LC_ALL", *(f"( {fact.script} ) 2>/dev/null; {close}" for fact in facts)])


def parse_survey(output: str, marker: str) -> list[Answer]:
    """The answers in the output of ``render_survey``, in order."""
    answers = []
    rest = output
    while f"\n{marker} " in rest:
        stdout, _, rest = rest.partition(f"\n{marker} ")
        code, _, rest = rest.partition("\n")
        answers.append(Answer(int(code), stdout))
    return answers


def _value(place: str, fact: Fact[T], answer: Answer) -> T:
    try:
        return fact.parse(answer)
    except CannotTell as error:
        raise _unreadable(place, f"{fact.name} ({str(error) or f'exit code {answer.exit_code}'})") from None


def _unreadable(place: str, what: str) -> CommandFailed:
    return CommandFailed(f"{place} does not tell {what}", exit_code=1, reason="FactUnreadable")


def said(answer: Answer) -> str:
    """Output of a script that has to succeed."""
    if answer.exit_code != 0:
        raise CannotTell
    return answer.stdout


def said_yes(answer: Answer) -> bool:
    """Exit code 0 for yes and 1 for no, as ``test`` and ``grep -q`` give."""
    if answer.exit_code not in (0, 1):
        raise CannotTell
    return answer.exit_code == 0


def succeeded(answer: Answer) -> bool:
    """Whether a script ended well: every other exit code means no."""
    return answer.exit_code == 0


def script_of(*argv: str) -> str:
    """A script of one command."""
    return render_command(argv)
