"""The identity API: tokens, the catalogue, and what a user may see of himself."""

from __future__ import annotations

from typing import Any

from sandbox.openstack.identity.state import DOMAIN, PROJECT_NAME, REGION, USER_NAME
from sandbox.openstack.refusals import Refusal
from sandbox.openstack.wire import Answer, Call, Route

Row = dict[str, Any]
NO_AUTH = (
    "Expecting to find auth in request body. The server could not comply with the request since it is either malformed "
    "or otherwise incorrect. The client is assumed to be in error."
)
SERVICES = {
    "identity": ("keystone", "/identity"),
    "compute": ("nova", "/compute/v2.1"),
    "network": ("neutron", "/network"),
    "image": ("glance", "/image"),
    "load-balancer": ("octavia", "/load-balancer"),
}


def catalog(base: str) -> list[Row]:
    """Every service with its three endpoints."""
    return [
        {
            "id": f"{kind}-service",
            "type": kind,
            "name": name,
            "endpoints": [
                {
                    "id": f"{kind}-{interface}",
                    "interface": interface,
                    "region": REGION,
                    "region_id": REGION,
                    "url": base + path,
                }
                for interface in ("public", "internal", "admin")
            ],
        }
        for kind, (name, path) in SERVICES.items()
    ]


async def versions(call: Call) -> Answer:
    """GET the versions of the service."""
    version = _version(call)
    if call.path.startswith("/v3"):
        return Answer(200, {"version": version})
    return Answer(300, {"versions": {"values": [version]}})


def _version(call: Call) -> Row:
    link = {"rel": "self", "href": f"{call.base}/identity/v3/"}
    media = [{"base": "application/json", "type": "application/vnd.openstack.identity-v3+json"}]
    return {"id": "v3.14", "status": "stable", "updated": "2020-04-07T00:00:00Z", "links": [link], "media-types": media}


async def issue(call: Call) -> Answer:
    """POST credentials, get a token in the header ``X-Subject-Token`` and its record in the body."""
    auth = call.body.get("auth") if isinstance(call.body, dict) else None
    identity = call.cloud.identity
    if auth is None:
        raise Refusal(400, NO_AUTH)
    token, record = identity.issue(**identity.authenticate(auth))
    shown = record if any(name == "nocatalog" for name, _ in call.query) else record | {"catalog": catalog(call.base)}
    return Answer(201, {"token": shown}, {"x-subject-token": token, "vary": "X-Auth-Token"})


async def validate(call: Call) -> Answer:
    """GET the record of the token named in ``X-Subject-Token``."""
    token = call.headers.get("x-subject-token", "")
    try:
        record = call.cloud.identity.check_token(token)
    except Refusal as refusal:
        raise Refusal(404, "Failed to validate token") from refusal
    return Answer(200, {"token": record | {"catalog": catalog(call.base)}}, {"x-subject-token": token})


async def revoke(call: Call) -> Answer:
    """DELETE the token named in ``X-Subject-Token``."""
    call.cloud.identity.tokens.pop(call.headers.get("x-subject-token", ""), None)
    return Answer(204)


def _project(call: Call) -> Row:
    project_id = call.cloud.identity.project_id
    return {"id": project_id, "name": PROJECT_NAME, "domain_id": DOMAIN["id"], "enabled": True, "is_domain": False}


async def projects(call: Call) -> Answer:
    """GET the projects that the user may choose."""
    return Answer(200, {"projects": [_project(call)], "links": {"next": None, "self": call.base, "previous": None}})


async def project(call: Call) -> Answer:
    """GET the project by its id."""
    if call.params["id"] != call.cloud.identity.project_id:
        raise Refusal(404, f"Could not find project: {call.params['id']}.")
    return Answer(200, {"project": _project(call)})


async def user(call: Call) -> Answer:
    """GET the user by its id."""
    if call.params["id"] != call.cloud.identity.user_id:
        raise Refusal(404, f"Could not find user: {call.params['id']}.")
    row = {"id": call.cloud.identity.user_id, "name": USER_NAME, "domain_id": DOMAIN["id"], "enabled": True}
    return Answer(200, {"user": row})


async def whole_catalog(call: Call) -> Answer:
    """GET the catalogue."""
    return Answer(200, {"catalog": catalog(call.base), "links": {"self": call.base}})


async def list_credentials(call: Call) -> Answer:
    """GET the user's application credentials, without their secrets."""
    rows = call.cloud.identity.application_credentials.values()
    return Answer(200, {"application_credentials": [_shown(row, call.base) for row in rows], "links": {}})


async def create_credential(call: Call) -> Answer:
    """POST an application credential; the answer is the only place that shows its secret."""
    wanted = call.body.get("application_credential", {}) if isinstance(call.body, dict) else {}
    identity = call.cloud.identity
    name = wanted.get("name")
    if not name:
        raise Refusal(400, "'name' is a required property\n\nFailed validating 'required' in schema")
    if any(row["name"] == name for row in identity.application_credentials.values()):
        text = f"Conflict occurred attempting to store application_credential - Duplicate entry found with name {name}."
        raise Refusal(409, text)
    given = {key: wanted.get(key) or "" for key in ("secret", "description")}
    row = identity.add_application_credential(name, **given, expires_at=wanted.get("expires_at"))
    return Answer(201, {"application_credential": _shown(row, call.base) | {"secret": row["secret"]}})


async def one_credential(call: Call) -> Answer:
    """GET or DELETE an application credential."""
    table, credential_id = call.cloud.identity.application_credentials, call.params["credential"]
    if credential_id not in table:
        raise Refusal(404, f"Could not find Application Credential: {credential_id}.")
    if call.method == "GET":
        return Answer(200, {"application_credential": _shown(table[credential_id], call.base)})
    del table[credential_id]
    return Answer(204)


def _shown(row: Row, base: str) -> Row:
    link = {"self": f"{base}/identity/v3/application_credentials/{row['id']}"}
    return {name: value for name, value in row.items() if name != "secret"} | {"links": link}


_CREDENTIALS = r"/v3/users/[^/]+/application_credentials"
ROUTES: list[Route] = [
    Route("GET", r"(/v3)?", versions, public=True),
    Route("POST", r"/v3/auth/tokens", issue, public=True),
    Route("GET", r"/v3/auth/tokens", validate),
    Route("DELETE", r"/v3/auth/tokens", revoke),
    Route("GET", r"/v3/auth/projects", projects),
    Route("GET", r"/v3/auth/catalog", whole_catalog),
    Route("GET", r"/v3/projects", projects),
    Route("GET", r"/v3/projects/(?P<id>[^/]+)", project),
    Route("GET", r"/v3/users/(?P<id>[^/]+)", user),
    Route("GET", _CREDENTIALS, list_credentials),
    Route("POST", _CREDENTIALS, create_credential),
    Route("GET", rf"{_CREDENTIALS}/(?P<credential>[^/]+)", one_credential),
    Route("DELETE", rf"{_CREDENTIALS}/(?P<credential>[^/]+)", one_credential),
]
