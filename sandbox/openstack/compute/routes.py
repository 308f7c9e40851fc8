"""The compute API but for servers: flavors, keypairs, groups, quotas, zones."""

from __future__ import annotations

import re
import string
import uuid
from typing import Any

from sandbox.openstack import listing
from sandbox.openstack.compute import servers, views
from sandbox.openstack.compute.state import FLAVORS, LEAST, fingerprint, precise_now
from sandbox.openstack.refusals import Refusal
from sandbox.openstack.wire import Answer, Call, Route

Row = dict[str, Any]
NAME = re.compile(r"[\w@. -]+", re.ASCII)
BAD_NAME = (
    f"An invalid 'name' value was provided. The name must be: Only expected characters: [@._- {string.digits}"
    f"{string.ascii_letters}]"
)
NEVER_CHANGED: Row = {"deleted": False, "deleted_at": None, "updated_at": None}


async def versions(call: Call) -> Answer:
    """GET the versions of the service, or the one with its microversions."""
    newest, least = (".".join(map(str, version)) for version in (call.cloud.compute.newest, LEAST))
    link = {"rel": "self", "href": f"{call.base}/compute/v2.1/"}
    version = {"id": "v2.1", "status": "CURRENT", "version": newest, "min_version": least, "links": [link]}
    version |= {"updated": "2013-07-23T11:33:21Z"}
    return Answer(200, {"version": version} if call.path.startswith("/v2.1") else {"versions": [version]})


async def list_flavors(call: Call) -> Answer:
    """GET flavors, small ones first; in detail or not."""
    rows = [views.flavor(flavor_id, call.base, call.version) for flavor_id in FLAVORS]
    rows, more = listing.page(rows, call.query)
    if not call.path.endswith("/detail"):
        brief = ("id", "name", "links", *(["description"] if call.version >= (2, 55) else []))
        rows = [{name: row[name] for name in brief} for row in rows]
    answer: Row = {"flavors": rows}
    if more:
        link = listing.next_link(f"{call.base}/compute{call.path}", call.query, rows[-1]["id"])
        answer["flavors_links"] = [{"rel": "next", "href": link}]
    return Answer(200, answer)


async def show_flavor(call: Call) -> Answer:
    """GET one flavor, or its extra specs."""
    flavor_id = call.params["id"]
    if flavor_id not in FLAVORS:
        raise Refusal(404, f"Flavor {flavor_id} could not be found.")
    if call.path.endswith("os-extra_specs"):
        return Answer(200, {"extra_specs": {}})
    return Answer(200, {"flavor": views.flavor(flavor_id, call.base, call.version)})


def _lacks(name: str, wanted: Row, field: str) -> Refusal:
    value = f"Invalid input for field/attribute {name}. Value: {wanted}."
    return Refusal(400, f"{value} {field!r} is a required property")


def _keypair(row: Row, version: tuple[int, int]) -> Row:
    shown = {name: row[name] for name in ("name", "public_key", "fingerprint")}
    return shown | ({"type": "ssh"} if version >= (2, 2) else {})


async def list_keypairs(call: Call) -> Answer:
    """GET all keypairs, by name."""
    table = call.cloud.compute.keypairs
    return Answer(200, {"keypairs": [{"keypair": _keypair(table[name], call.version)} for name in sorted(table)]})


async def create_keypair(call: Call) -> Answer:
    """POST a public key; since 2.92 nova makes none itself, and this one never did."""
    wanted = call.body.get("keypair") if isinstance(call.body, dict) else None
    if not isinstance(wanted, dict) or not wanted.get("name"):
        raise _lacks("keypair", wanted or {}, "name")
    if not wanted.get("public_key"):
        raise _lacks("keypair", wanted, "public_key")
    if not NAME.fullmatch(wanted["name"]):
        raise Refusal(400, BAD_NAME)
    compute = call.cloud.compute
    if wanted["name"] in compute.keypairs:
        raise Refusal(409, f"Key pair '{wanted['name']}' already exists.")
    if 0 <= compute.quotas["key_pairs"] <= len(compute.keypairs):
        raise Refusal(403, "Quota exceeded, too many key pairs.")
    row = {"name": wanted["name"], "public_key": wanted["public_key"], "fingerprint": fingerprint(wanted["public_key"])}
    row |= {"user_id": call.cloud.identity.user_id, "created_at": precise_now(), "id": len(compute.keypairs) + 1}
    compute.keypairs[row["name"]] = row
    status = 201 if call.version >= (2, 2) else 200
    return Answer(status, {"keypair": _keypair(row, call.version) | {"user_id": row["user_id"]}})


async def one_keypair(call: Call) -> Answer:
    """GET or DELETE a keypair by its name."""
    table, name = call.cloud.compute.keypairs, call.params["name"]
    if name not in table:
        raise Refusal(404, f"Keypair {name} not found for user {call.cloud.identity.user_id}")
    if call.method == "DELETE":
        del table[name]
        return Answer(204 if call.version >= (2, 2) else 202)
    extra = {key: table[name][key] for key in ("user_id", "created_at", "id")}
    return Answer(200, {"keypair": _keypair(table[name], call.version) | extra | NEVER_CHANGED})


async def list_groups(call: Call) -> Answer:
    """GET all server groups."""
    compute = call.cloud.compute
    rows = [views.group(row, compute.members(row), call.version) for row in compute.groups.values()]
    return Answer(200, {"server_groups": rows})


async def create_group(call: Call) -> Answer:
    """POST a server group: ``policy`` since 2.64, ``policies`` before."""
    wanted = call.body.get("server_group") if isinstance(call.body, dict) else None
    key = "policy" if call.version >= (2, 64) else "policies"
    if not isinstance(wanted, dict) or key not in wanted or "name" not in wanted:
        raise _lacks("server_group", wanted or {}, key)
    policy = wanted["policy"] if key == "policy" else wanted["policies"][0]
    if policy not in ("affinity", "anti-affinity", "soft-affinity", "soft-anti-affinity"):
        text = f"Invalid input for field/attribute {key}. Value: {policy}. {policy!r} is not one of ['anti-affinity', "
        raise Refusal(400, text + "'affinity', 'soft-anti-affinity', 'soft-affinity']")
    compute = call.cloud.compute
    if 0 <= compute.quotas["server_groups"] <= len(compute.groups):
        raise Refusal(403, "Quota exceeded, too many server groups.")
    identity = call.cloud.identity
    row = {"id": str(uuid.uuid4()), "name": wanted["name"], "policy": policy}
    row |= {"project_id": identity.project_id, "user_id": identity.user_id}
    compute.groups[row["id"]] = row
    return Answer(200, {"server_group": views.group(row, [], call.version)})


async def one_group(call: Call) -> Answer:
    """GET or DELETE a server group; its members stay."""
    compute = call.cloud.compute
    row = compute.group(call.params["id"])
    if call.method == "GET":
        return Answer(200, {"server_group": views.group(row, compute.members(row), call.version)})
    del compute.groups[row["id"]]
    for server in compute.servers.values():
        if server["group_id"] == row["id"]:
            server["group_id"] = None
    return Answer(204)


async def limits(call: Call) -> Answer:
    """GET what the tenant may use and uses."""
    compute = call.cloud.compute
    used = compute.usage()
    absolute = {
        "maxTotalInstances": compute.quotas["instances"],
        "maxTotalCores": compute.quotas["cores"],
        "maxTotalRAMSize": compute.quotas["ram"],
        "maxTotalKeypairs": compute.quotas["key_pairs"],
        "maxServerMeta": compute.quotas["metadata_items"],
        "maxServerGroups": compute.quotas["server_groups"],
        "maxServerGroupMembers": compute.quotas["server_group_members"],
        "totalInstancesUsed": used["instances"],
        "totalCoresUsed": used["cores"],
        "totalRAMUsed": used["ram"],
        "totalServerGroupsUsed": used["server_groups"],
    }
    return Answer(200, {"limits": {"rate": [], "absolute": absolute}})


async def quotas(call: Call) -> Answer:
    """GET the tenant's quotas, in detail with what is used."""
    compute, used = call.cloud.compute, call.cloud.compute.usage()
    shown: Row = dict(compute.quotas)
    if call.path.endswith("/detail"):
        shown = {name: {"limit": limit, "in_use": used.get(name, 0), "reserved": 0} for name, limit in shown.items()}
    return Answer(200, {"quota_set": shown | {"id": call.params["project"]}})


async def zones(call: Call) -> Answer:  # noqa: ARG001 - the shape of a handler
    """GET the availability zones."""
    zone = {"zoneName": "nova", "zoneState": {"available": True}, "hosts": None}
    return Answer(200, {"availabilityZoneInfo": [zone]})


async def extensions(call: Call) -> Answer:  # noqa: ARG001 - the shape of a handler
    """GET the extensions: since microversions there are none to speak of."""
    return Answer(200, {"extensions": []})


ROUTES: list[Route] = [
    Route("GET", r"(/v2\.1)?", versions, public=True),
    *(Route(route.method, "/v2.1" + route.pattern, route.handler) for route in servers.ROUTES),
    Route("GET", r"/v2.1/flavors(/detail)?", list_flavors),
    Route("GET", r"/v2.1/flavors/(?P<id>[^/]+)(/os-extra_specs)?", show_flavor),
    Route("GET", r"/v2.1/os-keypairs", list_keypairs),
    Route("POST", r"/v2.1/os-keypairs", create_keypair),
    *(Route(method, r"/v2.1/os-keypairs/(?P<name>[^/]+)", one_keypair) for method in ("GET", "DELETE")),
    Route("GET", r"/v2.1/os-server-groups", list_groups),
    Route("POST", r"/v2.1/os-server-groups", create_group),
    *(Route(method, r"/v2.1/os-server-groups/(?P<id>[^/]+)", one_group) for method in ("GET", "DELETE")),
    Route("GET", r"/v2.1/limits", limits),
    Route("GET", r"/v2.1/os-quota-sets/(?P<project>[^/]+)(/detail|/defaults)?", quotas),
    Route("GET", r"/v2.1/os-availability-zone(/detail)?", zones),
    Route("GET", r"/v2.1/extensions", extensions),
]
