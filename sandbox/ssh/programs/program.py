"""A row of the table of programs, and the option parsing that they share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sandbox.ssh.process import Program as Run

Reads = Callable[[Sequence[str]], bool]


def always(argv: Sequence[str]) -> bool:
    """A program that never changes anything."""
    del argv
    return True


def never(argv: Sequence[str]) -> bool:
    """A program that may change something whatever its arguments are."""
    del argv
    return False


def verbs(*names: str) -> Reads:
    """Only reads when its first argument that is no option is one of these."""

    def reads(argv: Sequence[str]) -> bool:
        words = [a for a in argv[1:] if not a.startswith("-")]
        return bool(words) and words[0] in names

    return reads


@dataclass(frozen=True)
class Program:
    """How a program runs, and which calls of it change nothing. ``base`` ones are part of the image."""

    run: Run
    reads: Reads = never
    base: bool = True


@dataclass
class Options:
    """Parsed arguments: flags, options with values, and the rest."""

    flags: set[str] = field(default_factory=set)
    values: dict[str, list[str]] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)

    def get(self, *names: str) -> str | None:
        """The last value given under any of the names."""
        found = [v for name in names for v in self.values.get(name, [])]
        return found[-1] if found else None

    def has(self, *names: str) -> bool:
        """Whether any of the flags is given."""
        return bool(self.flags.intersection(names))


class UsageError(Exception):
    """An option that the program does not know, or one without its value."""


def parse_options(args: Sequence[str], valued: Sequence[str] = (), known: Sequence[str] | None = None) -> Options:
    """Parse GNU-style options anywhere before ``--``.

    Args:
        args: Arguments after the program's name.
        valued: Options that take a value, written with their dashes.
        known: Flags that are accepted; None accepts every flag.

    Raises:
        UsageError: An unknown flag, or a missing value.
    """
    options, rest = Options(), list(args)
    while rest:
        word = rest.pop(0)
        if word == "--":
            options.words += rest
            break
        if word.startswith("--"):
            _long(options, word, rest, valued, known)
        elif word.startswith("-") and word != "-":
            _short(options, word, rest, valued, known)
        else:
            options.words.append(word)
    return options


def _flag(options: Options, name: str, known: Sequence[str] | None) -> None:
    if known is not None and name not in known:
        raise UsageError(
            f"unrecognized option '{name}'" if name.startswith("--") else f"invalid option -- '{name[1:]}'"
        )
    options.flags.add(name)


def _long(options: Options, word: str, rest: list[str], valued: Sequence[str], known: Sequence[str] | None) -> None:
    name, equals, value = word.partition("=")
    if name in valued:
        if not equals and not rest:
            raise UsageError(f"option '{name}' requires an argument")
        options.values.setdefault(name, []).append(value if equals else rest.pop(0))
    elif equals:
        options.values.setdefault(name, []).append(value)
    else:
        _flag(options, name, known)


def _short(options: Options, word: str, rest: list[str], valued: Sequence[str], known: Sequence[str] | None) -> None:
    if word in valued and not rest:
        raise UsageError(f"option requires an argument -- '{word[1:]}'")
    for index in range(1, len(word)):
        name = "-" + word[index]
        if name in valued:
            value = word[index + 1 :] or (rest.pop(0) if rest else "")
            options.values.setdefault(name, []).append(value.removeprefix("=") if word[index + 1 :] else value)
            return
        _flag(options, name, known)
