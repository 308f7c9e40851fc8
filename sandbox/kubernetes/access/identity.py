"""Who sends a request."""

from __future__ import annotations

from dataclasses import dataclass, field

MASTERS = "system:masters"


@dataclass(frozen=True)
class User:
    """A user as authentication found it; ``credential`` tells by what, such as a certificate's digest."""

    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    credential: str = field(default="", compare=False)

    @property
    def is_master(self) -> bool:
        """Whether no rule applies to this user."""
        return MASTERS in self.groups


ANONYMOUS = User("system:anonymous", ("system:unauthenticated",))
