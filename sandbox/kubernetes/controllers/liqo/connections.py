"""Connections: whether the tunnel to a peer carries packets."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.kubernetes.api import Change, Object
from sandbox.kubernetes.controllers.controller import Key, key_of
from sandbox.kubernetes.controllers.fleet import Member
from sandbox.kubernetes.controllers.liqo import names
from sandbox.kubernetes.controllers.liqo.controller import LiqoController, remote_id
from sandbox.kubernetes.controllers.liqo.tunnels import obstacle
from sandbox.kubernetes.controllers.objects import deleting, labels_of, now

PARTS = (names.SERVERS, names.CLIENTS, names.PUBLIC_KEYS, names.DEPLOYMENTS, "services", "secrets")


class Connections(LiqoController):
    """Connecting, Connected, and Error once packets stayed away for a while."""

    watches = (names.CONNECTIONS, *PARTS, "namespaces")
    foreign = (*PARTS, names.CONNECTIONS, "namespaces", "configmaps")

    def keys(self, change: Change) -> Iterable[Key]:
        """A connection, or those to the peer that a part is about."""
        if change.resource == names.CONNECTIONS:
            return (key_of(change.object),)
        return self._toward(remote_id(change.object))

    def foreign_keys(self, member: Member, change: Change) -> Iterable[Key]:
        """Connections to a peer whose end changed."""
        del member
        ours = change.resource == "configmaps" or labels_of(change.object).get(names.REMOTE_ID) == self.cid
        return self.fleet_keys() if ours else ()

    def fleet_keys(self) -> Iterable[Key]:
        """Every connection."""
        return [key_of(found) for found in self.api.list(names.CONNECTIONS)]

    def reconcile(self, key: Key) -> None:
        """Look at both ends."""
        connection = self.api.get(names.CONNECTIONS, key[1], key[0])
        if connection is None or deleting(connection):
            return
        cid = remote_id(connection)
        there = self.peer(cid)
        why = obstacle(self.fleet, self.cluster, there, cid)
        value = (connection.get("status") or {}).get("value")
        if why is None and there is not None:
            if value == "Connected" or self.waited(key, "liqo.tunnel.connect"):
                self._connected(connection, there)
        elif value not in ("Connected", "Error"):
            self._say(connection, {"value": "Connecting"})
        elif value == "Error" or self.waited(key, "liqo.tunnel.loss"):
            self._say(connection, {"value": "Error"})

    def _connected(self, connection: Object, there: Member) -> None:
        text = f"{self.fleet.latency_ms(self.cluster.uid, there.uid):g}ms"
        known = (connection.get("status") or {}).get("latency") or {}
        stamp = known["timestamp"] if known.get("value") == text else now()
        self._say(connection, {"value": "Connected", "latency": {"value": text, "timestamp": stamp}})

    def _say(self, connection: Object, status: Object) -> None:
        self.api.replace_status(names.CONNECTIONS, connection | {"status": status})

    def _toward(self, cid: str) -> list[Key]:
        if not cid:
            return []
        return [key_of(found) for found in self.api.list(names.CONNECTIONS, None, {names.REMOTE_ID: cid})]
