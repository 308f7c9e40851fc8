"""coreutils that work on text: cat, tee, echo, printf, head, tail, grep, sed, sort, wc, cut, tr, sha256sum, base64."""

from __future__ import annotations

import base64 as codec
import hashlib
import os
import re
from collections.abc import AsyncIterator, Sequence

from sandbox.ssh.process import Process
from sandbox.ssh.programs.program import parse_options

_ESCAPES = {
    "n": "\n",
    "t": "\t",
    "\\": "\\",
    "r": "\r",
    '"': '"',
    "a": "\a",
    "b": "\b",
    "e": "\x1b",
    "f": "\f",
    "v": "\v",
}
_ESCAPE = re.compile(r'\\([nt\\r"abefv]|[0-7]{1,3})')
_FORMAT = re.compile(r"%(-?\d*)([sdb%])")


async def _inputs(process: Process, names: Sequence[str]) -> AsyncIterator[tuple[str, bytes | None]]:
    """Each named input with its bytes; None, after a complaint, when it cannot be read."""
    for name in names or ["-"]:
        if name == "-":
            yield name, await process.stdin.read()
            continue
        try:
            yield name, process.files.read(process.path(name))
        except OSError as error:
            process.fail(f"{name}: {error.strerror}")
            yield name, None


async def cat(process: Process) -> int:
    """Print files."""
    status = 0
    async for _, data in _inputs(process, [a for a in process.args if a == "-" or not a.startswith("-")]):
        if data is None:
            status = 1
        else:
            process.stdout.write(data)
    return status


async def tee(process: Process) -> int:
    """Copy input to files and output."""
    options = parse_options(process.args)
    data, status = await process.stdin.read(), 0
    for name in options.words:
        try:
            if options.has("-a", "--append"):
                process.files.append(process.path(name), data)
            elif name != "/dev/null":
                process.files.write(process.path(name), data)
        except OSError as error:
            status = process.fail(f"{name}: {error.strerror}")
    process.stdout.write(data)
    return status


def _unescape(text: str) -> str:
    """Escapes replaced; a byte by its octal number may be half a character, which ``_bytes`` puts together again."""
    return _ESCAPE.sub(lambda m: _ESCAPES.get(m[1]) or os.fsdecode(bytes([int(m[1], 8) % 256])), text)


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogateescape")


async def echo(process: Process) -> int:
    """Print arguments."""
    args, newline, escapes = process.args, "\n", False
    while args and re.fullmatch(r"-[neE]+", args[0]):
        newline = "" if "n" in args[0] else newline
        escapes = escapes or "e" in args[0]
        args = args[1:]
    text = " ".join(args)
    process.stdout.write(_bytes((_unescape(text) if escapes else text) + newline))
    return 0


async def printf(process: Process) -> int:
    """Print arguments by a format, which is used again while arguments are left."""
    if not process.args:
        return process.fail("usage: printf [-v var] format [arguments]", 2)
    args = process.args[1:] if process.args[0] == "--" else process.args
    form, rest = _unescape(args[0]), list(args[1:])

    def fill(match: re.Match[str]) -> str:
        if match[2] == "%":
            return "%"
        value = rest.pop(0) if rest else ("0" if match[2] == "d" else "")
        value = _unescape(value) if match[2] == "b" else value
        width = int(match[1] or "0")
        return value.ljust(-width) if width < 0 else value.rjust(width)

    while True:
        left = len(rest)
        process.stdout.write(_bytes(_FORMAT.sub(fill, form)))
        if not rest or len(rest) == left:
            return 0


def _count(process: Process) -> tuple[str, list[str]]:
    args = [f"-n{a[1:]}" if re.fullmatch(r"-\d+", a) else a for a in process.args]
    options = parse_options(args, ("-n", "-c", "--lines", "--bytes"))
    if (size := options.get("-c", "--bytes")) is not None:
        return f"c{size}", options.words
    return f"n{options.get('-n', '--lines') or '10'}", options.words


async def head(process: Process) -> int:
    """Print the first lines or bytes."""
    count, names = _count(process)
    number, status = int(count[1:].replace("K", "000")), 0
    if names == ["/dev/zero"]:
        process.stdout.write(bytes(number))
        return 0
    async for _, data in _inputs(process, names):
        if data is None:
            status = 1
        else:
            process.stdout.write(
                data[:number] if count[0] == "c" else b"".join(data.splitlines(keepends=True)[:number])
            )
    return status


async def tail(process: Process) -> int:
    """Print the last lines or bytes."""
    count, names = _count(process)
    status, number = 0, int(count[1:].lstrip("+"))
    async for _, data in _inputs(process, names):
        if data is None:
            status = 1
            continue
        lines = data.splitlines(keepends=True)
        if count[0] == "c":
            process.stdout.write(data[-number:])
        else:
            process.stdout.write(b"".join(lines[number - 1 :] if "+" in count else lines[len(lines) - number :]))
    return status


async def grep(process: Process) -> int:
    """Print matching lines: -E, -F, -i, -v, -q, -c, -o, -l, -x, -w, -n."""
    options = parse_options(process.args, ("-e", "--regexp", "-m"))
    words = list(options.words)
    pattern = options.get("-e", "--regexp")
    if pattern is None:
        if not words:
            return process.fail("usage: grep [OPTION]... PATTERNS [FILE]...", 2)
        pattern = words.pop(0)
    if options.has("-F"):
        pattern = re.escape(pattern)
    pattern = rf"\b(?:{pattern})\b" if options.has("-w") else rf"^(?:{pattern})$" if options.has("-x") else pattern
    matcher = re.compile(_posix(pattern), re.IGNORECASE if options.has("-i") else 0)
    hits, status = 0, 0
    async for name, data in _inputs(process, words):
        if data is None:
            status = 0 if options.has("-s") else 2
            continue
        found = [
            (n, line)
            for n, line in enumerate(data.decode(errors="replace").splitlines(), 1)
            if bool(matcher.search(line)) != options.has("-v")
        ]
        hits += len(found)
        if not options.has("-q"):
            for text in _grep_lines(options.flags, name, found, matcher):
                process.out(text)
    return status or (0 if hits else 1)


def _grep_lines(flags: set[str], name: str, found: list[tuple[int, str]], matcher: re.Pattern[str]) -> list[str]:
    if "-c" in flags:
        return [str(len(found))]
    if "-l" in flags:
        return [name] if found else []
    if "-o" in flags:
        return [m[0] for _, line in found for m in matcher.finditer(line)]
    return [f"{n}:{line}" if "-n" in flags else line for n, line in found]


def _posix(pattern: str) -> str:
    return pattern.replace("[[:space:]]", r"\s").replace("[[:digit:]]", r"\d").replace("\\|", "|")


_SED = re.compile(
    r"\s*(?:/(?P<address>(?:[^/\\]|\\.)*)/|(?P<line>\d+|\$))?\s*(?:(?P<command>[dp])|"
    r"s(?P<mark>.)(?P<old>(?:\\.|(?!(?P=mark)).)*)(?P=mark)(?P<new>(?:\\.|(?!(?P=mark)).)*)(?P=mark)(?P<flags>[gpI]*))"
    r"\s*(?:;|\n|$)",
    re.DOTALL,
)


def _sed_commands(script: str) -> list[re.Match[str]]:
    found, at = [], 0
    while at < len(script):
        match = _SED.match(script, at)
        if match is None or match.end() == at:
            raise ValueError(script[at:])
        found.append(match)
        at = match.end()
    return found


def _sed_line(commands: Sequence[re.Match[str]], line: str, number: int, total: int) -> list[str]:
    """What is printed of a line besides the line itself; ends with the line unless it was deleted."""
    extra: list[str] = []
    for match in commands:
        address, place = match["address"], match["line"]
        if address is not None and not re.search(_posix(address), line):
            continue
        if place is not None and number != (total if place == "$" else int(place)):
            continue
        if match["command"] == "d":
            return extra
        changed = 1
        if match["command"] is None:
            line, changed = _sed_replace(match, line)
        if changed and (match["command"] == "p" or "p" in (match["flags"] or "")):
            extra.append(line)
    return [*extra, line, ""]


def _sed_replace(match: re.Match[str], line: str) -> tuple[str, int]:
    mark, flags = match["mark"], match["flags"]
    new = re.sub(r"(?<!\\)&", r"\\g<0>", match["new"].replace(f"\\{mark}", mark))
    old = _posix(match["old"].replace(f"\\{mark}", mark))
    return re.subn(old, new, line, count=0 if "g" in flags else 1, flags=re.IGNORECASE if "I" in flags else 0)


async def sed(process: Process) -> int:
    """Edit lines: s, d and p with a regular expression or line number; -i, -n, -E, -e."""
    args = [a for a in process.args if not re.fullmatch(r"-i\.?\w*|--in-place", a)]
    in_place, options = len(args) < len(process.args), parse_options(args, ("-e",))
    words = list(options.words)
    script = ";".join(options.values.get("-e", [])) or (words.pop(0) if words else "")
    quiet, status = options.has("-n"), 0
    try:
        commands = _sed_commands(script)
    except ValueError as error:
        return process.fail(f"-e expression #1, char {len(script)}: unknown command: `{str(error)[:1]}'")
    async for name, data in _inputs(process, words):
        if data is None:
            status = 2
            continue
        lines = data.decode(errors="replace").splitlines()
        out: list[str] = []
        for number, line in enumerate(lines, 1):
            shown = _sed_line(commands, line, number, len(lines))
            kept = shown[-1:] == [""]
            out += (shown[:-2] if quiet else shown[:-1]) if kept else shown
        text = "".join(line + "\n" for line in out)
        if in_place:
            process.files.write(process.path(name), text)
        else:
            process.stdout.write(text.encode())
    return status


async def sort(process: Process) -> int:
    """Sort lines: -u, -r, -n."""
    options = parse_options(process.args)
    lines: list[str] = []
    async for _, data in _inputs(process, options.words):
        lines += (data or b"").decode(errors="replace").splitlines()
    lines = list(dict.fromkeys(lines)) if options.has("-u") else lines
    ordered = sorted(lines, key=lambda t: (_number(t) if options.has("-n") else 0.0, t), reverse=options.has("-r"))
    process.stdout.write("".join(line + "\n" for line in ordered).encode())
    return 0


def _number(text: str) -> float:
    match = re.match(r"\s*-?\d+(\.\d+)?", text)
    return float(match[0]) if match else 0.0


async def wc(process: Process) -> int:
    """Count lines, words and bytes."""
    options, status = parse_options(process.args), 0
    wanted = [f for f in ("-l", "-w", "-c") if f in options.flags] or ["-l", "-w", "-c"]
    async for name, data in _inputs(process, options.words):
        if data is None:
            status = 1
            continue
        counts = {"-l": data.count(b"\n"), "-w": len(data.split()), "-c": len(data)}
        process.out(" ".join([*(str(counts[f]) for f in wanted), *([] if name == "-" else [name])]))
    return status


async def cut(process: Process) -> int:
    """Print fields of each line: -d, -f."""
    options = parse_options(process.args, ("-d", "-f"))
    numbers = [int(n) for n in (options.get("-f") or "1").split(",")]
    separator = options.get("-d") or "\t"
    async for _, data in _inputs(process, options.words):
        for line in (data or b"").decode(errors="replace").splitlines():
            fields = line.split(separator)
            process.out(separator.join(fields[n - 1] for n in numbers if n <= len(fields)))
    return 0


async def tr(process: Process) -> int:
    """Replace or (-d) delete characters."""
    options = parse_options(process.args)
    text = (await process.stdin.read()).decode(errors="replace")
    sets = [_unescape(w) for w in options.words]
    if options.has("-d"):
        text = text.translate(str.maketrans("", "", sets[0]))
    else:
        text = text.translate(str.maketrans(sets[0], sets[1].ljust(len(sets[0]), sets[1][-1])[: len(sets[0])]))
    process.stdout.write(text.encode())
    return 0


async def sha256sum(process: Process) -> int:
    """Print or (-c) check digests."""
    options = parse_options(process.args)
    if options.has("-c", "--check"):
        return await _check_digests(process, options.words, options.has("--status", "--quiet"))
    status = 0
    async for name, data in _inputs(process, options.words):
        if data is None:
            status = 1
        else:
            process.out(f"{hashlib.sha256(data).hexdigest()}  {name}")
    return status


async def _check_digests(process: Process, names: Sequence[str], quiet: bool) -> int:
    bad = 0
    async for _, data in _inputs(process, names):
        if data is None:
            return 1
        for line in data.decode().splitlines():
            digest, _, name = line.partition(" ")
            name = name.strip().lstrip("*")
            try:
                right = hashlib.sha256(process.files.read(process.path(name))).hexdigest() == digest
            except OSError as error:
                process.fail(f"{name}: {error.strerror}")
                right = False
            bad += not right
            if not quiet:
                process.out(f"{name}: {'OK' if right else 'FAILED'}")
    if bad:
        process.fail(f"WARNING: {bad} computed checksum{'s' * (bad > 1)} did NOT match")
    return int(bad > 0)


async def base64(process: Process) -> int:
    """Encode or (-d) decode."""
    options = parse_options(process.args, ("-w", "--wrap"))
    async for _, data in _inputs(process, options.words):
        if data is None:
            return 1
        if options.has("-d", "--decode"):
            process.stdout.write(codec.b64decode(data))
        else:
            width = int(options.get("-w", "--wrap") or "76")
            text = codec.b64encode(data).decode()
            lines = [text[i : i + width] for i in range(0, len(text), width)] if width else [text]
            process.stdout.write(("\n".join(lines) + ("\n" if width else "")).encode())
    return 0
