"""Security groups and their rules, and what they let through from outside."""

from __future__ import annotations

from ipaddress import ip_network

from sandbox.openstack.network import kinds
from sandbox.openstack.network.state import NetworkState, Row
from sandbox.openstack.refusals import Refusal

PRIVATE = [ip_network(cidr) for cidr in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")]
EVERYWHERE = ("0.0.0.0/0", "::/0")
PROTOCOLS = (
    *("ah", "dccp", "egp", "esp", "gre", "hopopt", "icmp", "igmp", "ip", "ipip", "ipv6-encap", "ipv6-frag"),
    *("ipv6-icmp", "icmpv6", "ipv6-nonxt", "ipv6-opts", "ipv6-route", "ospf", "pgm", "rsvp", "sctp", "tcp", "udp"),
    *("udplite", "vrrp"),
)
_COMPARED = kinds.SECURITY_GROUP_RULE.create.keys() - {"description"}
PROTOCOL_NUMBERS = {"6": "tcp", "17": "udp", "1": "icmp", "4": "ipip", "112": "vrrp"}


def default_group(state: NetworkState) -> Row:
    """The tenant's group ``default``, made when first asked for."""
    found = state.rows("security_groups", name="default", project_id=state.project)
    if found:
        return found[0]
    return _insert_group(
        state, kinds.SECURITY_GROUP.create | {"name": "default", "description": "Default security group"}
    )


def create_group(state: NetworkState, body: Row) -> Row:
    """Make a group, which starts with leave to send anything out."""
    fields = state.check_fields(kinds.SECURITY_GROUP, body)
    if fields["name"].lower() == "default":
        raise Refusal(409, "Default security group already exists.", "SecurityGroupDefaultAlreadyExists")
    default_group(state)
    state.check_quota(kinds.SECURITY_GROUP)
    return _insert_group(state, fields)


def update_group(state: NetworkState, row: Row, body: Row) -> None:
    """Change a group; there is one default."""
    if row["name"] != "default" and str(body.get("name", "")).lower() == "default":
        raise Refusal(409, "Default security group already exists.", "SecurityGroupDefaultAlreadyExists")
    state.touch(row, body)


def _insert_group(state: NetworkState, fields: Row) -> Row:
    row = state.insert(kinds.SECURITY_GROUP, fields | {"security_group_rules": [], "shared": False})
    for ethertype in ("IPv4", "IPv6"):
        egress = {"security_group_id": row["id"], "direction": "egress", "ethertype": ethertype, "description": None}
        _insert_rule(state, row, kinds.SECURITY_GROUP_RULE.create | egress)
        if row["name"] == "default":
            inward = egress | {"direction": "ingress", "remote_group_id": row["id"]}
            _insert_rule(state, row, kinds.SECURITY_GROUP_RULE.create | inward)
    row["revision_number"] = 1
    return row


def delete_group(state: NetworkState, row: Row) -> None:
    """Delete a group with its rules; ports that use it and other groups' rules that name it are in the way."""
    if row["name"] == "default":
        raise Refusal(
            409, "Insufficient rights for removing default security group.", "SecurityGroupCannotRemoveDefault"
        )
    used = any(row["id"] in port["security_groups"] for port in state.tables["ports"].values())
    if used:
        raise Refusal(409, f"Security Group {row['id']} in use.", "SecurityGroupInUse")
    mentions = state.rows("security_group_rules", remote_group_id=row["id"])
    for rule in [*state.rows("security_group_rules", security_group_id=row["id"]), *mentions]:
        if rule["id"] in state.tables["security_group_rules"]:
            delete_rule(state, rule)
    state.delete(kinds.SECURITY_GROUP, [row["id"]])


def create_rule(state: NetworkState, body: Row) -> Row:
    """Add a rule to a group; one that is there already is refused with its id."""
    fields = state.check_fields(kinds.SECURITY_GROUP_RULE, body)
    group = state.find(kinds.SECURITY_GROUP, fields["security_group_id"], own=True)
    if fields["remote_group_id"]:
        state.find(kinds.SECURITY_GROUP, fields["remote_group_id"])
    _check_rule(fields)
    _normalise(fields)
    for other in state.rows("security_group_rules", security_group_id=group["id"]):
        if _same(fields, other):
            text = f"Security group rule already exists. Rule id is {other['id']}."
            raise Refusal(409, text, "SecurityGroupRuleExists")
    state.check_quota(kinds.SECURITY_GROUP_RULE)
    return _insert_rule(state, group, fields)


def _check_rule(fields: Row) -> None:
    if fields["direction"] not in ("ingress", "egress"):
        text = f"Invalid input for direction. Reason: {fields['direction']} is not in valid_values."
        raise Refusal(400, text)
    _check_protocol(fields["protocol"])
    low, high = fields["port_range_min"], fields["port_range_max"]
    ported = low is not None or high is not None
    if ported and fields["protocol"] is None:
        text = "Must also specify protocol if port range is given."
        raise Refusal(400, text, "SecurityGroupProtocolRequiredWithPorts")
    if ported and (low is None or high is None or int(low) > int(high)) and fields["protocol"] not in ("icmp", "1"):
        text = "For TCP/UDP protocols, port_range_min must be <= port_range_max"
        raise Refusal(400, text, "SecurityGroupInvalidPortRange")
    for port in (low, high):
        if port is not None and not 0 <= int(port) <= 65535:
            raise Refusal(400, f"Invalid value for port {port}", "SecurityGroupInvalidPortValue")
    if fields["remote_ip_prefix"] and fields["remote_group_id"]:
        text = "Only one of remote_ip_prefix or remote_group_id or remote_address_group_id may be provided."
        raise Refusal(400, text, "SecurityGroupMultipleRemoteEntites")


def _check_protocol(protocol: object) -> None:
    text = str(protocol).lower()
    if protocol is None or text in PROTOCOLS or (text.isdigit() and int(text) <= 255):
        return
    known = f"[None, {', '.join(repr(name) for name in PROTOCOLS)}]"
    text = (
        f"Security group rule protocol {protocol} not supported. Only protocol values {known} and integer "
        f"representations [0 to 255] are supported."
    )
    raise Refusal(400, text, "SecurityGroupRuleInvalidProtocol")


def _same(one: Row, other: Row) -> bool:
    """Whether two rules admit the same, however they are written."""
    return all(_meaning(name, one[name]) == _meaning(name, other[name]) for name in one if name in _COMPARED)


def _meaning(name: str, value: object) -> object:
    if name == "protocol":
        return PROTOCOL_NUMBERS.get(str(value), value)
    return None if value in EVERYWHERE else value


def _normalise(fields: Row) -> None:
    for name in ("port_range_min", "port_range_max"):
        fields[name] = None if fields[name] is None else int(fields[name])
    if fields["protocol"] is not None:
        fields["protocol"] = str(fields["protocol"]).lower()
    if fields["remote_ip_prefix"]:
        try:
            network = ip_network(fields["remote_ip_prefix"], strict=False)
        except ValueError as error:
            text = f"Invalid CIDR {fields['remote_ip_prefix']} given as IP prefix."
            raise Refusal(400, text, "InvalidCIDR") from error
        fields["remote_ip_prefix"] = str(network)


def _insert_rule(state: NetworkState, group: Row, fields: Row) -> Row:
    fields = fields | {"normalized_cidr": fields["remote_ip_prefix"]}
    row = state.insert(kinds.SECURITY_GROUP_RULE, fields, group["project_id"])
    group["security_group_rules"].append(row)
    state.touch(group, {})
    return row


def delete_rule(state: NetworkState, row: Row) -> None:
    """Take a rule out of its group."""
    group = state.tables["security_groups"][row["security_group_id"]]
    group["security_group_rules"] = [rule for rule in group["security_group_rules"] if rule["id"] != row["id"]]
    state.touch(group, {})
    state.delete(kinds.SECURITY_GROUP_RULE, [row["id"]])


def admits_from_outside(state: NetworkState, port: Row, tcp_port: int) -> bool:
    """Whether a client outside the cloud gets through to a TCP port behind this neutron port.

    A rule counts unless its remote prefix is one of the private ranges: clients outside have public addresses.
    """
    if not port["port_security_enabled"]:
        return True
    groups = set(port["security_groups"])
    rules = (r for r in state.tables["security_group_rules"].values() if r["security_group_id"] in groups)
    return any(_admits(rule, tcp_port) for rule in rules)


def _admits(rule: Row, tcp_port: int) -> bool:
    protocol = PROTOCOL_NUMBERS.get(str(rule["protocol"]), rule["protocol"])
    if rule["direction"] != "ingress" or rule["ethertype"] != "IPv4" or rule["remote_group_id"]:
        return False
    if protocol not in (None, "tcp", "any"):
        return False
    if rule["remote_ip_prefix"]:
        prefix = ip_network(rule["remote_ip_prefix"])
        if any(prefix.version == 4 and prefix.subnet_of(private) for private in PRIVATE):  # type: ignore[arg-type]  # both are version 4
            return False
    return rule["port_range_min"] is None or rule["port_range_min"] <= tcp_port <= rule["port_range_max"]
