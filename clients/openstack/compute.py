"""The compute and image services (Nova, Glance). Source: docs.openstack.org/api-ref/compute."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any

from openstack.connection import Connection

from clients.openstack.connection import CloudConnection
from clients.openstack.errors import NotFound
from clients.openstack.images import find_image
from clients.openstack.records import Keypair, NewServer, Server, ServerGroup
from federation.errors import Conflict, Unavailable


class ComputeClient:
    """Servers, key pairs, flavors and images of one project. Every method raises errors of the house."""

    def __init__(self, cloud: CloudConnection) -> None:
        self._cloud = cloud

    def servers(self, *, name: str | None = None, tags: str | None = None) -> tuple[Server, ...]:
        """Servers of exactly this name, or with this tag, oldest first."""
        filters = {"name": f"^{re.escape(name)}$" if name else None, "tags": tags}
        given: dict[str, Any] = {key: value for key, value in filters.items() if value}

        def ask(connection: Connection) -> list[Server]:
            return [_server(each) for each in connection.compute.servers(details=True, **given)]

        found = [server for server in self._cloud.read(ask) if name in (None, server.name)]
        return tuple(sorted(found, key=lambda server: (server.created_at, server.id)))

    def server(self, server_id: str) -> Server | None:
        """The server of this id; None when there is none.

        Raises:
            Unavailable: It is in a cell that does not answer: the cloud knows of it, and nothing about it.
        """
        try:
            raw = self._cloud.read(lambda connection: connection.compute.get_server(server_id))
        except NotFound:
            return None
        if not raw.name:
            raise Unavailable(f"{self._cloud.name}: server {server_id} is in a cell that does not answer")
        return _server(raw)

    def create_server(self, new: NewServer) -> str:
        """Ask for a server and return its id; building it takes minutes."""
        fields: dict[str, Any] = {
            "name": new.name,
            "image_id": new.image_id,
            "flavor_id": new.flavor_id,
            "key_name": new.keypair,
            "networks": [{"port": new.port_id}],
            "user_data": base64.b64encode(new.user_data.encode()).decode(),
            "metadata": dict(new.metadata),
            "tags": list(new.tags),
        }
        if new.group_id:
            fields["scheduler_hints"] = {"group": new.group_id}
        return str(self._cloud.write(lambda connection: connection.compute.create_server(**fields).id))

    def server_groups(self) -> tuple[ServerGroup, ...]:
        """Every server group of the project; the service keeps no times of creation, so they are in order of ids."""
        raw = self._cloud.read(lambda connection: list(connection.compute.server_groups()))
        return tuple(sorted((_server_group(each) for each in raw), key=lambda group: group.id))

    def create_server_group(self, name: str, policy: str) -> None:
        """Create a server group; names need not be unique."""
        self._cloud.write(lambda connection: connection.compute.create_server_group(name=name, policy=policy))

    def delete_server_group(self, group_id: str) -> None:
        """Delete a server group, whatever is in it; one that is gone is success."""
        self._cloud.read(lambda connection: connection.compute.delete_server_group(group_id, ignore_missing=True))

    def start_server(self, server_id: str) -> None:
        """Power a server on; one that is on or starting is success."""
        try:
            self._cloud.write(lambda connection: connection.compute.start_server(server_id))
        except Conflict:
            return

    def delete_server(self, server_id: str, *, force: bool = False) -> None:
        """Ask for the end of a server, with ``force`` also of one that is kept for a while; a gone one is success."""
        self._cloud.read(
            lambda connection: connection.compute.delete_server(server_id, ignore_missing=True, force=force)
        )

    def set_metadata(self, server_id: str, values: Mapping[str, str]) -> None:
        """Add to the metadata of a server. May be repeated."""
        self._cloud.read(lambda connection: connection.compute.set_server_metadata(server_id, **values))

    def console_log(self, server_id: str) -> str:
        """What the server has printed on its console so far; empty when the cloud keeps none."""
        try:
            answer = self._cloud.read(lambda connection: connection.compute.get_server_console_output(server_id))
        except (Conflict, NotFound):
            return ""
        return str((answer or {}).get("output") or "")

    def keypair(self, name: str) -> Keypair | None:
        """A key pair of the user by its name."""
        try:
            raw = self._cloud.read(lambda connection: connection.compute.get_keypair(name))
        except NotFound:
            return None
        return Keypair(raw.name, raw.public_key)

    def create_keypair(self, name: str, public_key: str) -> None:
        """Give the cloud a public key; one of that name that is there already is left alone."""
        try:
            self._cloud.write(lambda connection: connection.compute.create_keypair(name=name, public_key=public_key))
        except Conflict:
            return

    def delete_keypair(self, name: str) -> None:
        """Delete a key pair; one that is gone is success."""
        self._cloud.read(lambda connection: connection.compute.delete_keypair(name, ignore_missing=True))

    def flavor_id(self, flavor: str) -> str | None:
        """Id of a flavor by its name or id."""
        flavors = self._cloud.read(lambda connection: list(connection.compute.flavors(details=False)))
        return next((str(each.id) for each in flavors if flavor in (each.name, each.id)), None)

    def image_id(self, image: str) -> str | None:
        """Id of an image by its name or id; of several with that name the newest active one, else the newest."""
        found = find_image(self._cloud, image)
        return None if found is None else str(found.id)


def _server_group(raw: Any) -> ServerGroup:
    return ServerGroup(
        raw.id, raw.name or "", raw.policy or next(iter(raw.policies or ()), ""), len(raw.member_ids or ())
    )


def _server(raw: Any) -> Server:
    return Server(
        id=raw.id,
        name=raw.name or "",
        description=raw.description or "",
        tags=frozenset(raw.tags or ()),
        created_at=raw.created_at or "",
        status=raw.status or "",
        task=raw.task_state or "",
        metadata=dict(raw.metadata or {}),
        addresses=tuple(_private_addresses(raw.addresses or {})),
        fault=str((raw.fault or {}).get("message", "")),
    )


def _private_addresses(addresses: dict[str, list[dict[str, Any]]]) -> list[str]:
    return [
        each["addr"]
        for network in addresses.values()
        for each in network
        if each.get("OS-EXT-IPS:type", "fixed") == "fixed"
    ]
