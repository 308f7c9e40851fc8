"""Servers, flavors and groups as nova shows them, by microversion."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from sandbox.openstack.compute.state import FLAVORS

if TYPE_CHECKING:
    from sandbox.openstack.cloud import Cloud

Row = dict[str, Any]
Version = tuple[int, int]
POWER = {"ACTIVE": 1, "SHUTOFF": 4, "REBOOT": 1, "HARD_REBOOT": 1}
VM_STATES = {"ACTIVE": "active", "SHUTOFF": "stopped", "BUILD": "building", "ERROR": "error"}


def flavor(flavor_id: str, base: str, version: Version) -> Row:
    """A flavor in full."""
    name, vcpus, ram, disk = FLAVORS[flavor_id]
    row: Row = {
        "id": flavor_id,
        "name": name,
        "ram": ram,
        "disk": disk,
        "vcpus": vcpus,
        "swap": "" if version < (2, 75) else 0,
        "OS-FLV-EXT-DATA:ephemeral": 0,
        "OS-FLV-DISABLED:disabled": False,
        "rxtx_factor": 1.0,
        "os-flavor-access:is_public": True,
        "links": links("flavors", flavor_id, base),
    }
    if version >= (2, 55):
        row["description"] = None
    if version >= (2, 61):
        row["extra_specs"] = {}
    return row


def links(collection: str, object_id: str, base: str) -> list[Row]:
    """Self and bookmark link of an object."""
    return [
        {"rel": "self", "href": f"{base}/compute/v2.1/{collection}/{object_id}"},
        {"rel": "bookmark", "href": f"{base}/compute/{collection}/{object_id}"},
    ]


def addresses(cloud: Cloud, server: Row) -> dict[str, list[Row]]:
    """Addresses by network name. A floating IP shows only once nova's cache has heard of it."""
    table: dict[str, list[Row]] = {}
    network = cloud.network
    for port in network.rows("ports", device_id=server["id"]):
        name = network.tables["networks"][port["network_id"]]["name"]
        entries = table.setdefault(name, [])
        for fixed in port["fixed_ips"]:
            entries.append(_address(fixed["ip_address"], "fixed", port["mac_address"]))
            for floating in network.rows("floatingips", port_id=port["id"], fixed_ip_address=fixed["ip_address"]):
                if floating["id"] in cloud.shown_floating_ips:
                    entries.append(_address(floating["floating_ip_address"], "floating", port["mac_address"]))
    return table


def _address(address: str, kind: str, mac: str) -> Row:
    return {"version": 4, "addr": address, "OS-EXT-IPS:type": kind, "OS-EXT-IPS-MAC:mac_addr": mac}


HIDDEN = "UNKNOWN"
"""The status of a server whose cell does not answer."""
LISTED_WITHOUT = frozenset({"server_groups"})
"""Fields of a server that a list does not show."""


def server(cloud: Cloud, row: Row, base: str, version: Version) -> Row:
    """A server in full."""
    status = row["status"]
    host = hashlib.sha224(f"{row['project_id']}{row['host']}".encode()).hexdigest() if row["host"] else ""
    shown: Row = {
        "id": row["id"],
        "name": row["name"],
        "status": status,
        "tenant_id": row["project_id"],
        "user_id": row["user_id"],
        "metadata": row["metadata"],
        "hostId": host,
        "image": _embedded_image(row, base),
        "flavor": _embedded_flavor(row, base, version),
        "created": row["created"],
        "updated": row["updated"],
        "addresses": {} if status in ("BUILD", "ERROR") and not row["launched_at"] else addresses(cloud, row),
        "accessIPv4": "",
        "accessIPv6": "",
        "links": links("servers", row["id"], base),
        "OS-DCF:diskConfig": "MANUAL",
        "OS-EXT-AZ:availability_zone": "nova" if row["host"] else "",
        "config_drive": "",
        "key_name": row["key_name"],
        "OS-SRV-USG:launched_at": row["launched_at"],
        "OS-SRV-USG:terminated_at": None,
        "OS-EXT-STS:task_state": row["task_state"],
        "OS-EXT-STS:vm_state": VM_STATES.get(status, "active"),
        "OS-EXT-STS:power_state": POWER.get(status, 0),
        "os-extended-volumes:volumes_attached": [],
    }
    shown |= _optional(cloud, row)
    for since, fields in _by_version(row).items():
        if version >= since:
            shown |= fields
    return shown


def hidden_server(row: Row, base: str, version: Version) -> Row:
    """What nova's own database knows of a server whose cell does not answer: no name, no tags, no metadata.

    Seen of Zed when the database of its only cell refused connections.
    """
    shown: Row = {
        "id": row["id"],
        "status": HIDDEN,
        "tenant_id": row["project_id"],
        "user_id": row["user_id"],
        "created": row["created"],
        "image": _embedded_image(row, base),
        "flavor": _embedded_flavor(row, base, version),
        "links": links("servers", row["id"], base),
        "OS-EXT-AZ:availability_zone": HIDDEN,
        "OS-EXT-STS:power_state": 0,
    }
    if version >= (2, 71):
        shown["server_groups"] = [row["group_id"]] if row["group_id"] else []
    return shown


def _by_version(row: Row) -> dict[Version, Row]:
    """Fields that came with a microversion. Source: nova's REST API version history."""
    return {
        (2, 9): {"locked": False},
        (2, 19): {"description": row["description"]},
        (2, 26): {"tags": row["tags"]},
        (2, 63): {"trusted_image_certificates": None},
        (2, 71): {"server_groups": [row["group_id"]] if row["group_id"] else []},
        (2, 73): {"locked_reason": None},
        (2, 90): {"OS-EXT-SRV-ATTR:hostname": row["name"]},
        (2, 96): {"pinned_availability_zone": None},
    }


def _optional(cloud: Cloud, row: Row) -> Row:
    fields: Row = {}
    if row["status"] in ("ACTIVE", "BUILD"):
        fields["progress"] = 0
    if row["fault"]:
        fields["fault"] = row["fault"]
    names = {
        cloud.network.tables["security_groups"][group]["name"]
        for port in cloud.network.rows("ports", device_id=row["id"])
        for group in port["security_groups"]
    }
    if names:
        fields["security_groups"] = [{"name": name} for name in sorted(names)]
    return fields


def _embedded_image(row: Row, base: str) -> Row:
    link = {"rel": "bookmark", "href": f"{base}/compute/images/{row['image_id']}"}
    return {"id": row["image_id"], "links": [link]}


def _embedded_flavor(row: Row, base: str, version: Version) -> Row:
    name, vcpus, ram, disk = FLAVORS[row["flavor_id"]]
    if version < (2, 47):
        return {"id": row["flavor_id"], "links": links("flavors", row["flavor_id"], base)[1:]}
    return {
        "vcpus": vcpus,
        "ram": ram,
        "disk": disk,
        "ephemeral": 0,
        "swap": 0,
        "original_name": name,
        "extra_specs": {},
    }


def group(row: Row, members: list[str], version: Version) -> Row:
    """A server group: one policy since 2.64, a list of them before."""
    shown: Row = {"id": row["id"], "name": row["name"], "members": members}
    if version >= (2, 13):
        shown |= {"project_id": row["project_id"], "user_id": row["user_id"]}
    if version >= (2, 64):
        return shown | {"policy": row["policy"], "rules": {}}
    return shown | {"policies": [row["policy"]], "metadata": {}}
