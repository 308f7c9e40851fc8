"""The load-balancer service (Octavia). Source: docs.openstack.org/api-ref/load-balancer/v2."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from openstack import exceptions as sdk
from openstack.connection import Connection

from clients.openstack.connection import CloudConnection
from clients.openstack.records import Balancer, NewBalancer

_CHECK_S, _TIMEOUT_S, _RETRIES = 5, 3, 2


class BalancingClient:
    """Load balancers of one project. A cloud may lack the service: every method then raises Unsupported."""

    def __init__(self, cloud: CloudConnection) -> None:
        self._cloud = cloud

    def balancers(self, **filters: Any) -> tuple[Balancer, ...]:
        """Load balancers, oldest first; filters are those of the API, such as ``name`` and ``tags``."""

        def ask(connection: Connection) -> list[Balancer]:
            return [_balancer(each) for each in connection.load_balancer.load_balancers(**filters)]

        return tuple(sorted(self._cloud.read(ask), key=lambda record: (record.created_at, record.id)))

    def create(self, new: NewBalancer) -> None:
        """Ask for a balancer with one TCP listener and its pool; it serves once it is ACTIVE, minutes later."""
        monitor = {"type": "TCP", "delay": _CHECK_S, "timeout": _TIMEOUT_S, "max_retries": _RETRIES}
        pool = {
            "name": new.name,
            "protocol": "TCP",
            "lb_algorithm": "ROUND_ROBIN",
            "healthmonitor": monitor,
            "members": [_member(address, new.port) for address in sorted(new.members)],
        }
        listener = {"name": new.name, "protocol": "TCP", "protocol_port": new.port, "default_pool": pool}
        fields: dict[str, Any] = {
            "name": new.name,
            "description": new.description,
            "tags": sorted(new.tags),
            "vip_subnet_id": new.subnet_id,
            "listeners": [listener],
        }
        self._cloud.write(lambda connection: connection.load_balancer.create_load_balancer(**fields))

    def pool(self, name: str, balancer_id: str) -> str | None:
        """Id of the pool of that name that a balancer has."""

        def ask(connection: Connection) -> str | None:
            pools = connection.load_balancer.pools(name=name)
            behind = (each for each in pools if balancer_id in {one["id"] for one in each.loadbalancers or ()})
            return next((str(each.id) for each in behind), None)

        return self._cloud.read(ask)

    def members(self, pool_id: str) -> frozenset[str]:
        """Addresses that a pool leads to."""
        return self._cloud.read(
            lambda connection: frozenset(str(each.address) for each in connection.load_balancer.members(pool_id))
        )

    def replace_members(self, pool_id: str, addresses: Iterable[str], port: int) -> None:
        """Let a pool lead to exactly these addresses. May be repeated.

        Raises:
            Conflict: Another change of the balancer is under way.
        """
        body = {"members": [_member(address, port) for address in sorted(addresses)]}

        def put(connection: Connection) -> None:
            sdk.raise_from_response(connection.load_balancer.put(f"/lbaas/pools/{pool_id}/members", json=body))

        self._cloud.read(put)

    def delete(self, balancer_id: str) -> None:
        """Ask for the end of a balancer and all that belongs to it; one that is gone is success.

        Raises:
            Conflict: Another change of the balancer is under way.
        """
        self._cloud.read(
            lambda connection: connection.load_balancer.delete_load_balancer(
                balancer_id, ignore_missing=True, cascade=True
            )
        )


def _member(address: str, port: int) -> dict[str, Any]:
    return {"address": address, "protocol_port": port}


def _balancer(raw: Any) -> Balancer:
    return Balancer(
        id=raw.id,
        name=raw.name or "",
        description=raw.description or "",
        tags=frozenset(raw.tags or ()),
        created_at=raw.created_at or "",
        status=raw.provisioning_status or "",
        port_id=raw.vip_port_id or "",
    )
