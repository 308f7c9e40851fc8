"""Who sends a request."""

from __future__ import annotations

from dataclasses import dataclass

MASTERS = "system:masters"


@dataclass(frozen=True)
class User:
    """A user as authentication found it."""

    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""

    @property
    def is_master(self) -> bool:
        """Whether no rule applies to this user."""
        return MASTERS in self.groups


ANONYMOUS = User("system:anonymous", ("system:unauthenticated",))
