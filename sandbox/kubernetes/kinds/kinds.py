"""The hooks of the write path for built-in kinds."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.kubernetes.api import Object, Unsubscribe
from sandbox.kubernetes.copying import copied
from sandbox.kubernetes.errors import Cause
from sandbox.kubernetes.kinds.addresses import ServiceAddresses
from sandbox.kubernetes.kinds.admission import PodAdmission
from sandbox.kubernetes.kinds.checks import check
from sandbox.kubernetes.kinds.defaults import apply_defaults
from sandbox.kubernetes.kinds.immutables import check_immutable
from sandbox.kubernetes.kinds.paths import look
from sandbox.kubernetes.kinds.pods import begin_pod, tolerate_short_absence
from sandbox.kubernetes.kinds.warnings import warnings_of
from sandbox.kubernetes.resource import Resource
from sandbox.kubernetes.write.options import WriteOptions

Hook = Callable[[Resource, Object], None]

_NOT_READY = "node.kubernetes.io/not-ready"
CRD = "customresourcedefinitions.apiextensions.k8s.io"
CRD_FINALIZER = "customresourcecleanup.apiextensions.k8s.io"
_CSR = "certificatesigningrequests.certificates.k8s.io"
# Controllers of real clusters create these with a status; nodes register themselves with one.
_STATUS_AT_BIRTH = {"nodes", "apiservices.apiregistration.k8s.io"}
# Fields that Go encodes even when nobody has set them.
_STATUS: dict[str, Object] = {
    "resourcequotas": {},
    "deployments.apps": {},
    "replicasets.apps": {"replicas": 0},
    "statefulsets.apps": {"replicas": 0, "availableReplicas": 0},
    "daemonsets.apps": {
        "currentNumberScheduled": 0,
        "desiredNumberScheduled": 0,
        "numberMisscheduled": 0,
        "numberReady": 0,
    },
    "jobs.batch": {},
    "cronjobs.batch": {},
    "poddisruptionbudgets.policy": {
        "currentHealthy": 0,
        "desiredHealthy": 0,
        "disruptionsAllowed": 0,
        "expectedPods": 0,
    },
    "ingresses.networking.k8s.io": {"loadBalancer": {}},
}


class Kinds:
    """What happens around a write, by kind."""

    def __init__(self, addresses: ServiceAddresses, pods: PodAdmission) -> None:
        self._addresses = addresses
        self._pods = pods
        self._admissions: list[tuple[str, Callable[[Object], None]]] = []
        self._created: list[Hook] = []
        self._removed: list[Hook] = []

    def admit(self, key: str, change: Callable[[Object], None]) -> Unsubscribe:
        """Let ``change`` rewrite every new object of a resource before it is checked."""
        row = (key, change)
        self._admissions.append(row)
        return lambda: self._admissions.remove(row)

    def rewrite(self, resource: Resource, obj: Object) -> None:
        """Pass a new object through those who asked to see it.

        Raises:
            ApiError: What one of them refuses it with.
        """
        if resource.key == "pods":
            self._pods.check(obj)
        for key, change in tuple(self._admissions):
            if key == resource.key:
                change(obj)

    def on_created(self, hook: Hook) -> None:
        """Call back right after a create is committed."""
        self._created.append(hook)

    def on_removed(self, hook: Hook) -> None:
        """Call back right after an object is gone."""
        self._removed.append(hook)

    def keeps_status_on_create(self, resource: Resource) -> bool:
        """Whether a create may bring a status."""
        return resource.key in _STATUS_AT_BIRTH

    def default(self, resource: Resource, obj: Object) -> None:
        """Fill in defaults."""
        if not resource.custom:
            apply_defaults(resource.key, obj)

    def check(self, resource: Resource, obj: Object) -> list[Cause]:
        """Why an object is refused."""
        return check(resource, obj)

    def warnings(self, resource: Resource, old: Object | None, new: Object) -> list[str]:
        """What an object that is taken is told of."""
        return [] if resource.custom else list(warnings_of(resource.key, old, new))

    def check_update(self, resource: Resource, old: Object, new: Object, subresource: str) -> list[Cause]:
        """Why an update is refused."""
        if subresource:
            return []
        return check_immutable(resource.key, old, new)

    def begin(self, resource: Resource, obj: Object, options: WriteOptions) -> None:
        """Complete a new object that has passed its checks."""
        rule = _BEGIN.get(resource.key)
        if rule is not None:
            rule(obj, options)
        if resource.key in _STATUS:
            obj.setdefault("status", copied(_STATUS[resource.key]))
        if resource.key == "services":
            self._addresses.allocate(obj)
        if resource.key == "pods":
            self._pods.complete(obj)

    def carry_over(self, resource: Resource, old: Object, new: Object, subresource: str) -> None:
        """Keep what an update may leave out, and complete what it asks for anew."""
        if resource.key == "services":
            _keep_addresses(old["spec"], new["spec"])
            self._addresses.allocate(new)
        if resource.key == "pods":
            tolerate_short_absence(new["spec"])
        if resource.key == "namespaces" and subresource != "finalize":
            new["spec"] = {**(new.get("spec") or {}), "finalizers": look(old, "spec.finalizers") or []}

    def deleting(self, resource: Resource, obj: Object) -> None:
        """Mark an object that starts to be deleted."""
        if resource.key == "namespaces":
            obj.setdefault("status", {})["phase"] = "Terminating"
        if resource.key == CRD:
            _protect(obj, CRD_FINALIZER)

    def created(self, resource: Resource, obj: Object) -> None:
        """Tell who waits for new objects."""
        for hook in self._created:
            hook(resource, obj)

    def removed(self, resource: Resource, obj: Object) -> None:
        """Tell who waits for objects to be gone."""
        for hook in self._removed:
            hook(resource, obj)


def _keep_addresses(old: Object, new: Object) -> None:
    if "ExternalName" in {old["type"], new["type"]}:
        return
    for name in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"):
        if not new.get(name) and old.get(name):
            new[name] = old[name]
    if new["type"] == "ClusterIP":
        _drop_node_ports(new)
    else:
        _keep_node_ports(old, new)


def _drop_node_ports(new: Object) -> None:
    for name in ("externalTrafficPolicy", "allocateLoadBalancerNodePorts"):
        new.pop(name, None)
    for port in new.get("ports") or []:
        port.pop("nodePort", None)


def _keep_node_ports(old: Object, new: Object) -> None:
    known = {(port.get("port"), port.get("protocol")): port.get("nodePort") for port in old.get("ports") or []}
    for port in new.get("ports") or []:
        kept = known.get((port.get("port"), port.get("protocol")))
        if kept and not port.get("nodePort"):
            port["nodePort"] = kept


def _begin_namespace(obj: Object, _options: WriteOptions) -> None:
    obj.setdefault("spec", {})["finalizers"] = ["kubernetes"]
    obj["status"] = {"phase": "Active"}


def _begin_job(obj: Object, _options: WriteOptions) -> None:
    if look(obj, "spec.manualSelector") or look(obj, "spec.selector"):
        return
    uid, name = obj["metadata"]["uid"], obj["metadata"]["name"]
    labels = {
        "batch.kubernetes.io/controller-uid": uid,
        "batch.kubernetes.io/job-name": name,
        "controller-uid": uid,
        "job-name": name,
    }
    template = obj["spec"]["template"].setdefault("metadata", {})
    template["labels"] = {**(template.get("labels") or {}), **labels}
    if not obj["metadata"].get("labels"):
        obj["metadata"]["labels"] = dict(template["labels"])
    obj["spec"]["selector"] = {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}


def _protect(obj: Object, finalizer: str) -> None:
    finalizers = obj["metadata"].setdefault("finalizers", [])
    if finalizer not in finalizers:
        finalizers.append(finalizer)


def _begin_volume(obj: Object, _options: WriteOptions) -> None:
    _protect(obj, "kubernetes.io/pv-protection")
    obj["status"]["lastPhaseTransitionTime"] = obj["metadata"]["creationTimestamp"]


def _begin_node(obj: Object, _options: WriteOptions) -> None:
    taints = obj.setdefault("spec", {}).setdefault("taints", [])
    if not any(taint.get("key") == _NOT_READY for taint in taints):
        taints.append({"key": _NOT_READY, "effect": "NoSchedule"})


def _begin_request(obj: Object, options: WriteOptions) -> None:
    obj["spec"]["username"] = options.user
    obj["spec"]["groups"] = list(options.groups)


def _begin_definition(obj: Object, _options: WriteOptions) -> None:
    stored = [version["name"] for version in obj["spec"]["versions"] if version.get("storage")]
    obj["status"] = {"conditions": None, "acceptedNames": {"plural": "", "kind": ""}, "storedVersions": stored}


_BEGIN: dict[str, Callable[[Object, WriteOptions], None]] = {
    "pods": lambda obj, _options: begin_pod(obj),
    "persistentvolumeclaims": lambda obj, _options: _protect(obj, "kubernetes.io/pvc-protection"),
    "persistentvolumes": _begin_volume,
    "nodes": _begin_node,
    "namespaces": _begin_namespace,
    "jobs.batch": _begin_job,
    _CSR: _begin_request,
    CRD: _begin_definition,
}
