"""Signals that end programs, and the processes that can be named to receive one."""

from __future__ import annotations

SHELL_PID, SERVER_PID = "4242", "4241"
"""What ``$$`` and ``$PPID`` say: the shell of the session, and the part of sshd that serves the connection."""
PIPE, TERM = 13, 15
NUMBERS = {"HUP": 1, "INT": 2, "QUIT": 3, "KILL": 9, "USR1": 10, "USR2": 12, "PIPE": PIPE, "ALRM": 14, "TERM": TERM}
NAMES = {number: name for name, number in NUMBERS.items()}


class Signalled(Exception):
    """A signal ended the shell of a session, or the server's side of its connection.

    Attributes:
        number: Of the signal.
        server: Whether it was sent to the server's side.
    """

    def __init__(self, number: int, server: bool = False) -> None:
        super().__init__(number)
        self.number = number
        self.server = server


def number_of(word: str) -> int:
    """The signal that is called so, with or without SIG, or that has this number; TERM when there is none."""
    if word.isdigit():
        return int(word)
    return NUMBERS.get(word.removeprefix("SIG"), TERM)
