"""Servers, also those that a list leaves out.

Nova drops what lies in a cell that does not answer from every filtered list, and says nothing of it. Who knows of such
a server are its port, for the network service has no cells, and our ledger: by the id from there it is asked for
itself. Source: Compute API guide, "Handling Down Cells".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from clients.openstack.records import Port, Server
from federation.errors import Unavailable
from providers.infrastructure.openstack.estate import merged
from providers.infrastructure.openstack.making import Maker
from providers.infrastructure.openstack.states import is_deleting
from providers.infrastructure.openstack.tenant import Tenant

_COMPUTE = "compute:"


@dataclass(frozen=True)
class Found:
    """What was found of servers.

    Attributes:
        servers: Listed ones, and those that were asked for; oldest first.
        silent: Ids of those that are in a cell that does not answer, each with what the cloud says.
    """

    servers: tuple[Server, ...]
    silent: Mapping[str, Unavailable]

    def all(self) -> tuple[Server, ...]:
        """Every server.

        Raises:
            Unavailable: One of them is silent.
        """
        for error in self.silent.values():
            raise error
        return self.servers


def with_unlisted(tenant: Tenant, listed: Iterable[Server], ports: Iterable[Port], written: Iterable[str]) -> Found:
    """Servers of a list, and those that it leaves out: one request for each of these, none where the list is whole.

    Args:
        tenant: Whose servers.
        listed: What the list shows of them.
        ports: Of their machines; some may name a server.
        written: Ids in the ledger of machines of which the list shows no server.
    """
    listed = tuple(listed)
    unlisted = {*_named(ports), *written} - {server.id for server in listed}
    asked, silent = list[Server](), dict[str, Unavailable]()
    for server_id in sorted(unlisted):
        try:
            server = tenant.compute.server(server_id)
        except Unavailable as error:
            silent[server_id] = error
            continue
        if server is not None and tenant.owner.tags <= server.tags:
            asked.append(server)
    return Found(merged((*listed, *asked)), silent)


def find_servers(tenant: Tenant, maker: Maker, machine: str, ports: tuple[Port, ...]) -> tuple[Server, ...]:
    """Servers of a machine, in the order in which they stay.

    Raises:
        Unavailable: One of them is in a cell that does not answer.
    """
    listed = [each for each in tenant.compute.servers(name=machine) if tenant.owner.tags <= each.tags]
    written = {} if listed else maker.written(tenant, "server", machine)
    found = with_unlisted(tenant, listed, ports, written.values()).all()
    return in_order((each for each in found if each.name == machine), ports)


def in_order(servers: Iterable[Server], ports: Iterable[Port]) -> tuple[Server, ...]:
    """Those that stay before those that are being deleted; first whom a port names, then the oldest."""
    named = _named(ports)
    return tuple(sorted(servers, key=lambda each: (is_deleting(each), each.id not in named, each.created_at, each.id)))


def _named(ports: Iterable[Port]) -> set[str]:
    return {port.device_id for port in ports if port.device_owner.startswith(_COMPUTE)}
