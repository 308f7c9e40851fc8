"""Servers that a list leaves out.

Nova drops what lies in a cell that does not answer from every filtered list, and says nothing of it. The network
service has no cells: a machine's port goes on naming its server, which is then asked for by its id. Source: Compute
API guide, "Handling Down Cells".
"""

from __future__ import annotations

from collections.abc import Iterable

from clients.openstack.records import Port, Server
from providers.infrastructure.openstack.tenant import Tenant

_COMPUTE = "compute:"


def with_unlisted(tenant: Tenant, servers: Iterable[Server], ports: Iterable[Port]) -> tuple[Server, ...]:
    """Servers of a list, and those that only ports name. One request for each of these; none where the list is whole.

    Raises:
        Unavailable: One of them is in a cell that does not answer.
    """
    listed = {server.id: server for server in servers}
    named = {port.device_id for port in ports if port.device_owner.startswith(_COMPUTE)}
    asked = (tenant.compute.server(each) for each in sorted(named - listed.keys()))
    return (*listed.values(), *(each for each in asked if each is not None and tenant.owner.tags <= each.tags))
