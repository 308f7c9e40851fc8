"""Words: what the product quotes reaches the program as it is."""

from __future__ import annotations

from clients.ssh.command import render_command
from clients.ssh.files import look_argv, read_argv, replace_argv
from tests.contract.ssh.observing import Observer, Scenario

HOSTILE = {
    "empty": "",
    "space": "a b",
    "spaces at the ends": "  a  ",
    "tab": "a\tb",
    "line end": "a\nb\n",
    "carriage return": "a\rb",
    "single quote": "it's",
    "double quote": 'say "hi"',
    "both quotes": "'\"'\"",
    "backslash": "a\\b\\\\c\\",
    "dollar": "$HOME ${HOME} $(id) $$",
    "backtick": "`id`",
    "star": "*",
    "question": "/etc/host?ame",
    "brackets": "[a-z]*",
    "braces": "{a,b}",
    "tilde": "~ ~root",
    "semicolon": "; exit 9",
    "ampersand": "a & b && c",
    "pipe": "a | cat",
    "redirection": "> out < in 2>&1",
    "here": "<<EOF",
    "comment": "# not a comment",
    "bang": "!! !x",
    "equals": "A=b",
    "dash": "-n",
    "double dash": "--",
    "percent": "%s %d %%",
    "umlaut": "ü€😀",
    "right to left": "\u202eabc",
    "escape": "\x1b[31m",
    "bell and delete": "\x07\x7f",
    "brackets of all kinds": "()<>{}[]",
    "history": "^a^b",
    "newline then command": "x\nexit 9",
}


async def hostile_words(see: Observer) -> None:
    async with see.connection() as connection:
        for name, word in HOSTILE.items():
            await see.run(name, render_command(["printf", "%s|", word, "end"]), on=connection)
        await see.run("all at once", render_command(["printf", "%s|", *HOSTILE.values()]), on=connection)
        await see.run(
            "inside of a script", render_command(["sh", "-c", 'printf "%s|" "$@"', *HOSTILE.values()]), on=connection
        )
        await see.run("as root", render_command(["printf", "%s|", *HOSTILE.values()], sudo=True), on=connection)
        long = "x" * 60_000
        await see.run("a long word", render_command(["printf", "%s", long]), on=connection)
        many = [str(number) for number in range(3000)]
        await see.run("many words", render_command(["printf", "%s,", *many]), on=connection)


async def hostile_names_of_files(see: Observer) -> None:
    async with see.connection() as connection:
        for name in ("a b", "it's", "$HOME", "-n", "ü", 'say "hi"', "a;b", "*", "new\nline"):
            path = f"/home/ubuntu/words/{name}"
            await see.run(
                f"written {name!r}", render_command(replace_argv(path, "text\n", 0o640)), on=connection, input=b"text\n"
            )
            await see.run(f"looked at {name!r}", render_command(look_argv(path)), on=connection)
            await see.run(f"read {name!r}", render_command(read_argv(path)), on=connection)
        await see.run("all of them", "ls -1 words | wc -l; rm -r words", on=connection)


async def files_by_commands(see: Observer) -> None:
    path = "/home/ubuntu/deep/er/file"
    async with see.connection() as connection:
        await see.run("missing", render_command(read_argv(path)), on=connection)
        await see.run("nothing to look at", render_command(look_argv(path)), on=connection)
        write = render_command(replace_argv(path, "first\n", 0o600))
        await see.run("made with the folders above", write, on=connection, input=b"first\n")
        await see.run(
            "mode", "stat -c '%a %U' deep deep/er; stat -c '%a %U %s' deep/er/file; ls -A deep/er", on=connection
        )
        await see.run("cut short", write, on=connection, input=b"fir")
        await see.run("still the old one", "cat deep/er/file", on=connection)
        then = render_command(replace_argv(path, "second\n", 0o644, ["cp", path, f"{path}.seen"]))
        await see.run("replaced, then more", then, on=connection, input=b"second\n")
        await see.run("both", "ls -A deep/er; cat deep/er/file.seen", on=connection)
        denied = render_command(replace_argv("/etc/not-mine", "x", 0o600))
        await see.run("denied", denied, on=connection, input=b"x")
        await see.run("not readable", render_command(read_argv("/etc/shadow")), on=connection)
        await see.run("a directory is not a file", render_command(read_argv("/etc")), on=connection)
        await see.run("gone", "rm -r deep; ls", on=connection)


SCENARIOS: tuple[Scenario, ...] = (hostile_words, hostile_names_of_files, files_by_commands)
