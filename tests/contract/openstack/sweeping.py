"""What a project has in a real cloud as its administrator sees it, and how all of it goes."""

from __future__ import annotations

from typing import Any

from openstack.connection import Connection

from tests.contract.sandbox.process import eventually

_NETWORK = ("floatingips", "ports", "routers", "subnets", "networks", "security_groups")
_KEYS = "/os-keypairs"


def left_of(admin: Connection, project: str, user: str) -> dict[str, Any]:
    """Objects by kind, but for the security group that every project has."""
    found = {kind: _listed(admin, kind, project) for kind in _NETWORK}
    found["security_groups"] = [row for row in found["security_groups"] if row["name"] != "default"]
    query = {"all_tenants": "1", "project_id": project}
    found["servers"] = admin.compute.get("/servers", params=query).json()["servers"]
    keys = admin.compute.get(_KEYS, params={"user_id": user}, microversion="2.10").json()["keypairs"]
    found["keypairs"] = [row["keypair"] for row in keys]
    return {kind: rows for kind, rows in found.items() if rows}


def sweep(admin: Connection, project: str, user: str) -> None:
    """Delete everything that a project has."""
    found = left_of(admin, project, user)
    for server in found.get("servers", ()):
        admin.compute.delete_server(server["id"], force=True)
    if "servers" in found:
        eventually(lambda: "servers" not in left_of(admin, project, user), 60, "end of all servers")
    for key in found.get("keypairs", ()):
        params = {"user_id": user}
        admin.compute.delete(f"{_KEYS}/{key['name']}", params=params, microversion="2.10").raise_for_status()
    for floating in found.get("floatingips", ()):
        admin.network.delete_ip(floating["id"])
    _unplug(admin, found)
    for kind in ("routers", "networks"):
        for row in found.get(kind, ()):
            admin.network.delete(f"/{kind}/{row['id']}").raise_for_status()
    for group in _listed(admin, "security_groups", project):
        admin.network.delete(f"/security-groups/{group['id']}").raise_for_status()


def _unplug(admin: Connection, found: dict[str, Any]) -> None:
    for port in found.get("ports", ()):
        if port["device_owner"] == "network:router_interface":
            path = f"/routers/{port['device_id']}/remove_router_interface"
            admin.network.put(path, json={"port_id": port["id"]}).raise_for_status()
        else:
            admin.network.delete_port(port["id"])


def _listed(admin: Connection, kind: str, project: str) -> list[dict[str, Any]]:
    answer = admin.network.get(f"/{kind.replace('_', '-')}", params={"project_id": project})
    answer.raise_for_status()
    rows: list[dict[str, Any]] = answer.json()[kind]
    return rows
