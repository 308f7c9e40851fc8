"""The load balancer that Cluster API's OpenStack provider lays before an API, when it is asked to.

Source: cluster-api-provider-openstack v0.14, pkg/cloud/services/loadbalancer: names, one listener with one pool, a
member for each control-plane machine.
"""

from __future__ import annotations

import uuid
from typing import Any

from sandbox.kubernetes.controllers.clusterapi.foundry import NetworkOrder
from sandbox.openstack.cloud import Cloud
from sandbox.openstack.network import ports

Row = dict[str, Any]
API_PORT = 6443


def lay_balancer(cloud: Cloud, order: NetworkOrder, subnet: Row) -> str:
    """A balancer without members; id of the port that its address is on."""
    found = _find(cloud, order)
    if found is not None:
        return str(found["vip_port_id"])
    state, name = cloud.balancing, _name(order)
    body = {"name": name, "description": order.description, "tags": list(order.tags), "vip_subnet_id": subnet["id"]}
    row = state.insert("loadbalancers", body, project_id=cloud.identity.project_id, provider="amphora")
    wanted: Row = {"name": f"octavia-lb-{row['id']}", "network_id": subnet["network_id"]}
    wanted |= {"fixed_ips": [{"subnet_id": subnet["id"]}], "device_owner": "Octavia", "device_id": f"lb-{row['id']}"}
    port = ports.create_port(cloud.network, wanted)
    row |= {"vip_port_id": port["id"], "vip_address": port["fixed_ips"][0]["ip_address"]}
    row |= {"vip_network_id": subnet["network_id"]}
    own: Row = {"balancer_id": row["id"], "loadbalancers": [{"id": row["id"]}]}
    part = {"name": f"{name}-{API_PORT}", "protocol": "TCP"}
    pool = state.insert("pools", {**part, "lb_algorithm": "ROUND_ROBIN"}, members=[], **own)
    state.insert("listeners", {**part, "protocol_port": API_PORT}, default_pool_id=pool["id"], **own)
    state.insert("healthmonitors", {**part, "type": "TCP"}, pools=[{"id": pool["id"]}], balancer_id=row["id"])
    state.settle(row["id"])
    return str(port["id"])


def lead_to(cloud: Cloud, port_id: str, server: str, address: str) -> bool | None:
    """Make a server a member of the balancer on a port; whether that is new. None when there is no such balancer."""
    pool = _pool(cloud, port_id)
    if pool is None:
        return None
    name = f"{pool['name']}-{server}"
    if any((member["name"], member["address"]) == (name, address) for member in pool["members"]):
        return False
    member = {"id": str(uuid.uuid4()), "name": name, "address": address, "protocol_port": API_PORT, "weight": 1}
    kept = [each for each in pool["members"] if each["name"] != name]
    pool["members"] = [*kept, member | {"operating_status": "ONLINE"}]
    return True


def drop_member(cloud: Cloud, server: str) -> None:
    """A server that goes is no member any more."""
    for pool in cloud.balancing.tables["pools"].values():
        pool["members"] = [each for each in pool["members"] if not each["name"].endswith(f"-{API_PORT}-{server}")]


def clear_balancer(cloud: Cloud, order: NetworkOrder) -> None:
    """Remove it with its port; nothing when there is none."""
    found = _find(cloud, order)
    if found is not None:
        found["provisioning_status"] = "PENDING_DELETE"
        cloud.balancing.settle(found["id"])
        port = cloud.network.tables["ports"].get(found["vip_port_id"])
        if port is not None:
            ports.drop_port(cloud.network, port)


def _name(order: NetworkOrder) -> str:
    return f"{order.name}-kubeapi"


def _find(cloud: Cloud, order: NetworkOrder) -> Row | None:
    rows = cloud.balancing.tables["loadbalancers"].values()
    return next((row for row in rows if row["name"] == _name(order)), None)


def _pool(cloud: Cloud, port_id: str) -> Row | None:
    rows = cloud.balancing.tables["loadbalancers"].values()
    found = next((row for row in rows if row["vip_port_id"] == port_id), None)
    pools = cloud.balancing.tables["pools"].values()
    return next((pool for pool in pools if found and pool["balancer_id"] == found["id"]), None)
