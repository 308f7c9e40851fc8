"""Ports: addresses, security groups, and the devices that hold them."""

from __future__ import annotations

import secrets
from ipaddress import ip_network
from typing import Any

from sandbox.openstack.network import addresses, kinds
from sandbox.openstack.network.security import default_group
from sandbox.openstack.network.state import NetworkState, Row
from sandbox.openstack.refusals import Refusal

ROUTER_OWNERS = ("network:router_interface", "network:router_gateway", "network:floatingip")


def create_port(state: NetworkState, body: Row) -> Row:
    """Make a port with addresses as asked for, or one of the network's first subnet with a free one."""
    fields = state.check_fields(kinds.PORT, body)
    network = state.find(kinds.NETWORK, fields["network_id"])
    _check_pairs(fields)
    if fields["security_groups"] is None:
        fields["security_groups"] = [default_group(state)["id"]] if fields["port_security_enabled"] else []
    _check_groups(state, fields["security_groups"])
    state.check_quota(kinds.PORT)
    if fields["fixed_ips"] is None:
        fields["fixed_ips"] = [addresses.claim(state, network["id"], {})] if network["subnets"] else []
    else:
        fields["fixed_ips"] = _claim_all(state, network["id"], fields["fixed_ips"])
    return insert_port(state, fields | {"status": "DOWN"})


def insert_port(state: NetworkState, fields: Row) -> Row:
    """Store a port with what the service itself adds."""
    mac = fields["mac_address"] or "fa:16:3e:" + ":".join(f"{byte:02x}" for byte in secrets.token_bytes(3))
    pairs = _pairs(fields["allowed_address_pairs"], mac)
    return state.insert(kinds.PORT, fields | {"mac_address": mac, "allowed_address_pairs": pairs})


def _pairs(pairs: list[Row] | None, mac: str) -> list[Row]:
    return [{"mac_address": mac, **pair} for pair in pairs or []]


def update_port(state: NetworkState, row: Row, body: Row) -> None:
    """Change a port; addresses it keeps stay its own, and one is never lost to a refused change."""
    changes = dict(body)
    _check_pairs(row | changes)
    if changes.get("security_groups") is not None:
        _check_groups(state, changes["security_groups"])
    if changes.get("fixed_ips") is not None:
        before, row["fixed_ips"] = row["fixed_ips"], []
        try:
            changes["fixed_ips"] = _claim_all(state, row["network_id"], changes["fixed_ips"])
        finally:
            row["fixed_ips"] = before
    if "allowed_address_pairs" in changes:
        changes["allowed_address_pairs"] = _pairs(changes["allowed_address_pairs"], row["mac_address"])
    state.touch(row, changes)


def delete_port(state: NetworkState, row: Row) -> None:
    """Delete a port; a router's own may not be deleted this way. Floating IPs let go of it."""
    if row["device_owner"] in ROUTER_OWNERS:
        text = f"Port {row['id']} cannot be deleted directly via the port API: has device owner {row['device_owner']}."
        raise Refusal(409, text, "ServicePortInUse")
    drop_port(state, row)


def drop_port(state: NetworkState, row: Row) -> None:
    """Forget a port whatever holds it; floating IPs let go of it."""
    for floating in state.rows("floatingips", port_id=row["id"]):
        released = {"port_id": None, "fixed_ip_address": None, "router_id": None, "status": "DOWN"}
        state.touch(floating, released | {"port_details": None})
    state.delete(kinds.PORT, [row["id"]])


def _claim_all(state: NetworkState, network_id: str, wanted: list[Row]) -> list[Row]:
    claimed: list[Row] = []
    for row in wanted:
        addresses.check_address("fixed_ips", row.get("ip_address"))
        if any(row.get("ip_address") == other["ip_address"] for other in claimed):
            text = f"Invalid input for operation: Duplicate IP address '{row['ip_address']}'."
            raise Refusal(400, text, "InvalidInput")
        claimed.append(addresses.claim(state, network_id, row))
    return claimed


def _check_groups(state: NetworkState, group_ids: list[str]) -> None:
    for group_id in group_ids:
        state.find(kinds.SECURITY_GROUP, group_id)


def _check_pairs(fields: dict[str, Any]) -> None:
    pairs = fields["allowed_address_pairs"] or []
    if pairs and not fields["port_security_enabled"]:
        text = "Port Security must be enabled in order to have allowed address pairs on a port."
        raise Refusal(409, text, "AddressPairAndPortSecurityRequired")
    if any("ip_address" not in pair for pair in pairs):
        raise Refusal(400, "AllowedAddressPair must contain ip_address", "AllowedAddressPairsMissingIP")
    for pair in pairs:
        _check_pair(pair["ip_address"])
    if fields.get("security_groups") and not fields["port_security_enabled"]:
        text = (
            "Invalid input for operation: Port security must be enabled and port must have an IP address in order to "
            "use security groups."
        )
        raise Refusal(400, text, "PortSecurityAndIPRequiredForSecurityGroups")


def _check_pair(text: str) -> None:
    try:
        ip_network(str(text), strict=False)
    except ValueError as error:
        raise Refusal(400, f"'{text}' is not a valid IP address") from error
