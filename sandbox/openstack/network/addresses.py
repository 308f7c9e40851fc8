"""Which addresses of a subnet are free, taken or allowed."""

from __future__ import annotations

from ipaddress import AddressValueError, IPv4Address, IPv4Network, ip_address, ip_network
from typing import Any

from sandbox.openstack.network.state import NetworkState, Row
from sandbox.openstack.refusals import Refusal

Pool = dict[str, str]


def parse_cidr(text: Any) -> IPv4Network:
    """An IPv4 network.

    Raises:
        Refusal: 400, as neutron words a malformed prefix.
    """
    try:
        network = ip_network(str(text))
    except ValueError as error:
        message = f"Invalid input for operation: {text} is not in a CIDR format."
        raise Refusal(400, message, "InvalidInput") from error
    if not isinstance(network, IPv4Network):
        raise Refusal(400, f"Invalid input for operation: ip_version of {text} is not supported here.", "InvalidInput")
    return network


def check_address(name: str, text: Any) -> None:
    """Refuse what is no address; nothing at all is fine."""
    try:
        if text:
            ip_address(str(text))
    except ValueError as error:
        raise Refusal(400, f"Invalid input for {name}. Reason: '{text}' is not a valid IP address.") from error


def default_pools(cidr: IPv4Network, gateway: str | None) -> list[Pool]:
    """The whole subnet without network, broadcast and gateway address, as neutron cuts it."""
    first, last = int(cidr.network_address) + 1, int(cidr.broadcast_address) - 1
    pools = [(first, last)]
    if gateway:
        middle = int(ip_address(gateway))
        pools = [(low, high) for low, high in ((first, middle - 1), (middle + 1, last)) if low <= high]
        if not first <= middle <= last:
            pools = [(first, last)]
    return [{"start": str(IPv4Address(low)), "end": str(IPv4Address(high))} for low, high in pools]


def check_pools(cidr: IPv4Network, pools: list[Pool], gateway: str | None) -> None:
    """Refuse pools that are malformed, outside the subnet, overlapping, or contain the gateway."""
    try:
        spans = [(IPv4Address(pool["start"]), IPv4Address(pool["end"])) for pool in pools]
    except (AddressValueError, KeyError, TypeError) as error:
        text = f"Invalid input for allocation_pools. Reason: Data contains unexpected values: {error}."
        raise Refusal(400, text) from error
    for start, end in spans:
        if start > end:
            pool = {"start": str(start), "end": str(end)}
            raise Refusal(400, f"The allocation pool {pool} is not valid.", "InvalidAllocationPool")
        if start not in cidr or end not in cidr:
            text = f"The allocation pool {start}-{end} spans beyond the subnet cidr {cidr}."
            raise Refusal(400, text, "OutOfBoundsAllocationPool")
        if gateway and start <= IPv4Address(gateway) <= end:
            text = f"Gateway ip {gateway} conflicts with allocation pool {start}-{end}."
            raise Refusal(409, text, "GatewayConflictWithAllocationPools")
    for low, high in zip(sorted(spans), sorted(spans)[1:], strict=False):
        if high[0] <= low[1]:
            pair = f"{low[0]}-{low[1]} {high[0]}-{high[1]}"
            text = f"Found overlapping allocation pools: {pair} for subnet {cidr}."
            raise Refusal(409, text, "OverlappingAllocationPools")


def taken(state: NetworkState, subnet_id: str) -> set[str]:
    """Addresses of a subnet that ports, routers' gateways and floating IPs hold."""
    used = {
        ip["ip_address"]
        for port in state.tables["ports"].values()
        for ip in port["fixed_ips"]
        if ip["subnet_id"] == subnet_id
    }
    for router in state.tables["routers"].values():
        gateway = router["external_gateway_info"] or {}
        used |= {ip["ip_address"] for ip in gateway.get("external_fixed_ips", ()) if ip["subnet_id"] == subnet_id}
    network_id = state.tables["subnets"][subnet_id]["network_id"]
    floating = state.rows("floatingips", floating_network_id=network_id)
    return used | {row["floating_ip_address"] for row in floating}


def next_free(state: NetworkState, subnet: Row) -> str | None:
    """The lowest free address in a subnet's allocation pools; None when there is none."""
    used = taken(state, subnet["id"])
    for pool in subnet["allocation_pools"]:
        for number in range(int(IPv4Address(pool["start"])), int(IPv4Address(pool["end"])) + 1):
            address = str(IPv4Address(number))
            if address not in used:
                return address
    return None


def claim(state: NetworkState, network_id: str, wanted: Row) -> Row:
    """One fixed IP on a network: ``subnet_id``, ``ip_address`` or both may be asked for.

    Raises:
        Refusal: The address is taken or outside, the subnet is not of this network, or nothing is free.
    """
    subnets = state.rows("subnets", network_id=network_id)
    if wanted.get("subnet_id"):
        subnets = [subnet for subnet in subnets if subnet["id"] == wanted["subnet_id"]]
        if not subnets:
            if wanted["subnet_id"] not in state.tables["subnets"]:
                raise Refusal(404, f"Subnet {wanted['subnet_id']} could not be found.", "SubnetNotFound")
            text = f"Failed to create port on network {network_id}, because fixed_ips included invalid subnet "
            raise Refusal(400, f"Invalid input for operation: {text}{wanted['subnet_id']}.", "InvalidInput")
    if wanted.get("ip_address"):
        return _claim_exactly(state, subnets, wanted["ip_address"])
    for subnet in subnets:
        address = next_free(state, subnet)
        if address is not None:
            return {"subnet_id": subnet["id"], "ip_address": address}
    text = f"No more IP addresses available on network {network_id}."
    raise Refusal(409, text, "IpAddressGenerationFailure")


def _claim_exactly(state: NetworkState, subnets: list[Row], address: str) -> Row:
    subnet = next((s for s in subnets if ip_address(address) in ip_network(s["cidr"])), None)
    if subnet is None:
        text = f"IP address {address} is not a valid IP for any of the subnets on the specified network."
        raise Refusal(400, text, "InvalidIpForNetwork")
    if address in taken(state, subnet["id"]):
        text = f"IP address {address} already allocated in subnet {subnet['id']}"
        raise Refusal(409, text, "IpAddressAlreadyAllocated")
    return {"subnet_id": subnet["id"], "ip_address": address}
