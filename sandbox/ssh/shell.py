"""Runs command lines: expansion, redirection, pipes and lists, as sh does for the lines that people and tools send.

Loops and functions are not spoken. A pipe's left side runs to its end before its right side starts.
"""

from __future__ import annotations

import errno
import fnmatch
import posixpath
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from sandbox.ssh.filesystem import FileView
from sandbox.ssh.grammar import Command, CommandList, Pipeline, Redirection, parse_line
from sandbox.ssh.lexer import HereDocument, Part, ShellSyntaxError, Word, closing_parenthesis
from sandbox.ssh.process import Process
from sandbox.ssh.signals import PIPE, SERVER_PID, SHELL_PID, Signalled
from sandbox.ssh.streams import Buffer, Discard, Given, Sink

_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_]\w*|\?)(?::?-([^}]*))?\}|([A-Za-z_]\w*|[?$#@*0-9]))")
_GLOB = re.compile(r"[*?\[]")
_USAGE, _NOT_FOUND, _BY_SIGNAL = 2, 127, 128


class Exit(Exception):
    """The script said ``exit``."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class _FileSink:
    """Writes to a file of the machine, as a redirection does."""

    def __init__(self, files: FileView, path: str, append: bool) -> None:
        self._files, self._path = files, path
        files.append(path, b"") if append else files.write(path, b"")

    def write(self, data: bytes) -> None:
        self._files.append(self._path, data)


class Shell:
    """One shell: its variables, working directory and last exit status."""

    def __init__(self, process: Process, arguments: Sequence[str] = ()) -> None:
        self.process = process
        self.status = 0
        self.arguments = list(arguments)
        self.stop_on_error = False

    async def run(self, script: str) -> int:
        """Run a line or a small script, and give its exit status."""
        try:
            return await self.run_line(script)
        except Exit as leave:
            return leave.status

    async def run_line(self, script: str) -> int:
        """Run a line or a small script that others may follow; raises Exit when it says ``exit``."""
        try:
            return await self._list(parse_line(script), self.process)
        except ShellSyntaxError as error:
            self.process.err(f"{self.process.name}: 1: Syntax error: {error}")
            return _USAGE

    async def _list(self, commands: CommandList, process: Process) -> int:
        for operator, pipeline in commands.items:
            if (operator == "&&" and self.status) or (operator == "||" and not self.status):
                continue
            self.status = await self._pipeline(pipeline, process)
            if self.status and self.stop_on_error and not pipeline.negated:
                raise Exit(self.status)
        return self.status

    async def _pipeline(self, pipeline: Pipeline, process: Process) -> int:
        status, source = 0, process.stdin
        for command in pipeline.commands[:-1]:
            buffer = Buffer()
            await self._command(command, replace(process, stdin=source, stdout=buffer))
            source = Given(buffer.data)
        status = await self._command(pipeline.commands[-1], replace(process, stdin=source))
        return int(not status) if pipeline.negated else status

    async def _command(self, command: Command, process: Process) -> int:
        try:
            process = await self._redirected(command.redirections, process)
        except OSError as error:
            return self._not_redirected(command.redirections[0].operator, error, process)
        if command.body is not None:
            return await self._group(command, process)
        assigned = {}
        for word in command.assignments:
            name, _, value = (await self._text(word)).partition("=")
            assigned[name] = value
        argv = [text for word in command.words for text in await self._expand(word)]
        if not argv:
            self.process.env.update(assigned)
            return 0
        builtin = BUILTINS.get(argv[0])
        if builtin is not None:
            return builtin(self, process, argv[1:])
        run = replace(process, argv=argv, env={**self.process.env, **assigned}, cwd=self.process.cwd)
        if argv[0] == "exec" and argv[1:]:
            raise Exit(await process.host.execute(replace(run, argv=argv[1:])))
        return await process.host.execute(run)

    def _not_redirected(self, operator: str, error: OSError, process: Process) -> int:
        if self.process.name == "bash":
            process.err(f"bash: line 1: {error.filename}: {error.strerror}")
            return 1
        verb = "open" if operator == "<" else "create"
        process.err(f"{self.process.name}: 1: cannot {verb} {error.filename}: {_reason(error, verb)}")
        return _USAGE

    async def _group(self, command: Command, process: Process) -> int:
        if command.body is None:
            return 0
        if not command.subshell:
            return await self._list(command.body, process)
        inner = Shell(replace(process, env=dict(self.process.env), cwd=self.process.cwd), self.arguments)
        try:
            return await inner._list(command.body, inner.process)
        except Exit as leave:
            return leave.status
        except Signalled as signal:
            if signal.number != PIPE:
                raise
            return _BY_SIGNAL + PIPE

    async def _redirected(self, redirections: Sequence[Redirection], process: Process) -> Process:
        for each in redirections:
            process = await self._redirect(each, process)
        return process

    async def _redirect(self, each: Redirection, process: Process) -> Process:
        if each.operator == "2>&1":
            return replace(process, stderr=process.stdout)
        if each.operator in (">&2", "1>&2"):
            return replace(process, stdout=process.stderr)
        if isinstance(each.target, HereDocument):
            text = each.target.text
            body = await self._substitute(text) if each.target.expand else text
            return replace(process, stdin=Given(body.encode()))
        if each.target is None:
            return process
        typed = await self._text(each.target)
        try:
            return self._opened(each, posixpath.join(self.process.cwd, typed), process)
        except OSError as error:
            raise OSError(error.errno, error.strerror, typed) from None

    def _opened(self, each: Redirection, path: str, process: Process) -> Process:
        if each.operator == "<":
            return replace(process, stdin=Given(process.files.read(path)))
        sink: Sink = Discard() if path == "/dev/null" else _FileSink(process.files, path, ">>" in each.operator)
        if each.operator == "&>":
            return replace(process, stdout=sink, stderr=sink)
        return replace(process, stderr=sink) if each.operator[0] == "2" else replace(process, stdout=sink)

    def _variable(self, name: str) -> str | None:
        special: Mapping[str, Callable[[], str]] = {
            "?": lambda: str(self.status),
            "$": lambda: SHELL_PID,
            "PPID": lambda: SERVER_PID,
            "#": lambda: str(max(0, len(self.arguments) - 1)),
            "@": lambda: " ".join(self.arguments[1:]),
            "*": lambda: " ".join(self.arguments[1:]),
        }
        if name in special:
            return special[name]()
        if name.isdigit():
            return self.arguments[int(name)] if int(name) < len(self.arguments) else None
        return self.process.env.get(name)

    async def _substitute(self, text: str) -> str:
        done, at = [], 0
        while (found := text.find("$", at)) >= 0:
            done.append(text[at:found])
            match = _VARIABLE.match(text, found)
            if text.startswith("$(", found):
                at = closing_parenthesis(text, found + 1) + 1
                done.append(await self._output_of(text[found + 2 : at - 1]))
            elif match is not None:
                at = match.end()
                done.append(self._variable(match[1] or match[3]) or match[2] or "")
            else:
                at = found + 1
                done.append("$")
        return "".join([*done, text[at:]])

    async def _output_of(self, script: str) -> str:
        buffer = Buffer()
        inner = Shell(replace(self.process, stdout=buffer, env=dict(self.process.env)), self.arguments)
        self.status = await inner.run(script)
        return buffer.text.rstrip("\n")

    async def _text(self, word: Word) -> str:
        return "".join([part.text if part.quoting == "single" else await self._bare(part) for part in word.parts])

    async def _bare(self, part: Part) -> str:
        return await self._substitute(part.text) if "$" in part.text else part.text

    async def _expand(self, word: Word) -> list[str]:
        bare = word.bare
        if bare is None:
            if [part.text for part in word.parts] == ["$@"]:
                return self.arguments[1:]
            return [await self._text(word)]
        if bare == "~" or bare.startswith("~/"):
            bare = self.process.env.get("HOME", "/") + bare[1:]
        texts = (await self._substitute(bare)).split() if "$" in bare else [bare]
        return [name for text in texts for name in self._glob(text)]

    def _glob(self, text: str) -> list[str]:
        if not _GLOB.search(text):
            return [text]
        head, pattern = posixpath.split(text)
        parents = self._glob(head) if _GLOB.search(head) else [head]
        files = self.process.files
        found = []
        for parent in parents:
            folder = self.process.path(parent or ".")
            names = files.listdir(folder) if files.is_dir(folder) else []
            visible = [n for n in names if pattern.startswith(".") or not n.startswith(".")]
            found += [posixpath.join(parent, n) for n in fnmatch.filter(visible, pattern)]
        return found or [text]


def _reason(error: OSError, verb: str) -> str:
    missing = "No such file" if verb == "open" else "Directory nonexistent"
    return missing if error.errno == errno.ENOENT else error.strerror or ""


def _cd(shell: Shell, process: Process, args: list[str]) -> int:
    target = shell.process.path(args[0] if args else shell.process.env.get("HOME", "/"))
    if not process.files.is_dir(target):
        process.err(f"sh: 1: cd: can't cd to {args[0] if args else target}")
        return _USAGE
    shell.process.cwd = posixpath.normpath(target)
    return 0


def _export(shell: Shell, process: Process, args: list[str]) -> int:
    del process
    shell.process.env.update(dict(a.split("=", 1) for a in args if "=" in a))
    return 0


def _unset(shell: Shell, process: Process, args: list[str]) -> int:
    del process
    for name in args:
        shell.process.env.pop(name, None)
    return 0


def _set(shell: Shell, process: Process, args: list[str]) -> int:
    del process
    if args[:1] == ["--"]:
        shell.arguments = [*shell.arguments[:1], *args[1:]]
        return 0
    shell.stop_on_error = any(a.startswith("-") and "e" in a for a in args)
    return 0


def _exit(shell: Shell, process: Process, args: list[str]) -> int:
    del process
    raise Exit(int(args[0]) if args else shell.status)


def _command(shell: Shell, process: Process, args: list[str]) -> int:
    name = args[-1] if args else ""
    found = name if name in BUILTINS else process.host.which(name, shell.process)
    if found is None:
        return _NOT_FOUND
    process.out(found)
    return 0


def _umask(shell: Shell, process: Process, args: list[str]) -> int:
    del shell
    if not args:
        process.out("0022")
    return 0


def _true(shell: Shell, process: Process, args: list[str]) -> int:
    del shell, process, args
    return 0


def _pwd(shell: Shell, process: Process, args: list[str]) -> int:
    del args
    process.out(shell.process.cwd)
    return 0


BUILTINS: Mapping[str, Callable[[Shell, Process, list[str]], int]] = {
    ":": _true,
    "cd": _cd,
    "command": _command,
    "exit": _exit,
    "export": _export,
    "pwd": _pwd,
    "set": _set,
    "type": _command,
    "umask": _umask,
    "unset": _unset,
}
