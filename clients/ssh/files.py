"""Command lines that read, compare and replace files; no I/O of its own."""

from __future__ import annotations

import hashlib
import posixpath

from clients.ssh.command import Argv, Word, render_command, reveal

_NO_SUCH_FILE = "No such file or directory"

# $1 file, $2 its directory, $3 length in bytes, $4 mode. A stream that is cut short fails the length test, so that half
# a file never takes the place of a whole one.
_REPLACE = (
    'umask 022 && mkdir -p -- "$2" && rm -f -- "$1.flotilla" && umask 077 && cat > "$1.flotilla"'
    ' && test "$(wc -c < "$1.flotilla")" -eq "$3" && chmod "$4" "$1.flotilla" && mv -f -- "$1.flotilla" "$1"'
)
_LOOK = 'test ! -e "$1" || { stat -c %a -- "$1" && sha256sum < "$1"; }'


def digest_of(text: Word) -> str:
    """SHA-256 of a text as a file holds it, in hexadecimal."""
    return hashlib.sha256(reveal(text).encode()).hexdigest()


def read_argv(path: str) -> Argv:
    """Print a file; messages in English, so that ``is_missing`` understands them."""
    return ["env", "LC_ALL=C", "cat", "--", path]


def is_missing(exit_code: int, stderr: str) -> bool:
    """Whether ``read_argv`` failed because there is no such file, and for no other reason."""
    return exit_code != 0 and _NO_SUCH_FILE in stderr


def look_argv(path: str) -> Argv:
    """Print mode and SHA-256 of a file, nothing when there is none."""
    return ["sh", "-c", _LOOK, "sh", path]


def is_same(looked: str, text: Word, mode: int) -> bool:
    """Whether what ``look_argv`` printed is a file of this text and mode."""
    words = looked.split()
    return len(words) >= 2 and int(words[0], 8) == mode and words[1] == digest_of(text)


def replace_argv(path: str, text: Word, mode: int, then: Argv = ()) -> Argv:
    """Put standard input in the place of a file in one move, then run ``then`` in the same remote process.

    The remote shell goes on when the link breaks after it has all its input: a service is restarted for every change.
    """
    script = f"{_REPLACE} && {render_command(then)}" if then else _REPLACE
    length = len(reveal(text).encode())
    return ["sh", "-c", script, "sh", path, posixpath.dirname(path), str(length), f"{mode:o}"]
