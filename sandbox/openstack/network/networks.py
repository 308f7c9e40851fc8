"""Networks and subnets: create, change, delete, and why not."""

from __future__ import annotations

from ipaddress import IPv4Address, ip_network

from sandbox.openstack.network import addresses, kinds
from sandbox.openstack.network.state import PROVIDER, NetworkState, Row
from sandbox.openstack.refusals import Refusal

DHCP = "network:dhcp"


def create_network(state: NetworkState, body: Row) -> Row:
    """Make a network; only the cloud's owner may make external or shared ones."""
    fields = state.check_fields(kinds.NETWORK, body)
    for name in ("shared", "router:external"):
        if fields[name]:
            text = f"(rule:create_network and rule:create_network:{name}) is disallowed by policy"
            raise Refusal(403, text, "PolicyNotAuthorized")
    state.check_quota(kinds.NETWORK)
    return insert_network(state, fields) | {"is_default": False}


def insert_network(state: NetworkState, fields: Row, project: str | None = None) -> Row:
    """Store a network with what the service itself adds."""
    added: Row = {"status": "ACTIVE", "subnets": [], "availability_zones": ["nova"], "ipv4_address_scope": None}
    added |= {"ipv6_address_scope": None} | ({"is_default": False} if fields["router:external"] else {})
    return state.insert(kinds.NETWORK, fields | added, project)


def delete_network(state: NetworkState, row: Row) -> None:
    """Delete a network with its subnets and DHCP port; any other port on it is in the way."""
    ports = [port for port in state.rows("ports", network_id=row["id"]) if port["device_owner"] != DHCP]
    if ports:
        ids = ",".join(port["id"] for port in ports)
        text = (
            f"Unable to complete operation on network {row['id']}. There are one or more ports still in use on the "
            f"network, id for these ports is: {ids}."
        )
        raise Refusal(409, text, "NetworkInUse")
    state.delete(kinds.PORT, [port["id"] for port in state.rows("ports", network_id=row["id"])])
    state.delete(kinds.SUBNET, row["subnets"])
    state.delete(kinds.NETWORK, [row["id"]])


def create_subnet(state: NetworkState, body: Row) -> Row:
    """Make a subnet; gateway and pools are derived from its range when not given."""
    fields = state.check_fields(kinds.SUBNET, body)
    network = state.find(kinds.NETWORK, fields["network_id"])
    if network["project_id"] != state.project:
        raise Refusal(403, f"Tenant {state.project} not allowed to create subnet on this network", "HTTPForbidden")
    if fields["cidr"] is None:
        text = "Bad subnets request: a subnetpool must be specified in the absence of a cidr."
        raise Refusal(400, text, "BadRequest")
    cidr = addresses.parse_cidr(fields["cidr"])
    if int(fields["ip_version"]) != 4:
        text = f"cidr '{cidr}' does not match the ip_version '{fields['ip_version']}'."
        raise Refusal(400, f"Invalid input for operation: {text}", "InvalidInput")
    addresses.check_address("gateway_ip", fields["gateway_ip"])
    for other in state.rows("subnets", network_id=network["id"]):
        if cidr.overlaps(ip_network(other["cidr"])):
            text = (
                f"Invalid input for operation: Requested subnet with cidr: {cidr} for network: {network['id']} "
                f"overlaps with another subnet."
            )
            raise Refusal(400, text, "InvalidInput")
    state.check_quota(kinds.SUBNET)
    return insert_subnet(state, fields)


def insert_subnet(state: NetworkState, fields: Row, project: str | None = None) -> Row:
    """Store a subnet and, where DHCP is on, the port that its agent takes."""
    cidr = addresses.parse_cidr(fields["cidr"])
    gateway = fields["gateway_ip"]
    if gateway == "":
        gateway = str(IPv4Address(int(cidr.network_address) + 1))
    pools = fields["allocation_pools"] or addresses.default_pools(cidr, gateway)
    addresses.check_pools(cidr, pools, gateway)
    row = state.insert(
        kinds.SUBNET,
        fields | {"cidr": str(cidr), "gateway_ip": gateway, "allocation_pools": pools, "ip_version": 4},
        project,
    )
    network = state.tables["networks"][row["network_id"]]
    network["subnets"].append(row["id"])
    if row["enable_dhcp"] and network["project_id"] != PROVIDER:
        _add_dhcp_port(state, network, row)
    return row


def _add_dhcp_port(state: NetworkState, network: Row, subnet: Row) -> None:
    from sandbox.openstack.network.ports import insert_port

    existing = state.rows("ports", network_id=network["id"], device_owner=DHCP)
    address = addresses.claim(state, network["id"], {"subnet_id": subnet["id"]})
    if existing:
        existing[0]["fixed_ips"].append(address)
        return
    fields = kinds.PORT.create | {"network_id": network["id"], "device_owner": DHCP, "security_groups": []}
    fields |= {"device_id": f"dhcp-{network['id']}", "fixed_ips": [address], "status": "ACTIVE"}
    insert_port(state, fields | {"port_security_enabled": False})


def update_subnet(state: NetworkState, row: Row, body: Row) -> None:
    """Change a subnet; new pools and gateways are checked like those of a new one."""
    changes = dict(body)
    gateway = changes.get("gateway_ip", row["gateway_ip"])
    pools = changes.get("allocation_pools") or row["allocation_pools"]
    addresses.check_pools(addresses.parse_cidr(row["cidr"]), pools, gateway)
    state.touch(row, changes)


def delete_subnet(state: NetworkState, row: Row) -> None:
    """Delete a subnet; a port with an address of it, other than DHCP's, is in the way."""
    holders = [
        port
        for port in state.rows("ports", network_id=row["network_id"])
        if any(ip["subnet_id"] == row["id"] for ip in port["fixed_ips"])
    ]
    if any(port["device_owner"] != DHCP for port in holders):
        text = (
            f"Unable to complete operation on subnet {row['id']}: One or more ports have an IP allocation from this "
            f"subnet."
        )
        raise Refusal(409, text, "SubnetInUse")
    for port in holders:
        port["fixed_ips"] = [ip for ip in port["fixed_ips"] if ip["subnet_id"] != row["id"]]
    state.delete(kinds.PORT, [port["id"] for port in holders if not port["fixed_ips"]])
    state.tables["networks"][row["network_id"]]["subnets"].remove(row["id"])
    state.delete(kinds.SUBNET, [row["id"]])
