"""Where the objects of a cluster are in its management cluster, how they are called, and whose mark they carry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from clients.kubernetes.resources import Kind
from federation.errors import SpecInvalid
from federation.spec import marks
from federation.spec.cluster import Cluster
from federation.spec.federation import canonical, digest
from federation.spec.infrastructure import ClusterApiInfrastructure
from federation.spec.machines import CONTROL_PLANE_POOL
from providers.contracts import ClusterTarget

Json = dict[str, Any]

CLUSTER_NAME = "cluster.x-k8s.io/cluster-name"
DEPLOYMENT_NAME = "cluster.x-k8s.io/deployment-name"
CONTROL_PLANE = "cluster.x-k8s.io/control-plane"
"""Labels of Cluster API. Source: its API, api/core/v1beta2/common_types.go of v1.14."""


@dataclass(frozen=True)
class Place:
    """A cluster of a federation, as its management cluster has it."""

    federation: str
    cluster: Cluster
    asked: ClusterApiInfrastructure

    @property
    def name(self) -> str:
        """Name of the cluster there, and beginning of every other name."""
        return marks.cluster_id(self.federation, self.cluster.name)

    @property
    def namespace(self) -> str:
        """A namespace of its own: it goes with the cluster, and its name is in every name in the cloud."""
        return f"capi-{self.name}"

    @property
    def cloud_secret(self) -> str:
        """Name of the secret with the cloud's credentials."""
        return f"{self.name}-cloud-config"

    @property
    def kubeconfig_secret(self) -> str:
        """Name of the secret that Cluster API writes the kubeconfig to."""
        return f"{self.name}-kubeconfig"

    @property
    def control_plane(self) -> str:
        """Name of the control plane."""
        return self.pool(CONTROL_PLANE_POOL)

    def pool(self, pool: str) -> str:
        """Name of what makes the machines of a pool."""
        return f"{self.name}-{pool}"

    @property
    def ledger_place(self) -> str:
        """Its place in the ledger."""
        return f"cluster-api:{self.asked.management}"

    def labels(self, pool: str = "") -> dict[str, str]:
        """The marks of everything of the cluster, or of one of its pools."""
        return marks.labels(self.federation, cluster=self.cluster.name, **({"pool": pool} if pool else {}))

    def object(self, kind: Kind, name: str, spec: Json, pool: str = "") -> Json:
        """An object of the cluster."""
        meta = {"name": name, "namespace": self.namespace, "labels": {**self.labels(pool), CLUSTER_NAME: self.name}}
        return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": meta, "spec": spec}

    def template(self, kind: Kind, pool: str, spec: Json) -> Json:
        """A template: what it says is in its name, since it cannot be changed."""
        name = f"{self.pool(pool)}-{digest(canonical(spec))}"
        return self.object(kind, name, {"template": {"spec": spec}}, pool)


def place_of(target: ClusterTarget) -> Place:
    """Where a cluster is made.

    Raises:
        SpecInvalid: It is not made by Cluster API.
    """
    asked = target.spec.infrastructure
    if isinstance(asked, ClusterApiInfrastructure):
        return Place(target.federation, target.spec, asked)
    raise SpecInvalid(f"cluster {target.name}: infrastructure.type is {asked.type}, not cluster-api")


def reference(obj: Json) -> Json:
    """A reference as Cluster API's v1beta2 writes it."""
    group = obj["apiVersion"].partition("/")[0]
    return {"apiGroup": group, "kind": obj["kind"], "name": obj["metadata"]["name"]}


def full_reference(obj: Json) -> Json:
    """A reference as providers of its v1beta1 write it."""
    return {"apiVersion": obj["apiVersion"], "kind": obj["kind"], "name": obj["metadata"]["name"]}
