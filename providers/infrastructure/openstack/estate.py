"""Everything that a federation has in one cloud, read with a fixed number of lists however many clusters it has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from clients.openstack.records import (
    FloatingIp,
    Keypair,
    Network,
    Port,
    Record,
    Router,
    SecurityGroup,
    Server,
    Subnet,
)
from federation.errors import FlotillaError
from federation.spec import marks
from providers.infrastructure.openstack.clouds import Cloud
from providers.infrastructure.openstack.ownership import Owner

R = TypeVar("R", bound=Record)
_ROUTER_PORTS = (
    "network:router_interface",
    "network:router_interface_distributed",
    "network:ha_router_replicated_interface",
)
_PARALLEL = 4
_INDEXED = ("networks", "subnets", "routers", "security_groups", "ports", "floating_ips", "servers")


@dataclass(frozen=True)
class Estate:
    """Objects that carry the federation's mark; ``interfaces`` are the ports of routers, whoever made them.

    ``written`` are ids of servers that the ledger has and no list, by machine. Records are looked up by their cluster,
    so that the parts of many clusters cost no more than reading them all once.
    """

    networks: tuple[Network, ...]
    subnets: tuple[Subnet, ...]
    routers: tuple[Router, ...]
    security_groups: tuple[SecurityGroup, ...]
    ports: tuple[Port, ...]
    floating_ips: tuple[FloatingIp, ...]
    servers: tuple[Server, ...]
    interfaces: tuple[Port, ...]
    keypair: Keypair | None
    written: Mapping[str, str] = field(default_factory=dict)

    def of(self, owner: Owner) -> Estate:
        """The part that belongs to one cluster; the key pair belongs to every cluster."""
        networks = _named(owner, self._near(owner, "networks"))
        routers = _named(owner, self._near(owner, "routers"))
        network_ids = {network.id for network in networks}
        ports = tuple(port for port in self._near(owner, "ports") if _is_port_of(owner, port, network_ids))
        port_ids = {port.id for port in ports}
        floating_ips = self._near(owner, "floating_ips")
        return Estate(
            networks,
            _named(owner, self._near(owner, "subnets")),
            routers,
            _named(owner, self._near(owner, "security_groups")),
            ports,
            tuple(each for each in floating_ips if owner.tags <= each.tags or each.port_id in port_ids),
            tuple(server for server in self._near(owner, "servers") if owner.tags <= server.tags),
            tuple(port for router in routers for port in self._interfaces_of.get(router.id, ())),
            self.keypair,
            {name: each for name, each in self.written.items() if name.startswith(owner.machines)},
        )

    def ends_with(self, own: Estate) -> bool:
        """Whether no other cluster has a network here, so that the key pair goes with this one."""
        return len(self.networks) == len(own.networks)

    def _near(self, owner: Owner, kind: str) -> tuple[Any, ...]:
        """Records of a kind that are tagged with the cluster's name, or with none."""
        groups = self._by_cluster[kind]
        return (*groups.get(marks.cluster_tag(owner.cluster), ()), *groups.get("", ()))

    @cached_property
    def _by_cluster(self) -> dict[str, dict[str, list[Record]]]:
        return {kind: _grouped(getattr(self, kind), _cluster_tag_of) for kind in _INDEXED}

    @cached_property
    def _interfaces_of(self) -> dict[str, list[Port]]:
        return _grouped(self.interfaces, lambda port: port.device_id)


def read_estate(cloud: Cloud, federation: str, keypair: str) -> Estate:
    """Read every list once, a few at a time. Sends no mutating request."""
    tag = marks.federation_tag(federation)
    network, compute = cloud.network, cloud.compute
    readers: tuple[Callable[[], Any], ...] = (
        lambda: _marked(network.networks, tag),
        lambda: _marked(network.subnets, tag),
        lambda: _marked(network.routers, tag),
        lambda: _marked(network.security_groups, tag),
        lambda: _marked(network.ports, tag),
        lambda: _marked(network.floating_ips, tag),
        lambda: compute.servers(tags=tag),
        lambda: network.ports(device_owner=list(_ROUTER_PORTS)),
        lambda: compute.keypair(keypair),
    )
    cloud.connection.open()
    with ThreadPoolExecutor(_PARALLEL, thread_name_prefix="openstack-read") as pool:
        answers = [pool.submit(reader) for reader in readers]
        try:
            return Estate(*(answer.result() for answer in answers))
        except FlotillaError:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _marked(read: Callable[..., tuple[R, ...]], tag: str) -> tuple[R, ...]:
    """By tag, and by description for those whose maker was cut off before it could tag them."""
    return merged((*read(tags=tag), *read(description=tag)))


def merged(records: Iterable[R]) -> tuple[R, ...]:
    """Each object once, oldest first."""
    unique = {record.id: record for record in records}
    return tuple(sorted(unique.values(), key=lambda record: (record.created_at, record.id)))


def _grouped(records: Iterable[R], key: Callable[[R], str]) -> dict[str, list[R]]:
    groups: dict[str, list[R]] = {}
    for record in records:
        groups.setdefault(key(record), []).append(record)
    return groups


def _cluster_tag_of(record: Record) -> str:
    return next((tag for tag in record.tags if tag.startswith(marks.cluster_tag(""))), "")


def _named(owner: Owner, records: Iterable[R]) -> tuple[R, ...]:
    return tuple(each for each in records if owner.tags <= each.tags or (each.name == owner.name and owner.owns(each)))


def _is_port_of(owner: Owner, port: Port, network_ids: set[str]) -> bool:
    return owner.tags <= port.tags or (port.network_id in network_ids and owner.owns(port))
