"""Routers, their interfaces and gateways, and floating IPs."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

from sandbox.openstack.network import addresses, kinds
from sandbox.openstack.network.ports import drop_port, insert_port
from sandbox.openstack.network.state import NetworkState, Row
from sandbox.openstack.refusals import Refusal

INTERFACE = "network:router_interface"


def create_router(state: NetworkState, body: Row) -> Row:
    """Make a router, with a gateway to an external network if asked for."""
    fields = state.check_fields(kinds.ROUTER, body)
    state.check_quota(kinds.ROUTER)
    fields["external_gateway_info"] = _gateway(state, fields["external_gateway_info"])
    added = {"status": "ACTIVE", "routes": [], "flavor_id": None, "availability_zones": ["nova"]}
    return state.insert(kinds.ROUTER, fields | added)


def update_router(state: NetworkState, row: Row, body: Row) -> None:
    """Change a router; its gateway stays while floating IPs need it."""
    changes = dict(body)
    if "external_gateway_info" in changes:
        wanted = changes["external_gateway_info"] or {}
        current = row["external_gateway_info"] or {}
        if current and wanted.get("network_id") != current["network_id"]:
            _check_gateway_free(state, row, current["network_id"])
        if current and wanted.get("network_id") == current["network_id"]:
            del changes["external_gateway_info"]
        else:
            changes["external_gateway_info"] = _gateway(state, wanted)
    state.touch(row, changes)


def delete_router(state: NetworkState, row: Row) -> None:
    """Delete a router without interfaces."""
    ports = state.rows("ports", device_id=row["id"], device_owner=INTERFACE)
    if ports:
        ids = ", ".join(port["id"] for port in ports)
        raise Refusal(409, f"Router {row['id']} has ports still attached: {ids}", "RouterInUse")
    state.delete(kinds.ROUTER, [row["id"]])


def _gateway(state: NetworkState, wanted: Row | None) -> Row | None:
    if not wanted:
        return None
    network = state.find(kinds.NETWORK, wanted.get("network_id", ""))
    if not network["router:external"]:
        text = f"Bad router request: Network {network['id']} is not an external network."
        raise Refusal(400, text, "BadRequest")
    address = addresses.claim(state, network["id"], {})
    return {"network_id": network["id"], "enable_snat": True, "external_fixed_ips": [address]}


def _check_gateway_free(state: NetworkState, row: Row, network_id: str) -> None:
    if any(fip["router_id"] == row["id"] for fip in state.tables["floatingips"].values()):
        text = (
            f"Gateway cannot be updated for router {row['id']}, since a gateway to external network {network_id} is "
            f"required by one or more floating IPs."
        )
        raise Refusal(409, text, "RouterExternalGatewayInUseByFloatingIp")


def add_interface(state: NetworkState, router: Row, body: Row) -> Row:
    """Attach a subnet (its gateway address becomes the router's) or a port; gives the interface."""
    if body.get("port_id"):
        port = state.find(kinds.PORT, body["port_id"])
        if port["device_id"]:
            text = (
                f"Unable to complete operation on port {port['id']} for network {port['network_id']}. Port already has "
                f"an attached device {port['device_id']}."
            )
            raise Refusal(409, text, "PortInUse")
        subnet = state.tables["subnets"][port["fixed_ips"][0]["subnet_id"]]
        _check_attachable(state, router, subnet)
        state.touch(port, {"device_id": router["id"], "device_owner": INTERFACE, "status": "ACTIVE"})
        return _interface(router, subnet, port)
    if not body.get("subnet_id"):
        text = "Bad router request: Either subnet_id or port_id must be specified."
        raise Refusal(400, text, "BadRequest")
    subnet = state.find(kinds.SUBNET, body["subnet_id"])
    if not subnet["gateway_ip"]:
        text = "Bad router request: Subnet for router interface must have a gateway IP."
        raise Refusal(400, text, "BadRequest")
    _check_attachable(state, router, subnet)
    wanted = {"subnet_id": subnet["id"], "ip_address": subnet["gateway_ip"]}
    address = addresses.claim(state, subnet["network_id"], wanted)
    fields = kinds.PORT.create | {"network_id": subnet["network_id"], "fixed_ips": [address], "security_groups": []}
    fields |= {"device_id": router["id"], "device_owner": INTERFACE, "status": "ACTIVE"}
    port = insert_port(state, fields | {"port_security_enabled": False})
    return _interface(router, subnet, port)


def _check_attachable(state: NetworkState, router: Row, subnet: Row) -> None:
    for port in state.rows("ports", device_id=router["id"], device_owner=INTERFACE):
        other = state.tables["subnets"][port["fixed_ips"][0]["subnet_id"]]
        if other["id"] == subnet["id"]:
            text = f"Bad router request: Router already has a port on subnet {subnet['id']}."
            raise Refusal(400, text, "BadRequest")
        if ip_network(other["cidr"]).overlaps(ip_network(subnet["cidr"])):
            text = (
                f"Bad router request: Cidr {subnet['cidr']} of subnet {subnet['id']} overlaps with cidr "
                f"{other['cidr']} of subnet {other['id']}."
            )
            raise Refusal(400, text, "BadRequest")


def _interface(router: Row, subnet: Row, port: Row) -> Row:
    return {
        "id": router["id"],
        "tenant_id": router["project_id"],
        "port_id": port["id"],
        "network_id": port["network_id"],
        "subnet_id": subnet["id"],
        "subnet_ids": [subnet["id"]],
    }


def remove_interface(state: NetworkState, router: Row, body: Row) -> Row:
    """Detach a subnet or port; refused while a floating IP leads through it."""
    ports = state.rows("ports", device_id=router["id"], device_owner=INTERFACE)
    if body.get("port_id"):
        chosen = [port for port in ports if port["id"] == body["port_id"]]
        text = f"Router {router['id']} does not have an interface with id {body['port_id']}"
        kind = "RouterInterfaceNotFound"
    else:
        chosen = [p for p in ports if p["fixed_ips"][0]["subnet_id"] == body.get("subnet_id")]
        text = f"Router {router['id']} has no interface on subnet {body.get('subnet_id')}"
        kind = "RouterInterfaceNotFoundForSubnet"
    if not chosen:
        raise Refusal(404, text, kind)
    subnet = state.tables["subnets"][chosen[0]["fixed_ips"][0]["subnet_id"]]
    for floating in state.rows("floatingips", router_id=router["id"]):
        if _leads_to(state, floating, subnet["id"]):
            text = (
                f"Router interface for subnet {subnet['id']} on router {router['id']} cannot be deleted, as it is "
                f"required by one or more floating IPs."
            )
            raise Refusal(409, text, "RouterInterfaceInUseByFloatingIP")
    drop_port(state, chosen[0])
    return _interface(router, subnet, chosen[0])


def _leads_to(state: NetworkState, floating: Row, subnet_id: str) -> bool:
    port: Row = state.tables["ports"].get(floating["port_id"] or "", {})
    fixed = floating["fixed_ip_address"]
    return any(ip["subnet_id"] == subnet_id and ip["ip_address"] == fixed for ip in port.get("fixed_ips", ()))


def create_floating_ip(state: NetworkState, body: Row) -> Row:
    """Take an address of an external network and lead it to a port if asked for."""
    fields = state.check_fields(kinds.FLOATING_IP, body)
    if fields["floating_ip_address"]:
        text = "(rule:create_floatingip and rule:create_floatingip:floating_ip_address) is disallowed by policy"
        raise Refusal(403, text, "PolicyNotAuthorized")
    network = state.find(kinds.NETWORK, fields["floating_network_id"])
    if not network["router:external"]:
        text = f"Bad floatingip request: Network {network['id']} is not a valid external network."
        raise Refusal(400, text, "BadRequest")
    state.check_quota(kinds.FLOATING_IP)
    target = _target(state, None, fields, network["id"])
    address = addresses.claim(state, network["id"], {})["ip_address"]
    del fields["subnet_id"]
    added = {"floating_ip_address": address, "status": "DOWN"}
    return state.insert(kinds.FLOATING_IP, fields | added | target)


def update_floating_ip(state: NetworkState, row: Row, body: Row) -> None:
    """Lead a floating IP to another port or to none; an update without ``port_id`` lets go of it, as neutron's does."""
    changes: dict[str, Any] = {"description": body.get("description", row["description"])}
    if "port_id" in body or "fixed_ip_address" in body:
        wanted = {"port_id": body.get("port_id"), "fixed_ip_address": body.get("fixed_ip_address")}
        changes |= _target(state, row, wanted, row["floating_network_id"])
    state.touch(row, changes)


def _target(state: NetworkState, row: Row | None, wanted: Row, network_id: str) -> Row:
    if not wanted["port_id"]:
        released = {"port_id": None, "fixed_ip_address": None, "router_id": None, "port_details": None}
        return released | {"status": "DOWN"}
    port = state.find(kinds.PORT, wanted["port_id"])
    ips = port["fixed_ips"]
    fixed = next((ip for ip in ips if wanted["fixed_ip_address"] in (None, ip["ip_address"])), None)
    if fixed is None:
        text = f"Bad floatingip request: Port {port['id']} does not have fixed ip {wanted['fixed_ip_address']}."
        raise Refusal(400, text, "BadRequest")
    _check_unclaimed(state, row, port, fixed["ip_address"], network_id)
    router_id = _router_between(state, fixed["subnet_id"], network_id)
    if router_id is None:
        text = (
            f"External network {network_id} is not reachable from subnet {fixed['subnet_id']}.  Therefore, cannot "
            f"associate Port {port['id']} with a Floating IP."
        )
        raise Refusal(404, text, "ExternalGatewayForFloatingIPNotFound")
    names = ("name", "network_id", "mac_address", "admin_state_up", "status", "device_id", "device_owner")
    details = {name: port[name] for name in names}
    led = {"port_id": port["id"], "fixed_ip_address": fixed["ip_address"], "router_id": router_id}
    return led | {"port_details": details, "status": "DOWN"}


def _check_unclaimed(state: NetworkState, row: Row | None, port: Row, fixed: str, network_id: str) -> None:
    for other in state.rows("floatingips", port_id=port["id"], fixed_ip_address=fixed):
        if row is None or other["id"] != row["id"]:
            text = (
                f"Cannot associate floating IP {other['floating_ip_address']} ({other['id']}) with port {port['id']} "
                f"using fixed IP {fixed}, as that fixed IP already has a floating IP on external network {network_id}."
            )
            raise Refusal(409, text, "FloatingIPPortAlreadyAssociated")


def _router_between(state: NetworkState, subnet_id: str, network_id: str) -> str | None:
    for router in state.tables["routers"].values():
        gateway = router["external_gateway_info"] or {}
        if gateway.get("network_id") == network_id and any(
            port["fixed_ips"] and port["fixed_ips"][0]["subnet_id"] == subnet_id
            for port in state.rows("ports", device_id=router["id"], device_owner=INTERFACE)
        ):
            return str(router["id"])
    return None


def delete_floating_ip(state: NetworkState, row: Row) -> None:
    """Give an address back."""
    state.delete(kinds.FLOATING_IP, [row["id"]])
