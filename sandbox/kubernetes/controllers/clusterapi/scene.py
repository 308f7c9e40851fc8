"""One cluster with everything of it, as its management cluster has it now; and how a status is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.kubernetes.api import Api, Object
from sandbox.kubernetes.controllers.clusterapi import names
from sandbox.kubernetes.controllers.clusterapi.foundry import Foundry, NetworkOrder
from sandbox.kubernetes.controllers.objects import labels_of, now
from sandbox.kubernetes.copying import copied


@dataclass
class Scene:
    """Read once at the begin of a turn; what is made in the turn is seen in the next one.

    Attributes:
        under_way: Something is to be looked at again soon.
    """

    api: Api
    foundry: Foundry
    cluster: Object
    infrastructure: Object | None
    control_plane: Object | None
    deployments: list[Object]
    machines: list[Object]
    servers: dict[str, Object] = field(default_factory=dict)
    under_way: bool = False

    @property
    def namespace(self) -> str:
        """Where everything is."""
        return str(self.cluster["metadata"]["namespace"])

    @property
    def name(self) -> str:
        """Name of the cluster."""
        return str(self.cluster["metadata"]["name"])

    @property
    def endpoint(self) -> str:
        """Address of the API; empty while there is none."""
        return str((self.cluster["spec"].get("controlPlaneEndpoint") or {}).get("host") or "")

    @property
    def distribution(self) -> str:
        """Of the control plane's kind."""
        return names.DISTRIBUTION[self.cluster["spec"]["controlPlaneRef"]["kind"]]

    def of(self, owner: Object) -> list[Object]:
        """Machines that an owner controls, oldest first."""
        uid = owner["metadata"]["uid"]
        own = [m for m in self.machines if any(r["uid"] == uid for r in m["metadata"].get("ownerReferences") or ())]
        return sorted(own, key=lambda m: (m["metadata"].get("creationTimestamp", ""), m["metadata"]["name"]))

    def planes(self) -> list[Object]:
        """Machines of the control plane."""
        return [machine for machine in self.machines if names.CONTROL_PLANE in labels_of(machine)]


def look(api: Api, foundry: Foundry, cluster: Object) -> Scene:
    """Read everything of a cluster."""
    namespace, spec = cluster["metadata"]["namespace"], cluster["spec"]
    chosen = {names.CLUSTER_NAME: cluster["metadata"]["name"]}
    infrastructure, plane = spec.get("infrastructureRef") or {}, spec.get("controlPlaneRef") or {}
    resource = names.CONTROL_PLANES.get(plane.get("kind", ""), "")
    deployments = [
        each
        for each in api.list(names.DEPLOYMENTS, namespace)
        if each["spec"]["clusterName"] == cluster["metadata"]["name"]
    ]
    return Scene(
        api=api,
        foundry=foundry,
        cluster=cluster,
        infrastructure=api.get(names.OPENSTACK_CLUSTERS, infrastructure.get("name", ""), namespace),
        control_plane=api.get(resource, plane.get("name", ""), namespace) if resource else None,
        deployments=deployments,
        machines=api.list(names.MACHINES, namespace, chosen),
        servers={each["metadata"]["name"]: each for each in api.list(names.OPENSTACK_MACHINES, namespace, chosen)},
    )


def publish(api: Api, resource: str, obj: Object, change: Callable[[Object], None]) -> None:
    """Change an object's status, as it is by now; nothing is written when nothing differs."""
    meta = obj["metadata"]
    found = api.get(resource, meta["name"], meta.get("namespace"))
    if found is None:
        return
    fresh = copied(found)
    fresh.setdefault("status", {})
    change(fresh)
    if fresh["status"] != (found.get("status") or {}):
        api.replace_status(resource, fresh)


def state(obj: Object, kind: str, holds: bool | None, reason: str, message: str = "") -> None:
    """Put a condition into a status; its time moves with its status only.

    Kinds of v1beta1 have no message where there is none, others an empty one.
    """
    conditions: list[Object] = obj["status"].setdefault("conditions", [])
    status = {True: "True", False: "False", None: "Unknown"}[holds]
    told = {} if obj["apiVersion"].endswith("/v1beta1") and not message else {"message": message}
    new = {"type": kind, "status": status, "reason": reason, **told}
    for index, old in enumerate(conditions):
        if old["type"] == kind:
            since = old["lastTransitionTime"] if old["status"] == status else now()
            conditions[index] = new | {"lastTransitionTime": since}
            return
    conditions.append(new | {"lastTransitionTime": now()})


def network_order(scene: Scene) -> NetworkOrder:
    """What the cluster has in the cloud before it has machines."""
    spec = (scene.infrastructure or {})["spec"]
    subnets = spec.get("managedSubnets") or [{"cidr": "10.6.0.0/24"}]
    external = spec.get("externalNetwork") or {}
    groups = spec.get("managedSecurityGroups") or {}
    return NetworkOrder(
        name=names.in_cloud(scene.namespace, scene.name),
        description=names.description(scene.namespace, scene.name),
        cidr=subnets[0]["cidr"],
        external=(external.get("filter") or {}).get("name") or "public",
        groups=(
            names.group_name(scene.namespace, scene.name, "controlplane"),
            names.group_name(scene.namespace, scene.name, "worker"),
        ),
        tags=tuple(spec.get("tags") or ()),
        balanced=bool((spec.get("apiServerLoadBalancer") or {}).get("enabled", True)),
        node_ports=bool(groups.get("controlPlaneNodesSecurityGroupRules")),
    )
