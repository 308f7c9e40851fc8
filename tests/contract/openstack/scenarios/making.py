"""What scenarios make to have something to ask about; every request of it is an observation, too."""

from __future__ import annotations

from typing import Any

from tests.contract.openstack.observing import Observer

NOWHERE = "00000000-0000-4000-8000-000000000000"
PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFh3hZXJzFwX1v8mZr1yqP0Ue9E5pQ5d6v1oYz5y1x2k test"

Row = dict[str, Any]


def create(o: Observer, kind: str, **fields: Any) -> Row:
    """An object of the network service."""
    singular = kind.replace("-", "_").removesuffix("s")
    made: Row = o.post("network", kind, {singular: fields})[singular]
    return made


def network(o: Observer, **fields: Any) -> Row:
    """A network."""
    return create(o, "networks", name=f"{o.name}-net", **fields)


def subnet(o: Observer, network_id: str, cidr: str = "10.61.0.0/24", **fields: Any) -> Row:
    """A subnet without DHCP, for which a cloud with agents would make a port."""
    given = {"ip_version": 4, "enable_dhcp": False, "name": f"{o.name}-subnet", **fields}
    return create(o, "subnets", network_id=network_id, cidr=cidr, **given)


def port(o: Observer, network_id: str, **fields: Any) -> Row:
    """A port with an address that does not change from run to run."""
    return create(o, "ports", network_id=network_id, name=f"{o.name}-port", **fields)


def router(o: Observer, **fields: Any) -> Row:
    """A router."""
    return create(o, "routers", name=f"{o.name}-router", **fields)


def routed(o: Observer) -> tuple[Row, Row, Row]:
    """Network, subnet and router with a gateway and an interface."""
    net = network(o)
    sub = subnet(o, net["id"])
    way = router(o, external_gateway_info={"network_id": public(o)})
    o.put("network", f"routers/{way['id']}/add_router_interface", {"subnet_id": sub["id"]})
    return net, sub, way


def public(o: Observer) -> str:
    """Id of the external network."""
    found = o.get("network", "networks", params={"name": "public", "router:external": "True"})
    return str(found["networks"][0]["id"])


def image(o: Observer, name: str = "ubuntu-24.04") -> str:
    """Id of an image of the cloud."""
    found = o.get("image", "images", params={"name": name, "status": "active"}, only=_known)
    return str(found["images"][0]["id"])


def _known(told: Any) -> Any:
    return [{name: row[name] for name in ("id", "name", "status", "min_disk")} for row in told["images"]]


def server(o: Observer, more: Any = None, **fields: Any) -> Row:
    """A server without a network, just asked for."""
    given = {"name": f"{o.name}-node", "flavorRef": "2", "imageRef": image(o), "networks": "none", **fields}
    made: Row = o.post("compute", "servers", {"server": given, **(more or {})})
    found: Row = made.get("server", {})
    return found


def active(o: Observer, server_id: str) -> Row:
    """The server when it runs."""
    row: Row = o.until("compute", f"servers/{server_id}", lambda told: told["server"]["status"] == "ACTIVE")["server"]
    return row


def end(o: Observer, server_id: str) -> None:
    """Delete a server and wait until it is gone."""
    o.delete("compute", f"servers/{server_id}")
    o.gone("compute", f"servers/{server_id}")
