"""What providers write down before they create anything. ``registry.ledger`` keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Ledger(Protocol):
    """Intents: what is about to be created is written down before the call, and struck out when it is gone."""

    def intend(self, federation: str, kind: str, name: str, place: str) -> None:
        """Write down that an object is about to be created. Repeating it changes nothing.

        Args:
            federation: Name of the federation.
            kind: Kind of the object, such as ``server``.
            name: Name that we chose.
            place: Where it will be, such as ``openstack:lab``.
        """

    def confirm(self, federation: str, kind: str, name: str, place: str, object_id: str) -> None:
        """Add the id that the other side gave."""

    def strike(self, federation: str, kind: str, name: str, place: str) -> None:
        """The object is seen to be gone."""

    def places(self, federation: str, kind: str, name: str) -> Mapping[str, bool]:
        """Places where an object of that name was intended, and whether it was made to its end there."""

    def ids(self, federation: str, kind: str, place: str, name: str | None = None) -> Mapping[str, str]:
        """Ids that came back of objects of a kind in a place, by name; of one name only where it is given."""
