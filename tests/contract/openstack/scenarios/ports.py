"""Neutron: ports and security groups."""

from __future__ import annotations

from tests.contract.openstack.observing import Observer
from tests.contract.openstack.scenarios.making import NOWHERE, create, network, port, subnet


def life(o: Observer) -> None:
    """A port as a machine gets it, from its creation to a second deletion of it."""
    net = network(o)["id"]
    sub = subnet(o, net)["id"]
    group = create(o, "security-groups", name=f"{o.name}-group")["id"]
    made = port(
        o, net, description="flotilla.federation=x", fixed_ips=[{"subnet_id": sub}], security_groups=[group],
        allowed_address_pairs=[{"ip_address": "10.61.0.0/24"}],
    )  # fmt: skip
    path = f"ports/{made['id']}"
    o.get("network", "ports", params={"name": made["name"]})
    o.get("network", "ports", params={"device_id": NOWHERE, "network_id": net})
    o.get("network", "ports", params={"device_owner": ["network:router_interface", "x"], "network_id": net})
    o.get("network", "ports", params={"network_id": net, "fixed_ips": f"subnet_id={sub}"})
    o.put("network", path, {"port": {"allowed_address_pairs": [], "name": f"{o.name}-renamed"}})
    o.put("network", path, {"port": {"network_id": NOWHERE}})
    o.delete("network", f"security-groups/{group}")
    o.delete("network", path)
    o.delete("network", path)
    o.delete("network", f"security-groups/{group}")
    o.delete("network", f"networks/{net}")


def addresses(o: Observer) -> None:
    """An address can be asked for once, and only where it belongs."""
    net = network(o)["id"]
    sub = subnet(o, net)["id"]
    wanted = [{"ip_address": "10.61.0.50"}]
    held = port(o, net, fixed_ips=wanted)["id"]
    for fixed in (wanted, [{"ip_address": "10.99.0.50"}], [{"subnet_id": NOWHERE}], [{"ip_address": "nonsense"}]):
        o.post("network", "ports", {"port": {"network_id": net, "fixed_ips": fixed}})
    second = port(o, net, fixed_ips=[{"subnet_id": sub, "ip_address": "10.61.0.51"}])["id"]
    o.put("network", f"ports/{second}", {"port": {"fixed_ips": wanted}})
    bare = port(o, net, fixed_ips=[])["id"]
    for each in (held, second, bare):
        o.delete("network", f"ports/{each}")
    o.delete("network", f"networks/{net}")


def refusals(o: Observer) -> None:
    """What makes no sense is refused."""
    net = network(o)["id"]
    subnet(o, net)
    o.post("network", "ports", {"port": {"network_id": NOWHERE}})
    o.post("network", "ports", {"port": {"name": "x"}})
    for fields in (
        {"security_groups": [NOWHERE]},
        {"allowed_address_pairs": [{"mac_address": "fa:16:3e:00:00:01"}]},
        {"allowed_address_pairs": [{"ip_address": "nonsense"}]},
        {"port_security_enabled": False, "allowed_address_pairs": [{"ip_address": "10.61.0.60"}]},
        {"colour": "red"},
    ):
        o.post("network", "ports", {"port": {"network_id": net, **fields}})
    open_port = port(o, net, port_security_enabled=False)["id"]
    o.cloud.ground.quota(port=1)
    o.post("network", "ports", {"port": {"network_id": net}})
    o.cloud.ground.quota(port=500)
    o.delete("network", f"ports/{open_port}")
    o.delete("network", f"networks/{net}")


def groups(o: Observer) -> None:
    """A new group lets everything out and nothing in; names need not be unique; the default one stays."""
    made = create(o, "security-groups", name=f"{o.name}-group", description="flotilla.federation=x")
    path = f"security-groups/{made['id']}"
    o.get("network", path)
    twin = create(o, "security-groups", name=f"{o.name}-group")["id"]
    found = o.get(
        "network", "security-groups", params={"name": "default"},
        only=lambda told: [len(told["security_groups"]), told["security_groups"][0]["description"]],
    )  # fmt: skip
    o.delete("network", f"security-groups/{found['security_groups'][0]['id']}")
    o.post("network", "security-groups", {"security_group": {"name": "default"}})
    o.put("network", path, {"security_group": {"name": "default"}})
    o.put("network", f"{path}/tags", {"tags": ["flotilla", "b"]})
    o.get("network", "security-groups", params={"tags": "flotilla,b", "name": made["name"]})
    o.cloud.ground.quota(security_group=2)
    o.post("network", "security-groups", {"security_group": {"name": o.name}})
    o.cloud.ground.quota(security_group=100)
    for each in (made["id"], twin, twin):
        o.delete("network", f"security-groups/{each}")


def rules(o: Observer) -> None:
    """A rule exists once, however it is described; what makes no sense is refused."""
    group = create(o, "security-groups", name=f"{o.name}-group")["id"]
    other = create(o, "security-groups", name=f"{o.name}-other")["id"]
    base = {"security_group_id": group, "direction": "ingress", "ethertype": "IPv4"}
    ssh = {**base, "protocol": "tcp", "port_range_min": 22, "port_range_max": 22}
    first = create(o, "security-group-rules", **ssh)["id"]
    create(o, "security-group-rules", **base, protocol="icmp")
    create(o, "security-group-rules", **base, remote_group_id=group)
    create(o, "security-group-rules", **base, remote_group_id=other)
    for fields in (
        ssh,
        {**ssh, "description": "again"},
        {**ssh, "protocol": "TCP"},
        {**ssh, "protocol": 6},
        {**ssh, "remote_ip_prefix": "0.0.0.0/0"},
        {**ssh, "port_range_min": 30},
        {**ssh, "protocol": None},
        {**base, "remote_ip_prefix": "nonsense"},
        {**base, "remote_group_id": NOWHERE},
        {**base, "remote_group_id": group, "remote_ip_prefix": "10.0.0.0/8"},
        {**base, "direction": "sideways"},
        {**ssh, "security_group_id": NOWHERE},
        {**ssh, "port_range_max": 70000},
        {**ssh, "protocol": "nonsense"},
    ):
        o.post("network", "security-group-rules", {"security_group_rule": fields})
    o.get("network", "security-group-rules", params={"security_group_id": group})
    o.delete("network", f"security-groups/{other}")
    o.get("network", f"security-groups/{group}")
    o.delete("network", f"security-group-rules/{first}")
    o.delete("network", f"security-group-rules/{first}")
    o.delete("network", f"security-groups/{group}")


SCENARIOS = (life, addresses, refusals, groups, rules)
