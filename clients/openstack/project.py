"""What a project may use, has in use, and can choose from. Only reads.

Source: docs.openstack.org/api-ref, compute "Limits" and "Flavors", network "Quotas details", image "Images",
identity "Application credentials" and "Validate and show information for token".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from openstack import exceptions as sdk
from openstack.connection import Connection

from clients.openstack.connection import CloudConnection
from clients.openstack.images import find_image
from federation.preflight.facts import FlavorFacts, ImageFacts, Quota

_COMPUTE = {
    "instances": ("instances", "instances_used"),
    "cores": ("total_cores", "total_cores_used"),
    "ram": ("total_ram", "total_ram_used"),
    "server_groups": ("server_groups", "server_groups_used"),
}
_GIB = 1024**3


class ProjectClient:
    """Quotas, flavors and images of one project, and its credentials. Every method raises errors of the house."""

    def __init__(self, cloud: CloudConnection) -> None:
        self._cloud = cloud

    def project_id(self) -> str:
        """Id of the project that the credentials open."""
        return str(self._cloud.read(lambda connection: connection.session.get_project_id()) or "")

    def compute_quotas(self) -> Mapping[str, Quota]:
        """``instances``, ``cores``, ``ram`` (MiB), ``server_groups``; ``server_group_members`` is of each group."""
        absolute = self._cloud.read(lambda connection: connection.compute.get_limits().absolute)
        found = {
            name: Quota(int(limit), int(used))
            for name, fields in _COMPUTE.items()
            for limit, used in [tuple(getattr(absolute, field) for field in fields)]
            if limit is not None and used is not None
        }
        members = absolute.server_group_members
        return found if members is None else found | {"server_group_members": Quota(int(members), 0)}

    def network_quotas(self) -> Mapping[str, Quota]:
        """By neutron's words, such as ``port``; with what is reserved counted as used."""

        def ask(connection: Connection) -> dict[str, Any]:
            project = connection.session.get_project_id() or ""
            found: dict[str, Any] = connection.network.get_quota(project, details=True).to_dict(original_names=True)
            return found

        rows = self._cloud.read(ask)
        return {
            name: Quota(int(row["limit"]), int(row["used"]) + int(row.get("reserved") or 0))
            for name, row in rows.items()
            if isinstance(row, Mapping) and {"limit", "used"} <= row.keys()
        }

    def flavors(self) -> Mapping[str, FlavorFacts]:
        """Every flavor by its name, and by its id."""
        found = self._cloud.read(lambda connection: list(connection.compute.flavors(details=True)))
        facts = {
            str(each.id): FlavorFacts(int(each.vcpus or 0), int(each.ram or 0), int(each.disk or 0)) for each in found
        }
        return facts | {str(each.name): facts[str(each.id)] for each in found}

    def image(self, image: str) -> ImageFacts | None:
        """An image by its name or id: the one that servers would get, else one that is not active."""
        found = find_image(self._cloud, image)
        return None if found is None else _image(found)

    def credentials_end(self) -> datetime | None:
        """When the application credential, or the user's password, ends; None when it does not."""
        return self._cloud.read(_credentials_end)


def _credentials_end(connection: Connection) -> datetime | None:
    session = connection.session
    token = session.get_token()
    answer = connection.identity.get("/auth/tokens", headers={"X-Subject-Token": token})
    sdk.raise_from_response(answer)
    record: dict[str, Any] = answer.json()["token"]
    credential = record.get("application_credential")
    if credential is None:
        return _time(record["user"].get("password_expires_at"))
    path = f"/users/{record['user']['id']}/application_credentials/{credential['id']}"
    shown = connection.identity.get(path)
    sdk.raise_from_response(shown)
    return _time(shown.json()["application_credential"]["expires_at"])


def _time(text: str | None) -> datetime | None:
    """Keystone writes times in UTC, with or without saying so."""
    if not text:
        return None
    found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _image(raw: Any) -> ImageFacts:
    properties = raw.properties or {}
    size = max(int(raw.virtual_size or 0), 0)
    return ImageFacts(
        status=str(raw.status),
        architecture=str(properties.get("hw_architecture") or raw.architecture or ""),
        disk_gib=max(int(raw.min_disk or 0), -(-size // _GIB)),
        memory_mib=int(raw.min_ram or 0),
    )
