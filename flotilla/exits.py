"""Exit codes of the command line, as documented in docs/cli.md."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """What a command tells its caller."""

    OK = 0
    FAILED = 1
    BAD_INPUT = 2
    NOT_CONVERGED = 3
    LEFTOVERS = 4
    TIMED_OUT = 5
    INTERRUPTED = 130
    TERMINATED = 143
