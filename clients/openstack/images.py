"""Which image a name means.

Source: docs.openstack.org/api-ref/image, "List images" and "Show image": names need not be unique.
"""

from __future__ import annotations

from typing import Any

from openstack import exceptions as sdk
from openstack.connection import Connection

from clients.openstack.connection import CloudConnection


def find_image(cloud: CloudConnection, image: str) -> Any | None:
    """An image by its name or id; of several with that name the newest active one, else the newest."""
    named = cloud.read(lambda connection: list(connection.image.images(name=image)))
    found = named or cloud.read(lambda connection: _by_id(connection, image))
    return max(found, key=lambda each: (each.status == "active", each.created_at or "", each.id), default=None)


def _by_id(connection: Connection, image: str) -> list[Any]:
    try:
        return [connection.image.get_image(image)]
    except (sdk.NotFoundException, sdk.BadRequestException):
        return []
