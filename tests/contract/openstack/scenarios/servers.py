"""Nova: servers."""

from __future__ import annotations

from typing import Any

from tests.contract.openstack.observing import Observer
from tests.contract.openstack.scenarios.making import (
    NOWHERE,
    PUBLIC_KEY,
    active,
    create,
    end,
    image,
    network,
    port,
    routed,
    server,
    subnet,
)


def life(o: Observer) -> None:
    """A server as a machine gets it: its own port, key pair, user data, metadata and tags."""
    net = network(o)["id"]
    sub = subnet(o, net)["id"]
    group = create(o, "security-groups", name=f"{o.name}-group")["id"]
    plug = port(o, net, fixed_ips=[{"subnet_id": sub, "ip_address": "10.61.0.50"}], security_groups=[group])["id"]
    o.post("compute", "os-keypairs", {"keypair": {"name": f"{o.name}-key", "public_key": PUBLIC_KEY}})
    made = server(
        o, networks=[{"port": plug}], key_name=f"{o.name}-key", user_data="I2Nsb3VkLWNvbmZpZwo=",
        metadata={"flotilla.role": "worker"}, tags=["flotilla.cluster=a", "flotilla.federation=x"],
    )["id"]  # fmt: skip
    path = f"servers/{made}"
    active(o, made)
    o.get("network", f"ports/{plug}", only=lambda told: _bound(told["port"], made))
    o.get("compute", "servers/detail", params={"name": f"^{o.name}-node$"})
    o.get("compute", "servers", params={"name": f"^{o.name}-node$"})
    o.post("compute", f"{path}/metadata", {"metadata": {"flotilla.host-key": "ssh-ed25519 AAAA"}})
    o.get("compute", f"{path}/metadata")
    o.delete("compute", f"{path}/metadata/flotilla.role")
    o.delete("compute", f"{path}/metadata/flotilla.role")
    o.get("compute", f"{path}/os-interface")
    o.delete("compute", f"os-keypairs/{o.name}-key")
    o.delete("compute", path)
    o.gone("compute", path)
    o.delete("compute", path)
    o.get("network", f"ports/{plug}", only=lambda told: _bound(told["port"], made))
    o.post("compute", f"{path}/metadata", {"metadata": {"a": "b"}})
    o.post("compute", f"{path}/action", {"os-start": None})
    o.post("compute", f"{path}/action", {"os-getConsoleOutput": {}})
    o.delete("network", f"ports/{plug}")
    o.delete("network", f"security-groups/{group}")
    o.delete("network", f"networks/{net}")


def _bound(row: Any, server_id: str) -> Any:
    is_its = row["device_id"] == server_id
    return {"its": is_its, "owner": row["device_owner"], "status": row["status"], "security": row["security_groups"]}


def early(o: Observer) -> None:
    """Right after it is accepted a server is BUILD and without addresses; a delete at once is taken."""
    o.cloud.ground.slow(server__build=0.5)
    made = server(o)["id"]
    o.get("compute", f"servers/{made}", only=_state)
    o.cloud.ground.slow()
    active(o, made)
    o.delete("compute", f"servers/{made}")
    o.gone("compute", f"servers/{made}")
    second = server(o)["id"]
    o.delete("compute", f"servers/{second}")
    o.gone("compute", f"servers/{second}")


def _state(told: Any) -> Any:
    row = told["server"]
    return {"status": row["status"], "vm_state": row["OS-EXT-STS:vm_state"], "addresses": row["addresses"]}


def refusals(o: Observer) -> None:
    """What a request refers to has to be there; what it says has to make sense."""
    found = image(o)
    base = {"name": f"{o.name}-node", "flavorRef": "2", "imageRef": found, "networks": "none"}
    for fields in (
        {"imageRef": NOWHERE},
        {"imageRef": "nonsense"},
        {"flavorRef": "99"},
        {"flavorRef": "1"},
        {"key_name": "nobodys"},
        {"networks": [{"uuid": NOWHERE}]},
        {"networks": [{"port": NOWHERE}]},
        {"networks": [{"port": "nonsense"}]},
        {"availability_zone": "nowhere"},
        {"user_data": "abc"},
        {"metadata": {"a/b": "c"}},
        {"metadata": {"flotilla": "x" * 256}},
        {"tags": ["with,comma"]},
        {"tags": ["x" * 61]},
        {"name": ""},
        {"colour": "red"},
    ):
        o.post("compute", "servers", {"server": {**base, **fields}})
    o.post("compute", "servers", {"server": {name: base[name] for name in ("name", "flavorRef", "imageRef")}})
    o.post("compute", "servers", {})
    o.get("compute", f"servers/{NOWHERE}")
    o.delete("compute", f"servers/{NOWHERE}")
    o.delete("compute", "servers/nonsense")
    o.get("compute", "servers/detail", params={"name": "("})
    o.get("compute", "servers/detail", params={"limit": "x"})
    o.get("compute", "servers/detail", params={"marker": NOWHERE})


def ports_in_use(o: Observer) -> None:
    """A port serves one server; deleting it under the server is allowed."""
    net = network(o)["id"]
    subnet(o, net)
    plug = port(o, net, fixed_ips=[{"ip_address": "10.61.0.50"}])["id"]
    made = server(o, networks=[{"port": plug}])["id"]
    active(o, made)
    server(o, networks=[{"port": plug}])
    o.delete("network", f"networks/{net}")
    o.delete("network", f"ports/{plug}")
    o.until("compute", f"servers/{made}", lambda told: not told["server"]["addresses"])
    end(o, made)
    bare = port(o, net, fixed_ips=[])["id"]
    server(o, networks=[{"port": bare}])
    o.delete("network", f"ports/{bare}")
    o.delete("network", f"networks/{net}")


def own_ports(o: Observer) -> None:
    """A port that Nova made goes with the server."""
    net = network(o)["id"]
    subnet(o, net, allocation_pools=[{"start": "10.61.0.50", "end": "10.61.0.50"}])
    made = server(o, networks=[{"uuid": net}])["id"]
    active(o, made)
    o.get("network", "ports", params={"device_id": made})
    end(o, made)
    o.get("network", "ports", params={"network_id": net})
    o.delete("network", f"networks/{net}")


def addresses(o: Observer) -> None:
    """A floating address shows up among the server's addresses a while later, and leaves them again."""
    net, sub, way = routed(o)
    plug = port(o, net["id"], fixed_ips=[{"ip_address": "10.61.0.50"}])["id"]
    made = server(o, networks=[{"port": plug}])["id"]
    active(o, made)
    outside = way["external_gateway_info"]["network_id"]
    floating = create(o, "floatingips", floating_network_id=outside, port_id=plug)["id"]
    o.until("compute", f"servers/{made}", lambda told: _count(told) == 2)
    o.get("network", "floatingips", params={"port_id": plug}, only=_details)
    o.delete("network", f"floatingips/{floating}")
    o.until("compute", f"servers/{made}", lambda told: _count(told) == 1)
    end(o, made)
    o.delete("network", f"ports/{plug}")
    o.put("network", f"routers/{way['id']}/remove_router_interface", {"subnet_id": sub["id"]})
    o.delete("network", f"routers/{way['id']}")
    o.delete("network", f"networks/{net['id']}")


def _count(told: Any) -> int:
    return sum(len(rows) for rows in told["server"]["addresses"].values())


def _details(told: Any) -> Any:
    return [row["port_details"]["device_owner"] for row in told["floatingips"]]


def power(o: Observer) -> None:
    """Stop, start and reboot; the wrong one is a 409."""
    made = server(o)["id"]
    path = f"servers/{made}"
    active(o, made)
    o.post("compute", f"{path}/action", {"os-start": None})
    o.post("compute", f"{path}/action", {"os-stop": None})
    o.until("compute", path, lambda told: told["server"]["status"] == "SHUTOFF")
    o.post("compute", f"{path}/action", {"os-stop": None})
    o.post("compute", f"{path}/action", {"os-start": None})
    active(o, made)
    o.post("compute", f"{path}/action", {"reboot": {"type": "HARD"}})
    active(o, made)
    o.post("compute", f"{path}/action", {"reboot": {"type": "nonsense"}})
    o.post("compute", f"{path}/action", {"nonsense": None})
    o.post("compute", f"{path}/action", {"os-getConsoleOutput": {}}, only=list)
    o.put("compute", path, {"server": {"name": f"{o.name}-renamed"}}, only=lambda told: told["server"]["name"])
    o.post("compute", f"{path}/action", {"forceDelete": None})
    o.gone("compute", path)
    o.post("compute", f"{path}/action", {"forceDelete": None})


def lists(o: Observer) -> None:
    """Newest first, in pages, by name, tag and status; unknown filters are ignored."""
    made = []
    for name in ("x1", "x2", "y1"):
        made.append(server(o, name=f"{o.name}-{name}", tags=["flotilla", f"{o.name}-{name}"])["id"])
        active(o, made[-1])
    names = _names
    for query in (
        {"name": f"{o.name}-x"},
        {"name": f"^{o.name}-x1$"},
        {"tags": f"flotilla,{o.name}-x2"},
        {"tags-any": f"{o.name}-x2,{o.name}-y1"},
        {"not-tags": f"{o.name}-x2", "name": o.name},
        {"name": o.name, "status": "ERROR"},
        {"name": o.name, "status": "active"},
        {"name": o.name, "status": "nonsense"},
        {"name": o.name, "limit": "2"},
        {"name": o.name, "marker": made[1]},
        {"name": o.name, "sort_key": "display_name", "sort_dir": "asc"},
        {"name": o.name, "colour": "red"},
    ):
        o.get("compute", "servers/detail", params=query, only=names)
    o.get("compute", f"servers/{made[0]}/tags")
    o.put("compute", f"servers/{made[0]}/tags", {"tags": ["b", "a", "b"]})
    o.put("compute", f"servers/{made[0]}/tags", {"tags": ["a", "b", "c"]})
    o.delete("compute", f"servers/{made[0]}/tags")
    for each in made:
        end(o, each)


def _names(told: Any) -> Any:
    return {"names": [row["name"] for row in told["servers"]], "more": "servers_links" in told}


def quotas(o: Observer) -> None:
    """One server too many is a 403 that names what is exceeded, how much was asked, used and allowed."""
    o.cloud.ground.quota(instances=0)
    server(o)
    o.cloud.ground.quota(instances=10, cores=1)
    server(o, flavorRef="3")
    o.cloud.ground.quota(cores=0, ram=1024)
    server(o)
    o.cloud.ground.quota(cores=20, ram=51200)
    made = server(o)["id"]
    active(o, made)
    o.cloud.ground.quota(instances=1)
    server(o)
    server(o, min_count=2, max_count=2)
    o.cloud.ground.quota(instances=200, cores=1000, ram=10_000_000)
    end(o, made)


SCENARIOS = (life, early, refusals, ports_in_use, own_ports, addresses, power, lists, quotas)
