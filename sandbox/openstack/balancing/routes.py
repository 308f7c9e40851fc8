"""The load-balancer API, as far as a balancer in front of control planes goes.

Source: docs.openstack.org/api-ref/load-balancer/v2, "Create a Load Balancer" with everything in one request,
"Batch update members", "Remove a Load Balancer" with cascade.
"""

from __future__ import annotations

import uuid
from typing import Any

from sandbox.openstack.balancing.state import Row
from sandbox.openstack.network import kinds, ports
from sandbox.openstack.refusals import Refusal
from sandbox.openstack.wire import Answer, Call, Route

_SINGULAR = {
    "loadbalancers": "loadbalancer",
    "listeners": "listener",
    "pools": "pool",
    "healthmonitors": "healthmonitor",
}
_HIDDEN = ("balancer_id", "default_pool", "healthmonitor")


async def versions(call: Call) -> Answer:
    """GET the versions of the service."""
    link = {"rel": "self", "href": f"{call.base}/load-balancer/v2"}
    rows = [
        {"id": "v2.0", "status": "SUPPORTED", "links": [link]},
        {"id": "v2.26", "status": "CURRENT", "links": [link]},
    ]
    return Answer(200, {"versions": rows})


def _body(call: Call, name: str) -> Row:
    body = call.body.get(name) if isinstance(call.body, dict) else None
    if not isinstance(body, dict):
        raise Refusal(400, f"Invalid input for field/attribute {name}. Mandatory field missing.")
    return body


def _shown(row: Row) -> Row:
    return {name: value for name, value in row.items() if name not in _HIDDEN}


async def list_rows(call: Call) -> Answer:
    """GET rows of a kind, by name, tags or description."""
    rows = list(call.cloud.balancing.tables[call.params["kind"]].values())
    query = dict(call.query)
    for name in ("name", "description"):
        rows = [row for row in rows if name not in query or row[name] == query[name]]
    tags = {tag for tag in query.get("tags", "").split(",") if tag}
    rows = [row for row in rows if tags <= set(row["tags"])]
    return Answer(200, {call.params["kind"]: [_shown(row) for row in rows], f"{call.params['kind']}_links": []})


async def show(call: Call) -> Answer:
    """GET one row."""
    kind = call.params["kind"]
    return Answer(200, {_SINGULAR[kind]: _shown(call.cloud.balancing.find(kind, call.params["id"]))})


async def create(call: Call) -> Answer:
    """POST a balancer with its listeners and their pools: an address at once, serving later."""
    cloud, body = call.cloud, _body(call, "loadbalancer")
    state = cloud.balancing
    if not body.get("vip_subnet_id"):
        raise Refusal(400, "Validation failure: VIP must contain one of: vip_port_id, vip_network_id, vip_subnet_id")
    subnet = cloud.network.find(kinds.SUBNET, body["vip_subnet_id"])
    plain = {name: value for name, value in body.items() if name != "listeners"}
    row = state.insert("loadbalancers", plain, project_id=cloud.identity.project_id)
    wanted = {"subnet_id": subnet["id"]} | ({"ip_address": body["vip_address"]} if body.get("vip_address") else {})
    fields = {"name": f"octavia-lb-{row['id']}", "network_id": subnet["network_id"], "fixed_ips": [wanted]}
    port = ports.create_port(cloud.network, fields | {"device_owner": "Octavia", "device_id": f"lb-{row['id']}"})
    row |= {
        "vip_port_id": port["id"],
        "vip_address": port["fixed_ips"][0]["ip_address"],
        "vip_network_id": subnet["network_id"],
        "provider": "amphora",
    }
    for listener in body.get("listeners") or ():
        _insert_listener(call, row["id"], listener)
    cloud.lifecycle.begin(_settle_later(call, row["id"]))
    return Answer(201, {"loadbalancer": _shown(row)})


def _insert_listener(call: Call, balancer_id: str, body: Row) -> None:
    state = call.cloud.balancing
    listener = state.insert("listeners", body, balancer_id=balancer_id, default_pool_id=None)
    listener["loadbalancers"] = [{"id": balancer_id}]
    wanted = body.get("default_pool")
    if wanted:
        members = [_member(each) for each in wanted.get("members") or ()]
        pool = state.insert("pools", wanted, balancer_id=balancer_id, members=members)
        pool |= {"loadbalancers": [{"id": balancer_id}], "listeners": [{"id": listener["id"]}]}
        listener["default_pool_id"] = pool["id"]
        if wanted.get("healthmonitor"):
            state.insert("healthmonitors", wanted["healthmonitor"], balancer_id=balancer_id, pools=[{"id": pool["id"]}])


def _member(body: Row) -> Row:
    if not body.get("address") or not body.get("protocol_port"):
        raise Refusal(400, "Invalid input for field/attribute address. Mandatory field missing.")
    return {"id": str(uuid.uuid4()), "name": "", "weight": 1, "operating_status": "ONLINE"} | body


async def _settle_later(call: Call, balancer_id: str) -> None:
    await call.cloud.world.pause("octavia")
    state = call.cloud.balancing
    row = state.tables["loadbalancers"].get(balancer_id)
    if row is not None and row["provisioning_status"] == "PENDING_DELETE":
        call.cloud.network.tables["ports"].pop(row["vip_port_id"], None)
        for floating in call.cloud.network.rows("floatingips", port_id=row["vip_port_id"]):
            floating.update(port_id=None, fixed_ip_address=None, status="DOWN")
    state.settle(balancer_id)
    await call.cloud.after_change()


async def delete(call: Call) -> Answer:
    """DELETE a balancer; one that has anything goes only with all of it."""
    state, row_id = call.cloud.balancing, call.params["id"]
    state.find("loadbalancers", row_id)
    if len(list(state.parts(row_id))) > 1 and dict(call.query).get("cascade", "").lower() != "true":
        raise Refusal(400, f"Validation failure: Cannot delete Load Balancer {row_id} - it has children")
    state.lock(row_id, "PENDING_DELETE")
    call.cloud.lifecycle.begin(_settle_later(call, row_id))
    return Answer(204)


async def members(call: Call) -> Answer:
    """GET the members of a pool."""
    return Answer(
        200, {"members": call.cloud.balancing.find("pools", call.params["id"])["members"], "members_links": []}
    )


async def replace_members(call: Call) -> Answer:
    """PUT all members of a pool at once."""
    state = call.cloud.balancing
    pool = state.find("pools", call.params["id"])
    wanted: Any = call.body.get("members") if isinstance(call.body, dict) else None
    rows = [_member(each) for each in wanted or ()]
    state.lock(pool["balancer_id"], "PENDING_UPDATE")
    pool["members"] = rows
    call.cloud.lifecycle.begin(_settle_later(call, pool["balancer_id"]))
    return Answer(202)


_KIND = "(?P<kind>loadbalancers|listeners|pools|healthmonitors)"
ROUTES = [
    Route("GET", r"", versions, public=True),
    Route("GET", r"/", versions, public=True),
    Route("GET", rf"/v2(\.0)?/lbaas/{_KIND}", list_rows),
    Route("GET", rf"/v2(\.0)?/lbaas/{_KIND}/(?P<id>[^/]+)", show),
    Route("POST", r"/v2(\.0)?/lbaas/loadbalancers", create),
    Route("DELETE", r"/v2(\.0)?/lbaas/loadbalancers/(?P<id>[^/]+)", delete),
    Route("GET", r"/v2(\.0)?/lbaas/pools/(?P<id>[^/]+)/members", members),
    Route("PUT", r"/v2(\.0)?/lbaas/pools/(?P<id>[^/]+)/members", replace_members),
]
