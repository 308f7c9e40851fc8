"""Neutron: networks and subnets."""

from __future__ import annotations

from typing import Any

from tests.contract.openstack.observing import Observer
from tests.contract.openstack.scenarios.making import NOWHERE, create, network, port, public, subnet


def life(o: Observer) -> None:
    """A network from its creation to a second deletion of it."""
    made = network(o, description="flotilla.federation=x")
    path = f"networks/{made['id']}"
    o.get("network", path)
    o.put("network", path, {"network": {"name": f"{o.name}-renamed"}})
    o.get("network", "networks", params={"name": f"{o.name}-renamed"})
    o.get("network", "networks", params={"name": f"{o.name}-net"})
    o.delete("network", path)
    o.delete("network", path)
    o.get("network", path)
    o.put("network", path, {"network": {"name": "x"}})


def public_network(o: Observer) -> None:
    """The cloud's own network can be seen and nothing else."""
    found = public(o)
    o.get("network", f"networks/{found}", only=_without_subnets)
    o.delete("network", f"networks/{found}")
    o.put("network", f"networks/{found}", {"network": {"name": "mine"}})
    o.get("network", "subnets", params={"network_id": found})
    o.get("network", "networks", params={"router:external": "True", "name": f"{o.name}-none"})
    o.post("network", "subnets", {"subnet": {"network_id": found, "ip_version": 4, "cidr": "10.61.9.0/24"}})
    o.post("network", "networks", {"network": {"name": f"{o.name}-net", "router:external": True}})
    o.post("network", "networks", {"network": {"name": f"{o.name}-net", "shared": True}})


def _without_subnets(told: Any) -> Any:
    return {**told["network"], "subnets": len(told["network"]["subnets"])}


def refusals(o: Observer) -> None:
    """What makes no sense is refused."""
    o.post("network", "networks", {"network": {"name": "x", "colour": "red"}})
    o.post("network", "networks", {"network": {"name": 5}})
    o.post("network", "networks", {"network": {"id": NOWHERE}})
    o.post("network", "networks", {"wrong": {}})
    o.post("network", "networks", {"network": {"name": "x" * 300}})
    o.get("network", "networks", params={"colour": "red"})
    o.get("network", "networks", params={"limit": "x"})
    o.get("network", "networks", params={"marker": NOWHERE, "limit": "1"})
    o.get("network", f"networks/{NOWHERE}")
    o.get("network", "nonsense")
    o.post("network", "subnets", {"subnet": {"network_id": NOWHERE, "ip_version": 4, "cidr": "10.61.8.0/24"}})
    o.post("network", "subnets", {"subnet": {"ip_version": 4, "cidr": "10.61.8.0/24"}})


def subnets(o: Observer) -> None:
    """Gateway and pool come from the range; ranges that make no sense are refused."""
    net = network(o)["id"]
    made = subnet(o, net)
    path = f"subnets/{made['id']}"
    o.get("network", path)
    o.get("network", "subnets", params={"name": made["name"], "network_id": net})
    o.get("network", f"networks/{net}")
    wrong: tuple[dict[str, Any], ...] = (
        {"cidr": "10.61.0.128/25"},
        {"cidr": "nonsense"},
        {"cidr": "10.61.1.0/24", "ip_version": 6},
        {"cidr": "10.61.1.0/24", "gateway_ip": "nonsense"},
        {"cidr": "10.61.1.0/24", "allocation_pools": [{"start": "10.61.1.1", "end": "10.61.1.9"}]},
        {"cidr": "10.61.1.0/24", "allocation_pools": [{"start": "10.61.2.5", "end": "10.61.2.9"}]},
        {"cidr": "10.61.1.0/24", "allocation_pools": [{"start": "10.61.1.9", "end": "10.61.1.5"}]},
        {},
    )
    for fields in wrong:
        o.post("network", "subnets", {"subnet": {"network_id": net, "ip_version": 4, **fields}})
    o.put("network", path, {"subnet": {"name": f"{o.name}-renamed", "dns_nameservers": ["10.1.1.1"]}})
    o.put("network", path, {"subnet": {"cidr": "10.61.7.0/24"}})
    o.delete("network", path)
    o.get("network", f"networks/{net}", only=lambda told: told["network"]["subnets"])
    o.delete("network", f"networks/{net}")


def pools(o: Observer) -> None:
    """Ports get what the pools have; then there is no more."""
    net = network(o)["id"]
    subnet(o, net, allocation_pools=[{"start": "10.61.0.50", "end": "10.61.0.51"}])
    held = [
        o.post("network", "ports", {"port": {"network_id": net}}, only=lambda told: len(told["port"]["fixed_ips"]))
        for _ in range(2)
    ]
    o.post("network", "ports", {"port": {"network_id": net}})
    for each in held:
        o.delete("network", f"ports/{each['port']['id']}")
    o.delete("network", f"networks/{net}")


def in_use(o: Observer) -> None:
    """A port of somebody holds network and subnet; without it both go at once."""
    net = network(o)["id"]
    sub = subnet(o, net)["id"]
    held = port(o, net)["id"]
    o.delete("network", f"networks/{net}")
    o.delete("network", f"subnets/{sub}")
    o.delete("network", f"ports/{held}")
    o.delete("network", f"networks/{net}")
    o.get("network", f"subnets/{sub}")


def tags(o: Observer) -> None:
    """Tags are set, filtered by all, any and none of some, and cleared."""
    one, two = (create(o, "networks", name=f"{o.name}-{each}")["id"] for each in ("a", "b"))
    o.put("network", f"networks/{one}/tags", {"tags": ["flotilla", f"{o.name}-only"]})
    o.put("network", f"networks/{two}/tags", {"tags": ["flotilla", "other"]})
    o.put("network", f"networks/{two}/tags", {"tags": ["flotilla", "other", "other"]})
    for query in (
        {"tags": "flotilla"},
        {"tags": f"flotilla,{o.name}-only"},
        {"tags-any": f"{o.name}-only,other"},
        {"not-tags": "other"},
        {"not-tags": "flotilla,other"},
        {"not-tags-any": "flotilla,other"},
        {"tags": "nothing"},
        {"description": ""},
    ):
        named = {"name": [f"{o.name}-a", f"{o.name}-b"], **query}
        o.get("network", "networks", params=named, only=lambda told: [row["name"] for row in told["networks"]])
    o.get("network", f"networks/{one}/tags")
    o.put("network", f"networks/{one}/tags", {"tags": ["x" * 300]})
    o.put("network", f"networks/{one}/tags", {"tags": ["with,comma"]})
    o.put("network", f"networks/{one}/tags", {"tags": "text"})
    o.put("network", f"networks/{one}/tags", {})
    o.put("network", f"networks/{NOWHERE}/tags", {"tags": []})
    o.put("network", f"networks/{one}/tags/single", {})
    o.get("network", f"networks/{one}/tags/single")
    o.delete("network", f"networks/{one}/tags/single")
    o.get("network", f"networks/{one}/tags/single")
    o.delete("network", f"networks/{one}/tags")
    o.get("network", f"networks/{one}", only=lambda told: told["network"]["tags"])
    for each in (one, two):
        o.delete("network", f"networks/{each}")


def lists(o: Observer) -> None:
    """Names need not be unique; lists are sorted, cut into pages and to chosen fields."""
    made = [create(o, "networks", name=f"{o.name}-{each}", description=o.name)["id"] for each in ("c", "a", "b", "a")]
    mine = {"description": o.name}
    names = _names("networks")
    o.get("network", "networks", params={**mine, "name": f"{o.name}-a"}, only=names)
    o.get("network", "networks", params={**mine, "name": [f"{o.name}-a", f"{o.name}-b"]}, only=names)
    o.get("network", "networks", params={**mine, "id": made[:2]}, only=names)
    o.get("network", "networks", params={**mine, "fields": ["name", "status"]})
    first = {**mine, "limit": "3", "sort_key": "name"}
    o.get("network", "networks", params=first, only=lambda told: [len(told["networks"]), "networks_links" in told])
    rest = {**mine, "limit": "3", "marker": sorted(made)[2]}
    o.get("network", "networks", params=rest, only=lambda told: len(told["networks"]))
    for each in made:
        o.delete("network", f"networks/{each}")


def _names(kind: str) -> Any:
    return lambda told: [row["name"] for row in told[kind]]


def quota(o: Observer) -> None:
    """One network too many is a 409 OverQuota."""
    o.cloud.ground.quota(network=0, subnet=0)
    o.post("network", "networks", {"network": {"name": o.name}})
    o.cloud.ground.quota(network=100)
    net = network(o)["id"]
    o.post("network", "subnets", {"subnet": {"network_id": net, "ip_version": 4, "cidr": "10.61.0.0/24"}})
    o.cloud.ground.quota(subnet=100)
    o.delete("network", f"networks/{net}")


SCENARIOS = (life, public_network, refusals, subnets, pools, in_use, tags, lists, quota)
