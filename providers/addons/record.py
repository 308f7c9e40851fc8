"""What an add-on was installed with, kept beside it in the cluster as a ConfigMap with our marks.

It is written before anything else and removed after everything else, so that what a killed attempt left behind is
always found again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from clients.kubernetes.api import KubernetesClient, Object
from clients.kubernetes.resources import CONFIG_MAP, Kind
from federation.spec.marks import ADDON, DIGEST, FEDERATION, labels

_PREFIX = "flotilla-addon-"


@dataclass(frozen=True)
class OwnObject:
    """An object that is not the chart's but ours."""

    api_version: str
    kind: str
    name: str
    namespace: str | None

    @classmethod
    def of(cls, obj: Mapping[str, Any]) -> OwnObject:
        """The name of an object."""
        meta = obj["metadata"]
        return cls(obj["apiVersion"], obj["kind"], meta["name"], meta.get("namespace"))

    @property
    def resource(self) -> Kind:
        """The kind as the client takes it."""
        return Kind(self.api_version, self.kind)


@dataclass(frozen=True)
class Record:
    """One add-on's record.

    Attributes:
        content: Digest of what Helm was given last; empty before Helm has done it.
        digest: Digest of what was asked for, once all of it was done; empty before.
        objects: Our own objects, those that may be there already included.
        repaired: Leaf objects that were missing when the release was last laid again.
    """

    federation: str
    cluster: str
    addon: str
    namespace: str
    content: str = ""
    digest: str = ""
    objects: tuple[OwnObject, ...] = ()
    repaired: str = ""

    @classmethod
    def parse(cls, obj: Mapping[str, Any]) -> Record:
        """Read a ConfigMap."""
        meta, data = obj["metadata"], obj.get("data") or {}
        marks = meta.get("labels") or {}
        return cls(
            federation=marks.get(FEDERATION, ""),
            cluster=marks.get("flotilla.dev/cluster", ""),
            addon=marks.get(ADDON, ""),
            namespace=meta["namespace"],
            content=data.get("content", ""),
            digest=(meta.get("annotations") or {}).get(DIGEST, ""),
            objects=tuple(OwnObject(*row) for row in json.loads(data.get("objects", "[]"))),
            repaired=data.get("repaired", ""),
        )

    def render(self) -> Object:
        """The ConfigMap."""
        rows = [[each.api_version, each.kind, each.name, each.namespace] for each in self.objects]
        return {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": _PREFIX + self.addon,
                "namespace": self.namespace,
                "labels": labels(self.federation, cluster=self.cluster, addon=self.addon),
                "annotations": {DIGEST: self.digest},
            },
            "data": {"content": self.content, "objects": json.dumps(rows), "repaired": self.repaired},
        }

    def keep(self, client: KubernetesClient, **changes: Any) -> Record:
        """Write the record with some changes and return it as it is now."""
        changed = replace(self, **changes)
        client.apply(changed.render())
        return changed


def read_record(client: KubernetesClient, addon: str, namespace: str) -> Record | None:
    """The record of an add-on; None when there is none."""
    found = client.get(CONFIG_MAP, _PREFIX + addon, namespace)
    return None if found is None else Record.parse(found)


def list_records(client: KubernetesClient, federation: str) -> tuple[Record, ...]:
    """The records of every add-on of a federation in a cluster, in one request."""
    found = client.list(CONFIG_MAP, labels={**labels(federation), ADDON: None})
    return tuple(sorted((Record.parse(each) for each in found), key=lambda record: record.addon))


def delete_record(client: KubernetesClient, record: Record) -> None:
    """Remove a record."""
    client.delete(CONFIG_MAP, _PREFIX + record.addon, record.namespace)
