"""The servers part of the compute API."""

from __future__ import annotations

import re
from typing import Any

from sandbox import cloudinit
from sandbox.openstack import listing
from sandbox.openstack.compute import booking, views
from sandbox.openstack.compute.state import now
from sandbox.openstack.refusals import Refusal
from sandbox.openstack.wire import Answer, Call, Route

Row = dict[str, Any]
FILTERS = ("status", "flavor", "image", "key_name", "uuid", "reservation_id", "host", "locked")
IGNORED = (
    *("all_tenants", "availability_zone", "changes-before", "changes-since", "config_drive", "created_at", "deleted"),
    *("description", "display_name", "hostname", "ip", "ip6", "launched_at", "metadata", "node", "power_state"),
    *("progress", "project_id", "task_state", "tenant_id", "terminated_at", "user_id", "vm_state"),
)
STRICT_QUERIES = (2, 75)
PARTIAL_ANSWERS = (2, 69)
KNOWN_WITHOUT_CELL = frozenset({"all_tenants", "deleted", "project_id", "tenant_id"})
"""Filters that pass a server whose cell does not answer. Source: Compute API guide, "Handling Down Cells"."""
COLUMNS = {"display_name": "name", "created_at": "created", "updated_at": "updated", "uuid": "id"}
STATUSES = frozenset(
    {
        *("ACTIVE", "BUILD", "DELETED", "ERROR", "HARD_REBOOT", "MIGRATING", "PASSWORD", "PAUSED", "REBOOT", "REBUILD"),
        *("RESCUE", "RESIZE", "REVERT_RESIZE", "SHELVED", "SHELVED_OFFLOADED", "SHUTOFF", "SOFT_DELETED", "SUSPENDED"),
        *("UNKNOWN", "VERIFY_RESIZE"),
    }
)


def _passes(row: Row, name: str, wanted: list[str]) -> bool:
    if name == "name":
        return re.search(wanted[-1], row["name"]) is not None
    if name == "status":
        return row["status"] in {value.upper() for value in wanted}
    column = {"flavor": "flavor_id", "image": "image_id", "uuid": "id"}.get(name, name)
    return listing.matches(row, column, wanted)


def _check_query(call: Call) -> None:
    known = {"name", *FILTERS, *IGNORED, *listing.PAGING, *listing.TAG_FILTERS}
    unknown = next((name for name, _ in call.query if name not in known and not name.startswith("_")), None)
    if unknown is not None and call.version >= STRICT_QUERIES:
        raise Refusal(400, f"{unknown!r} does not match any of the regexes: '^_'")
    if any(value.upper() not in STATUSES for value in listing.values_of(call.query, "status")):
        raise Refusal(400, "Invalid status value")
    for name in listing.values_of(call.query, "name"):
        try:
            re.compile(name)
        except re.error as error:
            text = f"Invalid input for query parameters name. Value: {name}. {name!r} is not a 'regex'"
            raise Refusal(400, text) from error


async def list_servers(call: Call) -> Answer:
    """GET servers, newest first; filters that a tenant may not use are ignored, as nova does.

    Servers whose cell does not answer are left out without a word, or shown in part where nothing is filtered.
    """
    _check_query(call)
    rows = list(reversed(call.cloud.compute.servers.values()))
    if call.version < PARTIAL_ANSWERS or not {name for name, _ in call.query} <= KNOWN_WITHOUT_CELL:
        rows = [row for row in rows if not call.cloud.compute.is_hidden(row)]
    for name in {name for name, _ in call.query if name == "name" or name in FILTERS}:
        rows = [row for row in rows if _passes(row, name, listing.values_of(call.query, name))]
    rows = [row for row in rows if listing.has_tags(row, call.query)]
    if listing.values_of(call.query, "sort_key"):
        rows = listing.ordered(rows, [(name, COLUMNS.get(value, value)) for name, value in call.query])
    rows, more = listing.page(rows, call.query)
    detail = call.path.endswith("/detail")
    shown = [_listed(call, row) if detail else _listed_briefly(call, row) for row in rows]
    answer: Row = {"servers": shown}
    if more:
        base = f"{call.base}/compute{call.path}"
        answer["servers_links"] = [{"rel": "next", "href": listing.next_link(base, call.query, rows[-1]["id"])}]
    return Answer(200, answer)


def _listed(call: Call, row: Row) -> Row:
    if call.cloud.compute.is_hidden(row):
        shown = views.hidden_server(row, call.base, call.version)
        return {name: shown[name] for name in ("id", "status", "tenant_id", "created", "links")}
    shown = views.server(call.cloud, row, call.base, call.version)
    return {name: value for name, value in shown.items() if name not in views.LISTED_WITHOUT}


def _listed_briefly(call: Call, row: Row) -> Row:
    word = {"status": views.HIDDEN} if call.cloud.compute.is_hidden(row) else {"name": row["name"]}
    return {"id": row["id"], "links": views.links("servers", row["id"], call.base)} | word


async def create(call: Call) -> Answer:
    """POST a server: checked and booked now, built later."""
    body = call.body if isinstance(call.body, dict) else {}
    wanted = body.get("server")
    if not isinstance(wanted, dict):
        raise Refusal(400, "'server' is a required property")
    cloud = call.cloud
    booking.check(cloud, wanted, call.version)
    number = int(wanted.get("max_count") or wanted.get("min_count") or 1)
    flavor_id = str(wanted["flavorRef"]).rsplit("/", maxsplit=1)[-1]
    cloud.compute.check_quota(flavor_id, number)
    hints = body.get("os:scheduler_hints") or body.get("OS-SCH-HNT:scheduler_hints") or {}
    names = [wanted["name"]] if number == 1 else [f"{wanted['name']}-{n}" for n in range(1, number + 1)]
    rows = [booking.book(cloud, wanted | {"name": n}, hints, booking.check_networks(cloud, wanted)) for n in names]
    doom = call.headers.get("x-sandbox-doom", "")
    for row in rows:
        row["doomed"] = doom
        cloud.lifecycle.begin(cloud.lifecycle.build(row))
    first = rows[0]
    shown = {"id": first["id"], "links": views.links("servers", first["id"], call.base), "OS-DCF:diskConfig": "MANUAL"}
    shown |= {"security_groups": [{"name": name} for name in first["security_groups"] or ["default"]]}
    shown["adminPass"] = booking.admin_password()
    location = f"{call.base}/compute/v2.1/servers/{first['id']}"
    return Answer(202, {"server": shown}, {"location": location})


async def show(call: Call) -> Answer:
    """GET a server; what is known of it when its cell does not answer."""
    compute = call.cloud.compute
    hidden = compute.servers.get(call.params["id"])
    if hidden is not None and compute.is_hidden(hidden) and call.version >= PARTIAL_ANSWERS:
        return Answer(200, {"server": views.hidden_server(hidden, call.base, call.version)})
    row = compute.server(call.params["id"])
    return Answer(200, {"server": views.server(call.cloud, row, call.base, call.version)})


async def rename(call: Call) -> Answer:
    """PUT a server's name or description."""
    row = call.cloud.compute.server(call.params["id"])
    wanted = call.body.get("server", {}) if isinstance(call.body, dict) else {}
    row.update({key: wanted[key] for key in ("name", "description") if key in wanted}, updated=now())
    return Answer(200, {"server": views.server(call.cloud, row, call.base, call.version)})


async def delete(call: Call) -> Answer:
    """DELETE a server: it is gone a while later; asking again meanwhile changes nothing."""
    _begin_deleting(call, call.cloud.compute.server(call.params["id"]))
    return Answer(204)


def _begin_deleting(call: Call, row: Row) -> None:
    if row["task_state"] != "deleting":
        row.update(task_state="deleting", updated=now())
        call.cloud.lifecycle.begin(call.cloud.lifecycle.delete(row))


async def metadata(call: Call) -> Answer:
    """GET, POST (merge) or PUT (replace) a server's metadata."""
    row = call.cloud.compute.server(call.params["id"])
    wanted = call.body.get("metadata", {}) if isinstance(call.body, dict) else {}
    if call.method == "POST":
        row["metadata"].update(wanted)
    elif call.method == "PUT":
        row["metadata"] = dict(wanted)
    return Answer(200, {"metadata": row["metadata"]})


async def one_metadatum(call: Call) -> Answer:
    """DELETE one key of a server's metadata."""
    row = call.cloud.compute.server(call.params["id"])
    if call.params["key"] not in row["metadata"]:
        raise Refusal(404, "Metadata item was not found")
    del row["metadata"][call.params["key"]]
    return Answer(204)


async def tags(call: Call) -> Answer:
    """GET, PUT (replace) or DELETE (clear) a server's tags."""
    row = call.cloud.compute.server(call.params["id"])
    if call.method == "PUT":
        row["tags"] = sorted(set(call.body.get("tags", []))) if isinstance(call.body, dict) else []
    if call.method == "DELETE":
        row["tags"] = []
        return Answer(204)
    return Answer(200, {"tags": row["tags"]})


async def interfaces(call: Call) -> Answer:
    """GET the ports of a server."""
    row, network = call.cloud.compute.server(call.params["id"]), call.cloud.network
    shown = [
        {
            "port_id": port["id"],
            "port_state": port["status"],
            "net_id": port["network_id"],
            "mac_addr": port["mac_address"],
            "fixed_ips": port["fixed_ips"],
            **({"tag": None} if call.version >= (2, 70) else {}),
        }
        for port in network.rows("ports", device_id=row["id"])
    ]
    return Answer(200, {"interfaceAttachments": shown})


def _need(row: Row, action: str, *statuses: str) -> None:
    if row["status"] not in statuses or row["task_state"]:
        state = (
            f"task_state {row['task_state']}"
            if row["task_state"]
            else f"vm_state {views.VM_STATES.get(row['status'], 'active')}"
        )
        raise Refusal(409, f"Cannot '{action}' instance {row['id']} while it is in {state}")


def _reboot(call: Call, row: Row, argument: Any) -> Answer:
    kind = (argument or {}).get("type")
    if kind not in REBOOTS:
        raise Refusal(
            400, f"Invalid input for field/attribute type. Value: {kind}. {kind!r} is not one of {list(REBOOTS)}"
        )
    hard = kind.upper() == "HARD"
    _need(row, "reboot", "ACTIVE", *(("SHUTOFF", "ERROR") if hard else ()))
    row.update(status="HARD_REBOOT" if hard else "REBOOT", task_state="rebooting_hard" if hard else "rebooting")
    call.cloud.lifecycle.begin(call.cloud.lifecycle.power(row, on=True))
    return Answer(202)


def _start(call: Call, row: Row, _argument: Any) -> Answer:
    _need(row, "start", "SHUTOFF")
    row["task_state"] = "powering-on"
    call.cloud.lifecycle.begin(call.cloud.lifecycle.power(row, on=True))
    return Answer(202)


def _stop(call: Call, row: Row, _argument: Any) -> Answer:
    _need(row, "stop", "ACTIVE", "ERROR")
    row["task_state"] = "powering-off"
    call.cloud.lifecycle.begin(call.cloud.lifecycle.power(row, on=False))
    return Answer(202)


def _console(call: Call, row: Row, argument: Any) -> Answer:
    machine = call.cloud.world.machines.get(row["id"])
    if machine is None:
        raise Refusal(409, f"Instance {row['id']} is not ready")
    lines = cloudinit.console_text(machine).splitlines()
    length = (argument or {}).get("length")
    return Answer(200, {"output": "\n".join(lines[-int(length) :] if length else lines) + "\n"})


def _force_delete(call: Call, row: Row, _argument: Any) -> Answer:
    _begin_deleting(call, row)
    return Answer(202)


ACTIONS = {
    "reboot": _reboot,
    "os-start": _start,
    "os-stop": _stop,
    "os-getConsoleOutput": _console,
    "forceDelete": _force_delete,
}
REBOOTS = ("HARD", "Hard", "hard", "SOFT", "Soft", "soft")


async def act(call: Call) -> Answer:
    """POST an action on a server."""
    row = call.cloud.compute.server(call.params["id"])
    body = call.body if isinstance(call.body, dict) else {}
    name = next(iter(body), "")
    if name not in ACTIONS:
        raise Refusal(400, f"There is no such action: {name}")
    return ACTIONS[name](call, row, body[name])


_ONE = r"/servers/(?P<id>[^/]+)"
ROUTES: list[Route] = [
    Route("GET", r"/servers(/detail)?", list_servers),
    Route("POST", r"/servers", create),
    Route("GET", _ONE, show),
    Route("PUT", _ONE, rename),
    Route("DELETE", _ONE, delete),
    Route("POST", rf"{_ONE}/action", act),
    Route("GET", rf"{_ONE}/os-interface", interfaces),
    *(Route(method, rf"{_ONE}/metadata", metadata) for method in ("GET", "POST", "PUT")),
    Route("DELETE", rf"{_ONE}/metadata/(?P<key>[^/]+)", one_metadatum),
    *(Route(method, rf"{_ONE}/tags", tags) for method in ("GET", "PUT", "DELETE")),
]
