"""The network API: one set of handlers for all resources, and the few paths that are no resources."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.openstack import listing
from sandbox.openstack.network import kinds, networks, ports, routers, security
from sandbox.openstack.network.kinds import KINDS, Kind
from sandbox.openstack.network.state import LONGEST_TEXT, NetworkState, Row
from sandbox.openstack.refusals import Refusal
from sandbox.openstack.wire import Answer, Call, Route

Create = Callable[[NetworkState, Row], Row]
Update = Callable[[NetworkState, Row, Row], None]
Delete = Callable[[NetworkState, Row], None]
Act = Callable[[NetworkState, Row, Row], Row]


def _plain_update(state: NetworkState, row: Row, body: Row) -> None:
    state.touch(row, body)


OPERATIONS: dict[str, tuple[Create, Update, Delete]] = {
    "networks": (networks.create_network, _plain_update, networks.delete_network),
    "subnets": (networks.create_subnet, networks.update_subnet, networks.delete_subnet),
    "ports": (ports.create_port, ports.update_port, ports.delete_port),
    "routers": (routers.create_router, routers.update_router, routers.delete_router),
    "security_groups": (security.create_group, security.update_group, security.delete_group),
    "security_group_rules": (security.create_rule, _plain_update, security.delete_rule),
    "floatingips": (routers.create_floating_ip, routers.update_floating_ip, routers.delete_floating_ip),
}
ROUTER_ACTIONS: dict[str, Act] = {
    "add_router_interface": routers.add_interface,
    "remove_router_interface": routers.remove_interface,
}
EXTENSIONS = (
    *("address-scope", "agent", "allowed-address-pairs", "availability_zone", "binding", "default-subnetpools"),
    *("external-net", "ext-gw-mode", "extra_dhcp_opt", "extraroute", "filter-validation"),
    *("fip-port-details", "net-mtu", "net-mtu-writable", "pagination", "port-security", "project-id", "provider"),
    *("quotas", "quota_details", "router", "security-group", "sorting", "standard-attr-description"),
    *("standard-attr-revisions", "standard-attr-tag", "standard-attr-timestamp", "stateful-security-group"),
    "subnet_allocation",
)
EMPTY = ("subnetpools", "address-scopes", "trunks", "rbac-policies", "agents", "address-groups", "segments")


def _kind(call: Call) -> Kind:
    return KINDS[call.params["collection"].replace("-", "_")]


def _body(call: Call, key: str) -> Row:
    body = call.body.get(key) if isinstance(call.body, dict) else None
    if not isinstance(body, dict):
        raise Refusal(400, f"Unable to find '{key}' in request body")
    return body


def _fields(row: Row, call: Call) -> Row:
    wanted = listing.values_of(call.query, "fields")
    hidden = _kind(call).hidden
    return {name: row[name] for name in (wanted or row) if name in row and name not in hidden}


async def list_all(call: Call) -> Answer:
    """GET a collection: filters, tags, order, pages, chosen fields."""
    kind, state = _kind(call), call.cloud.network
    if kind is kinds.SECURITY_GROUP:
        security.default_group(state)
    filters = {name for name, _ in call.query} - {*listing.PAGING, *listing.TAG_FILTERS}
    unknown = sorted(name for name in filters if name not in kind.filters and name != "revision_number")
    if unknown:
        raise Refusal(400, f"{unknown} is invalid attribute for filtering")
    rows = [row for row in state.visible(kind.plural) if listing.has_tags(row, call.query)]
    for name in filters:
        rows = [row for row in rows if listing.matches(row, name, listing.values_of(call.query, name))]
    if len(listing.values_of(call.query, "sort_key")) != len(listing.values_of(call.query, "sort_dir")):
        raise Refusal(400, "The number of sort_keys and sort_dirs must be same")
    marker = listing.value_of(call.query, "marker")
    if marker:
        state.find(kind, marker)
    rows, more = listing.page(listing.ordered(rows, call.query), call.query, listing.NEUTRON)
    answer: Row = {kind.plural: [_fields(row, call) for row in rows]}
    if more:
        base = f"{call.base}/network/v2.0/{kind.path}"
        answer[f"{kind.plural}_links"] = [{"rel": "next", "href": listing.next_link(base, call.query, rows[-1]["id"])}]
    return Answer(200, answer)


async def create(call: Call) -> Answer:
    """POST one object, or several at once under the plural key: all or none."""
    kind, state = _kind(call), call.cloud.network
    make = OPERATIONS[kind.plural][0]
    many = call.body.get(kind.plural) if isinstance(call.body, dict) else None
    if not isinstance(many, list):
        return Answer(201, {kind.singular: _fields(make(state, _body(call, kind.singular)), call)})
    made: list[Row] = []
    try:
        made.extend(make(state, body) for body in many)
    except Refusal:
        for row in made:
            OPERATIONS[kind.plural][2](state, row)
        raise
    return Answer(201, {kind.plural: [_fields(row, call) for row in made]})


async def show(call: Call) -> Answer:
    """GET one object."""
    kind = _kind(call)
    return Answer(200, {kind.singular: _fields(call.cloud.network.find(kind, call.params["id"]), call)})


async def update(call: Call) -> Answer:
    """PUT changes; what is refused leaves the object as it was."""
    kind, state = _kind(call), call.cloud.network
    row = state.find(kind, call.params["id"], own=True)
    body = _body(call, kind.singular)
    state.check_update(kind, body)
    if body:
        OPERATIONS[kind.plural][1](state, row, body)
    return Answer(200, {kind.singular: row})


async def delete(call: Call) -> Answer:
    """DELETE one object that nothing uses."""
    kind, state = _kind(call), call.cloud.network
    OPERATIONS[kind.plural][2](state, state.find(kind, call.params["id"], own=True, verb="delete"))
    return Answer(204)


async def router_action(call: Call) -> Answer:
    """PUT an interface onto a router or off it."""
    act = ROUTER_ACTIONS.get(call.params["action"])
    if act is None:
        raise Refusal(404, "The resource could not be found.", "HTTPNotFound")
    state = call.cloud.network
    router = state.find(kinds.ROUTER, call.params["id"], own=True)
    return Answer(200, act(state, router, call.body if isinstance(call.body, dict) else {}))


async def tags(call: Call) -> Answer:
    """GET, PUT (replace) or DELETE (clear) all tags of an object."""
    state = call.cloud.network
    row = _tagged(call)
    if call.method == "GET":
        return Answer(200, {"tags": row["tags"]})
    wanted = _tag_list(call) if call.method == "PUT" else []
    state.touch(row, {"tags": wanted})
    return Answer(200, {"tags": wanted}) if call.method == "PUT" else Answer(204)


def _tag_list(call: Call) -> list[str]:
    wanted = call.body.get("tags") if isinstance(call.body, dict) else None
    if wanted is None:
        raise _bad_tags("Invalid tags body")
    if not isinstance(wanted, list):
        raise _bad_tags(f"'{wanted}' is not a list")
    for tag in wanted:
        _check_tag(tag)
    twice = next((tag for tag in wanted if wanted.count(tag) > 1), None)
    if twice is not None:
        raise _bad_tags(f"Duplicate items in the list: '{twice}'")
    return sorted(wanted)


def _check_tag(tag: Any) -> None:
    if not isinstance(tag, str):
        raise _bad_tags(f"'{tag}' is not a valid string")
    if len(tag) > LONGEST_TEXT:
        raise _bad_tags(f"'{tag}' exceeds maximum length of {LONGEST_TEXT}")


def _bad_tags(reason: str) -> Refusal:
    return Refusal(400, f"Invalid input for operation: {reason}.", "InvalidInput")


def _tagged(call: Call) -> Row:
    kind = _kind(call)
    try:
        return call.cloud.network.find(kind, call.params["id"], own=call.method != "GET")
    except Refusal as refusal:
        if refusal.status != 404:
            raise
        text = f"Resource {kind.plural} {call.params['id']} could not be found."
        raise Refusal(404, text, "TagResourceNotFound") from refusal


async def one_tag(call: Call) -> Answer:
    """GET (204 or 404), PUT or DELETE a single tag."""
    state, tag = call.cloud.network, call.params["tag"]
    row = _tagged(call)
    if call.method == "PUT":
        _check_tag(tag)
        state.touch(row, {"tags": sorted({*row["tags"], tag})})
        return Answer(201, b"null")
    if tag not in row["tags"]:
        raise Refusal(404, f"Tag {tag} could not be found.", "TagNotFound")
    if call.method == "DELETE":
        state.touch(row, {"tags": [other for other in row["tags"] if other != tag]})
    return Answer(204)


async def quotas(call: Call) -> Answer:
    """GET the tenant's quotas, in detail with what is used."""
    state = call.cloud.network
    if not call.path.endswith("details.json") and not call.path.endswith("details"):
        return Answer(200, {"quota": state.quotas})
    used = {kind.singular: len(state.rows(kind.plural, project_id=state.project)) for kind in KINDS.values()}
    detail = {name: {"limit": limit, "used": used.get(name, 0), "reserved": 0} for name, limit in state.quotas.items()}
    return Answer(200, {"quota": detail})


async def extensions(call: Call) -> Answer:
    """GET the extensions that are in force, or one by its alias."""
    described = [
        {"alias": a, "name": a, "description": a, "links": [], "updated": "2016-01-01T00:00:00-00:00"}
        for a in EXTENSIONS
    ]
    alias = call.params.get("alias")
    if alias is None:
        return Answer(200, {"extensions": described})
    found = next((row for row in described if row["alias"] == alias), None)
    if found is None:
        raise Refusal(404, f"Extension with alias {alias} does not exist", "HTTPNotFound")
    return Answer(200, {"extension": found})


async def zones(call: Call) -> Answer:  # noqa: ARG001 - the shape of a handler
    """GET the availability zones of networks and routers."""
    rows = [{"name": "nova", "resource": kind, "state": "available"} for kind in ("network", "router")]
    return Answer(200, {"availability_zones": rows})


async def nothing(call: Call) -> Answer:
    """GET a collection of which this cloud has none."""
    return Answer(200, {call.path.rsplit("/", maxsplit=1)[-1].replace("-", "_"): []})


async def versions(call: Call) -> Answer:
    """GET the versions of the service: there is one."""
    link = {"rel": "self", "href": f"{call.base}/network/v2.0/"}
    return Answer(200, {"versions": [{"id": "v2.0", "status": "CURRENT", "links": [link]}]})


COLLECTIONS = "|".join(kind.path for kind in KINDS.values())
TAGGABLE = "|".join(kind.path for kind in KINDS.values() if kind is not kinds.SECURITY_GROUP_RULE)
_C, _T = rf"(?P<collection>{COLLECTIONS})", rf"(?P<collection>{TAGGABLE})"
ROUTES: list[Route] = [
    Route("GET", r"/?", versions, public=True),
    Route("GET", rf"/v2.0/{_C}", list_all),
    Route("POST", rf"/v2.0/{_C}", create),
    Route("GET", rf"/v2.0/{_C}/(?P<id>[^/]+)", show),
    Route("PUT", rf"/v2.0/{_C}/(?P<id>[^/]+)", update),
    Route("DELETE", rf"/v2.0/{_C}/(?P<id>[^/]+)", delete),
    *(Route(method, rf"/v2.0/{_T}/(?P<id>[^/]+)/tags", tags) for method in ("GET", "PUT", "DELETE")),
    *(Route(method, rf"/v2.0/{_T}/(?P<id>[^/]+)/tags/(?P<tag>[^/]+)", one_tag) for method in ("GET", "PUT", "DELETE")),
    Route("PUT", r"/v2.0/routers/(?P<id>[^/]+)/(?P<action>\w+_router_interface)", router_action),
    Route("GET", r"/v2.0/quotas/[^/]+(/details|/default)?(\.json)?", quotas),
    Route("GET", r"/v2.0/extensions", extensions),
    Route("GET", r"/v2.0/extensions/(?P<alias>[^/]+)", extensions),
    Route("GET", r"/v2.0/availability_zones", zones),
    Route("GET", rf"/v2.0/({'|'.join(EMPTY)})", nothing),
]
