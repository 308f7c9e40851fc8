"""A value that is not what it should be, before anybody knows where it is written."""

from __future__ import annotations


class Unfit(Exception):
    """What is wrong with a value, and what to do about it. Whoever knows its place notes it there."""

    def __init__(self, message: str, fix: str) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix
