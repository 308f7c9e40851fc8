"""Neutron: routers and floating addresses."""

from __future__ import annotations

from typing import Any

from tests.contract.openstack.observing import Observer
from tests.contract.openstack.scenarios.making import NOWHERE, create, network, port, public, routed, router, subnet


def life(o: Observer) -> None:
    """A router from its creation to a second deletion of it."""
    outside = public(o)
    made = router(o, description="flotilla.federation=x", external_gateway_info={"network_id": outside})
    path = f"routers/{made['id']}"
    o.get("network", "routers", params={"name": made["name"]})
    o.put("network", path, {"router": {"external_gateway_info": {"network_id": outside}}})
    o.put("network", path, {"router": {"external_gateway_info": {}}})
    o.put("network", path, {"router": {"external_gateway_info": {"network_id": outside}}})
    o.put("network", path, {"router": {"external_gateway_info": {"network_id": NOWHERE}}})
    o.put("network", f"{path}/tags", {"tags": ["flotilla", "r"]})
    o.get("network", "routers", params={"tags": "flotilla,r", "name": made["name"]})
    o.get("network", "ports", params={"device_id": made["id"]})
    o.delete("network", path)
    o.delete("network", path)


def interfaces(o: Observer) -> None:
    """An interface is added once and removed once; a router with one stays."""
    net, sub, way = routed(o)
    path = f"routers/{way['id']}"
    asked = {"subnet_id": sub["id"]}
    mine = {"device_id": way["id"], "network_id": net["id"]}
    found = o.get("network", "ports", params=mine, only=_without_status)["ports"][0]
    o.put("network", f"{path}/add_router_interface", asked)
    o.put("network", f"{path}/add_router_interface", {"subnet_id": NOWHERE})
    o.put("network", f"{path}/add_router_interface", {})
    o.put("network", f"routers/{NOWHERE}/add_router_interface", asked)
    o.delete("network", path)
    o.delete("network", f"ports/{found['id']}")
    o.delete("network", f"subnets/{sub['id']}")
    o.delete("network", f"networks/{net['id']}")
    o.put("network", f"{path}/remove_router_interface", asked)
    o.put("network", f"{path}/remove_router_interface", asked)
    o.put("network", f"{path}/remove_router_interface", {"port_id": found["id"]})
    held = port(o, net["id"], fixed_ips=[{"ip_address": "10.61.0.50"}])["id"]
    o.put("network", f"{path}/add_router_interface", {"port_id": held})
    o.put("network", f"{path}/remove_router_interface", {"port_id": held})
    o.delete("network", path)
    o.put("network", f"{path}/remove_router_interface", asked)
    o.delete("network", f"networks/{net['id']}")


def _without_status(told: Any) -> Any:
    """Without what an agent reports of a port."""
    return [{**row, "status": ""} for row in told["ports"]]


def refusals(o: Observer) -> None:
    """A gateway has to be an external network; a subnet needs a gateway address; there is a quota."""
    net = network(o)["id"]
    o.post("network", "routers", {"router": {"name": o.name, "external_gateway_info": {"network_id": net}}})
    o.post("network", "routers", {"router": {"name": o.name, "external_gateway_info": {"network_id": NOWHERE}}})
    o.post("network", "routers", {"router": {"name": o.name, "colour": "red"}})
    sub = subnet(o, net, gateway_ip=None)["id"]
    way = router(o)["id"]
    o.put("network", f"routers/{way}/add_router_interface", {"subnet_id": sub})
    o.cloud.ground.quota(router=1)
    o.post("network", "routers", {"router": {"name": o.name}})
    o.cloud.ground.quota(router=100)
    o.delete("network", f"routers/{way}")
    o.delete("network", f"networks/{net}")


def floating(o: Observer) -> None:
    """A floating address leads to a port, holds interface and gateway, and is let go when the port goes."""
    net, sub, way = routed(o)
    outside = way["external_gateway_info"]["network_id"]
    end = port(o, net["id"], fixed_ips=[{"ip_address": "10.61.0.50"}])["id"]
    made = _take(o, outside, port_id=end, description="flotilla.federation=x")
    path = f"floatingips/{made['id']}"
    o.put("network", f"{path}/tags", {"tags": ["flotilla", o.name]})
    o.get("network", "floatingips", params={"tags": f"flotilla,{o.name}"}, only=_steady)
    o.get("network", "floatingips", params={"port_id": [end, NOWHERE]}, only=_steady)
    o.post("network", "floatingips", {"floatingip": {"floating_network_id": outside, "port_id": end}})
    o.put("network", f"routers/{way['id']}/remove_router_interface", {"subnet_id": sub["id"]})
    o.put("network", f"routers/{way['id']}", {"router": {"external_gateway_info": {}}})
    o.delete("network", f"networks/{net['id']}")
    o.put("network", path, {"floatingip": {"port_id": None}})
    o.put("network", path, {"floatingip": {"port_id": end}})
    o.put("network", path, {"floatingip": {"port_id": end}}, only=lambda told: told["floatingip"]["port_id"])
    o.put("network", path, {"floatingip": {"port_id": NOWHERE}})
    o.put("network", path, {"floatingip": {"description": "kept"}}, only=_led)
    o.delete("network", f"ports/{end}")
    o.get("network", path)
    o.delete("network", path)
    o.delete("network", path)
    o.put("network", f"routers/{way['id']}/remove_router_interface", {"subnet_id": sub["id"]})
    o.delete("network", f"routers/{way['id']}")
    o.delete("network", f"networks/{net['id']}")


def _steady(told: Any) -> Any:
    """Without what an agent changes while one looks."""
    return [{**row, "status": "", "revision_number": 0} for row in told["floatingips"]]


def _led(told: Any) -> Any:
    row = told["floatingip"]
    return {name: row[name] for name in ("description", "port_id", "router_id")}


def floating_refusals(o: Observer) -> None:
    """What leads nowhere is refused; so is one address too many."""
    outside = public(o)
    net = network(o)["id"]
    sub = subnet(o, net)["id"]
    end = port(o, net, fixed_ips=[{"ip_address": "10.61.0.50"}])["id"]
    for fields in (
        {"floating_network_id": outside, "port_id": end},
        {"floating_network_id": net},
        {"floating_network_id": NOWHERE},
        {"floating_network_id": outside, "port_id": NOWHERE},
        {"floating_network_id": outside, "floating_ip_address": "127.1.1.1"},
        {},
    ):
        o.post("network", "floatingips", {"floatingip": fields})
    way = router(o)["id"]
    o.put("network", f"routers/{way}/add_router_interface", {"subnet_id": sub})
    o.post("network", "floatingips", {"floatingip": {"floating_network_id": outside, "port_id": end}})
    o.cloud.ground.quota(floatingip=0)
    o.post("network", "floatingips", {"floatingip": {"floating_network_id": outside}})
    o.cloud.ground.quota(floatingip=50)
    o.put("network", f"routers/{way}/remove_router_interface", {"subnet_id": sub})
    o.delete("network", f"routers/{way}")
    o.delete("network", f"ports/{end}")
    o.delete("network", f"networks/{net}")


def _take(o: Observer, outside: str, **fields: Any) -> Any:
    return create(o, "floatingips", floating_network_id=outside, **fields)


SCENARIOS = (life, interfaces, refusals, floating, floating_refusals)
