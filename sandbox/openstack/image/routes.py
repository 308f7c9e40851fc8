"""The image API."""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import urlencode

from sandbox.openstack import listing
from sandbox.openstack.image.state import now
from sandbox.openstack.refusals import Refusal
from sandbox.openstack.wire import Answer, Call, Route

Row = dict[str, Any]
FILTERS = ("name", "status", "visibility", "owner", "os_distro", "os_version", "id", "disk_format", "protected")


async def versions(call: Call) -> Answer:
    """GET the versions of the service; glance answers 300."""
    link = {"rel": "self", "href": f"{call.base}/image/v2/"}
    rows = [
        {"id": "v2.16", "status": "CURRENT", "links": [link]},
        {"id": "v2.0", "status": "SUPPORTED", "links": [link]},
    ]
    return Answer(300, {"versions": rows})


async def list_images(call: Call) -> Answer:
    """GET images; hidden ones only when asked for."""
    hidden = listing.value_of(call.query, "os_hidden") in ("True", "true")
    rows = [row for row in call.cloud.image.images.values() if row["os_hidden"] == hidden]
    for name in {name for name, _ in call.query if name in FILTERS}:
        wanted = [value.removeprefix("in:") for value in listing.values_of(call.query, name)]
        rows = [row for row in rows if listing.matches(row, name, wanted)]
    tags = listing.values_of(call.query, "tag")
    rows = [row for row in rows if set(tags) <= set(row["tags"])]
    rows, more = listing.page(list(reversed(rows)), call.query, listing.GLANCE)
    rest = [(name, value) for name, value in call.query if name != "marker"]
    first = "/v2/images" + (f"?{urlencode(rest)}" if rest else "")
    answer: Row = {"images": rows, "first": first, "schema": "/v2/schemas/images"}
    if more:
        answer["next"] = listing.next_link("/v2/images", call.query, rows[-1]["id"])
    return Answer(200, answer)


def _find(call: Call, *, own: bool = False) -> Row:
    row = call.cloud.image.images.get(call.params["id"])
    if row is None:
        gone = f"Failed to find image {call.params['id']} to delete"
        raise Refusal(404, gone if call.method == "DELETE" else f"No image found with ID {call.params['id']}")
    if own and row["owner"] != call.cloud.identity.project_id:
        modify = "You are not authorized to complete modify_image action."
        raise Refusal(403, "You do not own this image" if call.method == "DELETE" else modify)
    return row


async def show(call: Call) -> Answer:
    """GET one image."""
    return Answer(200, _find(call))


async def create(call: Call) -> Answer:
    """POST an image, queued until its file comes."""
    body = call.body if isinstance(call.body, dict) else {}
    if body.get("visibility") == "public":
        raise Refusal(403, "You are not authorized to complete publicize_image action.")
    row = call.cloud.image.insert(body, call.cloud.identity.project_id)
    return Answer(201, row, {"location": f"{call.base}/image/v2/images/{row['id']}"})


async def upload(call: Call) -> Answer:
    """PUT an image's file: hashed and thrown away."""
    row = _find(call, own=True)
    if row["status"] != "queued":
        raise Refusal(409, f"Image status transition from {row['status']} to saving is not allowed")
    data = call.body if isinstance(call.body, bytes) else b""
    digest = {"checksum": hashlib.md5(data, usedforsecurity=False).hexdigest(), "os_hash_algo": "sha512"}
    digest["os_hash_value"] = hashlib.sha512(data).hexdigest()
    row.update(digest, size=len(data), status="saving", updated_at=now())
    await call.cloud.world.pause("image.activate")
    row["status"] = "active"
    return Answer(204)


async def patch(call: Call) -> Answer:
    """PATCH an image with a list of add, replace and remove operations on top-level fields."""
    row = _find(call, own=True)
    for operation in call.body if isinstance(call.body, list) else []:
        name = str(operation.get("path", "")).lstrip("/")
        if operation.get("op") == "remove":
            row.pop(name, None)
        else:
            row[name] = operation.get("value")
    row["updated_at"] = now()
    return Answer(200, row)


async def delete(call: Call) -> Answer:
    """DELETE an image that is the tenant's and not protected."""
    row = _find(call, own=True)
    if row["protected"]:
        raise Refusal(403, f"Image {row['id']} is protected and cannot be deleted.")
    del call.cloud.image.images[row["id"]]
    return Answer(204)


_ONE = r"/v2/images/(?P<id>[^/]+)"
ROUTES: list[Route] = [
    Route("GET", r"(/versions)?", versions, public=True),
    Route("GET", r"/v2/images", list_images),
    Route("POST", r"/v2/images", create),
    Route("GET", _ONE, show),
    Route("PATCH", _ONE, patch),
    Route("DELETE", _ONE, delete),
    Route("PUT", rf"{_ONE}/file", upload),
]
