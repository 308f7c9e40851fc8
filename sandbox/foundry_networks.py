"""What Cluster API's OpenStack provider has in the network service for one cluster.

Source: cluster-api-provider-openstack v0.14, pkg/cloud/services/networking: names, rules of security groups.
"""

from __future__ import annotations

import contextlib
from typing import Any

from sandbox.kubernetes.controllers.clusterapi.foundry import NetworkOrder
from sandbox.openstack.network import networks, routers, security
from sandbox.openstack.network.state import NetworkState
from sandbox.openstack.refusals import Refusal

Row = dict[str, Any]
API_PORT = 6443
_NODE_PORTS = (30000, 32767)


def find(state: NetworkState, plural: str, name: str) -> Row | None:
    """The tenant's object of that name."""
    return next(iter(state.rows(plural, name=name, project_id=state.project)), None)


def lay_network(state: NetworkState, order: NetworkOrder) -> Row:
    """Make what is missing of everything but the API's address; the subnet.

    Raises:
        Refusal: Over quota, or no such external network.
    """
    external = _external(state, order)
    own = {"name": order.name, "description": order.description}
    network = find(state, "networks", order.name) or _tagged(networks.create_network(state, own), order)
    subnet = find(state, "subnets", order.name)
    if subnet is None:
        body = {**own, "network_id": network["id"], "cidr": order.cidr, "ip_version": 4}
        subnet = _tagged(networks.create_subnet(state, body), order)
    router = find(state, "routers", order.name)
    if router is None:
        gateway = {"external_gateway_info": {"network_id": external["id"]}}
        router = _tagged(routers.create_router(state, own | gateway), order)
    if not state.rows("ports", device_id=router["id"], device_owner=routers.INTERFACE):
        routers.add_interface(state, router, {"subnet_id": subnet["id"]})
    _groups(state, order)
    return subnet


def _external(state: NetworkState, order: NetworkOrder) -> Row:
    external = next(iter(state.rows("networks", name=order.external)), None)
    if external is None or not external["router:external"]:
        raise Refusal(404, f"external network {order.external} not found")
    return external


def _tagged(row: Row, order: NetworkOrder) -> Row:
    row["tags"] = list(order.tags)
    return row


def _groups(state: NetworkState, order: NetworkOrder) -> None:
    for name in order.groups:
        if find(state, "security_groups", name) is None:
            _tagged(security.create_group(state, {"name": name, "description": order.description}), order)
    plane, worker = (find(state, "security_groups", name) or {} for name in order.groups)
    for group in (plane, worker):
        for remote in (plane, worker):
            _rule(state, group, remote_group_id=remote["id"])
    _rule(state, plane, protocol="tcp", port_range_min=API_PORT, port_range_max=API_PORT)
    for group in (worker, plane) if order.node_ports else (worker,):
        for protocol in ("tcp", "udp"):
            low, high = _NODE_PORTS
            _rule(state, group, protocol=protocol, port_range_min=low, port_range_max=high)


def _rule(state: NetworkState, group: Row, **fields: Any) -> None:
    body = {"security_group_id": group["id"], "direction": "ingress", "ethertype": "IPv4", **fields}
    with contextlib.suppress(Refusal):  # it is there already
        security.create_rule(state, body)


def lay_address(state: NetworkState, order: NetworkOrder, balancer_port: str | None) -> str:
    """The API's address; one before a balancer leads to its port from the start.

    Raises:
        Refusal: Over quota.
    """
    floating = next(iter(state.rows("floatingips", description=order.description)), None)
    if floating is None:
        body: Row = {"floating_network_id": _external(state, order)["id"], "description": order.description}
        if balancer_port is not None:
            body["port_id"] = balancer_port
        floating = _tagged(routers.create_floating_ip(state, body), order)
    return str(floating["floating_ip_address"])


def clear_network(state: NetworkState, order: NetworkOrder) -> None:
    """Remove everything; safe to repeat.

    Raises:
        Refusal: Something is still in use.
    """
    for floating in state.rows("floatingips", description=order.description):
        routers.delete_floating_ip(state, floating)
    router, subnet = find(state, "routers", order.name), find(state, "subnets", order.name)
    if router is not None:
        if state.rows("ports", device_id=router["id"], device_owner=routers.INTERFACE):
            routers.remove_interface(state, router, {"subnet_id": (subnet or {}).get("id")})
        routers.delete_router(state, router)
    for name in order.groups:
        group = find(state, "security_groups", name)
        if group is not None:
            security.delete_group(state, group)
    network = find(state, "networks", order.name)
    if network is not None:
        networks.delete_network(state, network)
