"""Making one object so that the making may be cut off anywhere.

Look, write the intent down, create, look again; and if a race made two, the oldest stays.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeVar

from clients.openstack.network import NetworkClient
from clients.openstack.records import NetworkKind, Record
from federation.errors import Conflict, NotReadyYet, Rejected
from providers.infrastructure.openstack.tenant import Tenant
from providers.ledger import Ledger


class Identified(Protocol):
    """Something that the cloud gave an id."""

    @property
    def id(self) -> str:
        """The id."""


R = TypeVar("R", bound=Identified)
_log = logging.getLogger(__name__)


class Maker:
    """Makes objects of one provider and keeps the ledger. Threads may share it."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._lock = threading.Lock()
        self._confirmed: dict[tuple[str, str, str, str], str] = {}

    def make(
        self, tenant: Tenant, kind: str, name: str, find: Callable[[], Sequence[R]], create: Callable[[], object]
    ) -> tuple[R, tuple[R, ...]]:
        """The object, created when there is none, and younger ones of the same name that a race has made.

        Raises:
            NotReadyYet: It was created, but the cloud does not list it yet.
        """
        found = find()
        if not found:
            self.intend(tenant, kind, name)
            found = _create(create, find)
        if not found:
            raise NotReadyYet(f"{kind} {name} was asked for and is not listed yet")
        self._confirm(tenant, kind, name, found[0].id)
        return found[0], tuple(found[1:])

    def intend(self, tenant: Tenant, kind: str, name: str) -> None:
        """Write down that an object is about to be created."""
        self._ledger.intend(tenant.owner.federation, kind, name, tenant.cloud.place)

    def written(self, tenant: Tenant, kind: str, name: str | None = None) -> Mapping[str, str]:
        """Ids that came back and were not struck, by name; of one name only where it is given."""
        return self._ledger.ids(tenant.owner.federation, kind, tenant.cloud.place, name)

    def strike(self, tenant: Tenant, kind: str, name: str) -> None:
        """The object is seen to be gone."""
        key = (tenant.owner.federation, kind, name, tenant.cloud.place)
        with self._lock:
            self._confirmed.pop(key, None)
            self._ledger.strike(*key)

    def _confirm(self, tenant: Tenant, kind: str, name: str, object_id: str) -> None:
        key = (tenant.owner.federation, kind, name, tenant.cloud.place)
        with self._lock:
            if self._confirmed.get(key) != object_id:
                self._ledger.confirm(*key, object_id)
                self._confirmed[key] = object_id


def _create(create: Callable[[], object], find: Callable[[], Sequence[R]]) -> Sequence[R]:
    """Create and look again. A refusal that finds the object there after all means that somebody else was faster."""
    try:
        create()
    except (Rejected, Conflict):
        found = find()
        if not found:
            raise
        return found
    return find()


def drop_younger(network: NetworkClient, kind: NetworkKind, younger: Sequence[Record]) -> None:
    """Delete what a race has made too much of; what is in use already stays for the teardown."""
    for record in younger:
        try:
            network.delete(kind, record.id)
        except Conflict:
            _log.warning("%s %s exists twice, and the younger one, %s, is in use", kind, record.name, record.id)


def mark(network: NetworkClient, kind: NetworkKind, record: Record, tags: frozenset[str]) -> None:
    """Give an object its tags when it lacks any; others that it has are kept."""
    if not tags <= record.tags:
        network.tag(kind, record.id, record.tags | tags)
