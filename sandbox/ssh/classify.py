"""Whether a command line changes anything on the machine, told from its words alone."""

from __future__ import annotations

import re

from sandbox.ssh.grammar import Command, CommandList, parse_line
from sandbox.ssh.lexer import HereDocument, ShellSyntaxError, Word
from sandbox.ssh.programs import PROGRAMS
from sandbox.ssh.programs.surroundings import split_sudo
from sandbox.ssh.shell import BUILTINS

_WRAPPERS = {"nohup", "setsid", "nice", "xargs", "command"}
_SHELLS = {"sh", "bash"}
_HARMLESS_TARGETS = {"/dev/null", "/dev/stdout", "/dev/stderr"}
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")


def changes(line: str) -> bool:
    """True unless every program in the line is known to only read, and nothing is redirected to a file."""
    try:
        return _list_changes(parse_line(line))
    except ShellSyntaxError:
        return False


def _list_changes(commands: CommandList) -> bool:
    return any(_command_changes(command) for _, pipeline in commands.items for command in pipeline.commands)


def _text(word: Word) -> str:
    return "".join(part.text for part in word.parts)


def _command_changes(command: Command) -> bool:
    for each in command.redirections:
        if isinstance(each.target, HereDocument) or each.target is None or each.operator == "<":
            continue
        if _text(each.target) not in _HARMLESS_TARGETS:
            return True
    if command.body is not None and _list_changes(command.body):
        return True
    words = [_text(word) for word in command.words]
    if any("$(" in word and changes(word.partition("$(")[2].rpartition(")")[0]) for word in words):
        return True
    return argv_changes(words)


def argv_changes(argv: list[str]) -> bool:
    """True unless the program is known to only read with these arguments."""
    if not argv or argv[:2] == ["command", "-v"]:
        return False
    name = argv[0].rpartition("/")[2]
    if name == "sudo":
        return argv_changes(split_sudo(argv[1:])[2])
    if name == "env":
        return argv_changes([a for i, a in enumerate(argv[1:]) if not _is_setting(argv[1:], i)])
    if name == "timeout":
        return argv_changes([a for a in argv[1:] if not a.startswith("-")][1:])
    if name in _WRAPPERS:
        return argv_changes([a for a in argv[1:] if not a.startswith("-")])
    if name in _SHELLS and len(argv) > 2 and argv[1].startswith("-") and "c" in argv[1]:
        return changes(argv[2])
    if name in BUILTINS:
        return False
    program = PROGRAMS.get(name)
    return program is None or not program.reads(argv)


def _is_setting(words: list[str], index: int) -> bool:
    return all(w.startswith("-") or _ASSIGNMENT.match(w) for w in words[: index + 1])
