"""A request for a server, checked and booked: everything that nova refuses before it answers 202."""

from __future__ import annotations

import base64
import binascii
import re
import secrets
import uuid
from typing import TYPE_CHECKING, Any

from sandbox.openstack.compute.state import FLAVORS, now
from sandbox.openstack.network import kinds, ports
from sandbox.openstack.refusals import Refusal

if TYPE_CHECKING:
    from sandbox.openstack.cloud import Cloud

Row = dict[str, Any]
LONGEST_VALUE, LONGEST_TAG = 255, 60
FIELDS = frozenset(
    {
        *("name", "imageRef", "flavorRef", "key_name", "networks", "user_data", "metadata", "security_groups"),
        *("min_count", "max_count", "availability_zone", "config_drive", "description", "tags", "adminPass"),
        *("OS-DCF:diskConfig", "block_device_mapping_v2", "accessIPv4", "accessIPv6", "return_reservation_id"),
        *("hostname", "host", "hypervisor_hostname", "trusted_image_certificates", "block_device_mapping"),
    }
)


def check(cloud: Cloud, wanted: Row, version: tuple[int, int]) -> None:
    """Refuse what nova's schema and its first look at the request refuse."""
    unknown = sorted(set(wanted) - FIELDS)
    invalid = f"Invalid input for field/attribute server. Value: {wanted}."
    if unknown:
        listed = ", ".join(repr(name) for name in unknown)
        were = "were" if len(unknown) > 1 else "was"
        raise Refusal(400, f"{invalid} Additional properties are not allowed ({listed} {were} unexpected)")
    required = ["name", "flavorRef", *(["networks"] if version >= (2, 37) else [])]
    for name in required:
        if name not in wanted:
            raise Refusal(400, f"{invalid} {name!r} is a required property")
    if not isinstance(wanted["name"], str) or not 0 < len(wanted["name"].strip()) <= 255:
        raise Refusal(
            400, f"Invalid input for field/attribute name. Value: {wanted['name']}. {wanted['name']!r} is too short"
        )
    _check_words(wanted)
    if str(wanted["flavorRef"]).rsplit("/", maxsplit=1)[-1] not in FLAVORS:
        raise Refusal(400, f"Flavor {wanted['flavorRef']} could not be found.")
    _check_image(cloud, wanted)
    key_name = wanted.get("key_name")
    if key_name and key_name not in cloud.compute.keypairs:
        raise Refusal(400, "Invalid key_name provided.")
    zone = wanted.get("availability_zone")
    if zone and zone.partition(":")[0] != "nova":
        raise Refusal(400, "The requested availability zone is not available")
    decode_user_data(wanted.get("user_data"))


def _check_words(wanted: Row) -> None:
    image = wanted.get("imageRef")
    if image and not _is_id(image):
        raise _invalid("imageRef", image, f"{image!r} is not valid under any of the given schemas")
    networks = wanted.get("networks")
    if isinstance(networks, list) and not all(_is_id(each.get("port") or each.get("uuid")) for each in networks):
        raise _invalid("networks", networks, f"{networks} is not valid under any of the given schemas")
    _check_metadata(wanted.get("metadata") or {})
    for number, tag in enumerate(wanted.get("tags") or []):
        if len(tag) > LONGEST_TAG:
            raise _invalid(number, tag, f"{tag!r} is too long")
        if not re.fullmatch(r"[^,/]*", tag):
            raise _invalid(number, tag, f"{tag!r} does not match '^[^,/]*$'")


def _check_metadata(metadata: Row) -> None:
    pattern = "^[a-zA-Z0-9-_:. ]{1,255}$"
    for key, value in metadata.items():
        if not re.fullmatch(r"[a-zA-Z0-9\-_:. ]{1,255}", key):
            raise _invalid("metadata", metadata, f"{key!r} does not match any of the regexes: {pattern!r}")
        if len(value) > LONGEST_VALUE:
            raise _invalid(key, value, f"{value!r} is too long")


def _invalid(name: str | int, value: Any, why: str) -> Refusal:
    return Refusal(400, f"Invalid input for field/attribute {name}. Value: {value}. {why}")


def _is_id(text: Any) -> bool:
    try:
        return bool(uuid.UUID(str(text)))
    except ValueError:
        return False


def image_of(wanted: Row) -> str:
    """The image's id, given directly or as the source of the boot disk."""
    mappings = wanted.get("block_device_mapping_v2") or [{}]
    return str(wanted.get("imageRef") or mappings[0].get("uuid") or "")


def _check_image(cloud: Cloud, wanted: Row) -> None:
    image_id = image_of(wanted)
    if not image_id:
        raise Refusal(400, "Block Device Mapping is Invalid: You specified more local devices than the limit allows")
    image = cloud.image.images.get(image_id)
    if image is None:
        raise Refusal(400, "Can not find requested image")
    if image["status"] != "active":
        raise Refusal(400, f"Image {image_id} is not active.")
    _, _, ram, disk = FLAVORS[str(wanted["flavorRef"]).rsplit("/", maxsplit=1)[-1]]
    if ram < image["min_ram"]:
        raise Refusal(400, "Flavor's memory is too small for requested image.")
    if disk < image["min_disk"]:
        sizes = f"Flavor disk is {disk << 30} bytes, minimum size is {image['min_disk'] << 30} bytes."
        text = f"Flavor's disk is smaller than the minimum size specified in image metadata. {sizes}"
        raise Refusal(400, text)


def decode_user_data(text: Any) -> str:
    """User data as the machine gets it; 400 when it is no base64 or too long (65535 bytes encoded)."""
    if not text:
        return ""
    if len(text) > 65535:
        raise Refusal(400, f"Invalid input for field/attribute user_data. Value: {text[:40]}... is too long")
    try:
        return base64.b64decode(text).decode(errors="replace")
    except (binascii.Error, TypeError, ValueError) as error:
        text = f"Invalid input for field/attribute user_data. Value: {text}. {text!r} is not a 'base64'"
        raise Refusal(400, text) from error


def check_networks(cloud: Cloud, wanted: Row) -> list[Row]:
    """The networks asked for, each with ``port`` or ``uuid``; refuses unknown ones and ports that are taken."""
    asked: Any = wanted.get("networks") or "auto"
    if asked == "none":
        return []
    if asked == "auto":
        own = cloud.network.rows("networks", project_id=cloud.network.project)
        if len(own) > 1:
            raise Refusal(409, "Multiple possible networks found, use a Network ID to be more specific.")
        asked = [{"uuid": network["id"]} for network in own]
    for row in asked:
        if row.get("port"):
            _check_port(cloud, row["port"])
        elif not cloud.network.tables["networks"].get(row.get("uuid") or ""):
            raise Refusal(400, f"Network {row.get('uuid')} could not be found.")
    return [dict(row) for row in asked]


def _check_port(cloud: Cloud, port_id: str) -> None:
    port = cloud.network.tables["ports"].get(port_id)
    if port is None:
        raise Refusal(400, f"Port id {port_id} could not be found.")
    if port["device_id"]:
        raise Refusal(409, f"Port {port_id} is still in use.")
    if not port["fixed_ips"]:
        raise Refusal(400, f"Port {port_id} requires a FixedIP in order to be used.")


def book(cloud: Cloud, wanted: Row, hints: Row, networks: list[Row]) -> Row:
    """Write a server down in BUILD, with its user-made ports bound to it at once."""
    identity = cloud.identity
    row: Row = {
        "id": str(uuid.uuid4()),
        "name": wanted["name"].strip(),
        "status": "BUILD",
        "task_state": "scheduling",
        "project_id": identity.project_id,
        "user_id": identity.user_id,
        "flavor_id": str(wanted["flavorRef"]).rsplit("/", maxsplit=1)[-1],
        "image_id": image_of(wanted),
        "key_name": wanted.get("key_name"),
        "metadata": dict(wanted.get("metadata") or {}),
        "tags": list(wanted.get("tags") or []),
        "description": wanted.get("description"),
        "user_data": wanted.get("user_data") or "",
        "networks": networks,
        "own_ports": [],
        "security_groups": [group["name"] for group in wanted.get("security_groups") or []],
        "group_id": hints.get("group"),
        "host": "",
        "fault": None,
        "created": now(),
        "updated": now(),
        "launched_at": None,
        "doomed": "",
    }
    if row["group_id"]:
        try:
            group = cloud.compute.group(row["group_id"])
        except Refusal as refusal:
            raise Refusal(400, refusal.message) from refusal
        if 0 <= cloud.compute.quotas["server_group_members"] <= len(cloud.compute.members(group)):
            raise Refusal(403, "Quota exceeded, too many servers in group")
    cloud.compute.servers[row["id"]] = row
    for asked in networks:
        if asked.get("port"):
            bound = {"device_id": row["id"], "device_owner": "compute:nova"}
            cloud.network.touch(cloud.network.tables["ports"][asked["port"]], bound)
    return row


def plug(cloud: Cloud, row: Row) -> None:
    """Make the ports that nova owns and bring all of the server's ports up.

    Raises:
        Refusal: The network service refuses a port, over quota for instance.
    """
    for asked in row["networks"]:
        if not asked.get("port"):
            asked["port"] = _own_port(cloud, row, asked)
            row["own_ports"].append(asked["port"])
        port = cloud.network.tables["ports"].get(asked["port"])
        if port is not None:
            cloud.network.touch(port, {"status": "ACTIVE"})


def _own_port(cloud: Cloud, row: Row, asked: Row) -> str:
    fixed = [{"ip_address": asked["fixed_ip"]}] if asked.get("fixed_ip") else None
    body: Row = {"network_id": asked["uuid"], "device_id": row["id"], "device_owner": "compute:nova"}
    body |= {"fixed_ips": fixed} if fixed else {}
    groups = [_group_id(cloud, name) for name in row["security_groups"]]
    body |= {"security_groups": groups} if groups else {}
    return str(ports.create_port(cloud.network, body)["id"])


def _group_id(cloud: Cloud, name: str) -> str:
    for group in cloud.network.tables[kinds.SECURITY_GROUP.plural].values():
        if name in (group["id"], group["name"]):
            return str(group["id"])
    raise Refusal(400, f"Security group {name} not found.")


def unplug(cloud: Cloud, row: Row) -> None:
    """Delete the ports that nova made and let go of those that users made: they stay."""
    for port in cloud.network.rows("ports", device_id=row["id"]):
        if port["id"] in row["own_ports"]:
            ports.drop_port(cloud.network, port)
        else:
            free = {"device_id": "", "device_owner": "", "status": "DOWN"}
            cloud.network.touch(port, free)


def admin_password() -> str:
    """A password as nova makes one up."""
    return secrets.token_urlsafe(9)
