"""What makes machines: control planes and machine deployments, up, down, and over to another version one at a time.

Machine sets, which stand between deployments and machines, are left out: nobody outside looks at them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.kubernetes.api import Object
from sandbox.kubernetes.controllers.clusterapi import names
from sandbox.kubernetes.controllers.clusterapi.machines import is_ready
from sandbox.kubernetes.controllers.clusterapi.scene import Scene, publish, state
from sandbox.kubernetes.controllers.objects import annotations_of, deleting, drop_finalizer, owner_ref

SMALL = 3
"""A control plane of MicroK8s with fewer machines is upgraded in place. Source: its provider, SmartUpgrade."""


@dataclass(frozen=True)
class Wanted:
    """What every machine of an owner should be."""

    version: str
    template: str
    config: str
    labels: dict[str, str]

    def fits(self, machine: Object) -> bool:
        """Whether a machine is so."""
        marks = annotations_of(machine)
        same = (marks.get(names.CLONED_FROM), marks.get(names.CONFIGURED_BY)) == (self.template, self.config)
        return same and machine["spec"]["version"] == self.version


def run_control_plane(scene: Scene) -> None:
    """Make, replace or remove the control plane's machines."""
    owner = scene.control_plane
    if owner is None:
        return
    kind = owner["kind"]
    if deleting(owner):
        _empty(scene, owner, names.CONTROL_PLANES[kind], names.CONTROL_PLANE_FINALIZERS[kind])
        return
    wanted, replicas = _plane(owner), owner["spec"].get("replicas", 1)
    if kind == "MicroK8sControlPlane" and replicas < SMALL:
        _renew_in_place(scene, owner, wanted)
    if scene.endpoint:
        one_at_a_time = [each for each in scene.of(owner) if not is_ready(scene, each)]
        _balance(scene, owner, wanted, min(replicas, len(scene.of(owner)) + (0 if one_at_a_time else 1)))
    _report_plane(scene, owner, wanted)


def _plane(owner: Object) -> Wanted:
    spec = owner["spec"]
    machine = spec["machineTemplate"]
    inner = machine.get("spec") or machine
    reference = inner.get("infrastructureRef") or inner.get("infrastructureTemplate") or {}
    labels = (machine.get("metadata") or {}).get("labels") or {}
    return Wanted(spec["version"], reference.get("name", ""), "", {**labels, names.CONTROL_PLANE: ""})


def run_deployment(scene: Scene, owner: Object) -> None:
    """Make, replace or remove a pool's machines."""
    if deleting(owner):
        _empty(scene, owner, names.DEPLOYMENTS, names.DEPLOYMENT_FINALIZER)
        return
    template = owner["spec"]["template"]
    spec, labels = template["spec"], (template.get("metadata") or {}).get("labels") or {}
    config = (spec["bootstrap"].get("configRef") or {}).get("name", "")
    own = {**labels, names.DEPLOYMENT_NAME: owner["metadata"]["name"]}
    wanted = Wanted(spec.get("version", ""), spec["infrastructureRef"]["name"], config, own)
    _balance(scene, owner, wanted, owner["spec"].get("replicas", 1))
    _report_deployment(scene, owner, wanted)


def _balance(scene: Scene, owner: Object, wanted: Wanted, count: int) -> None:
    """One more than asked for while machines are replaced; the oldest that does not fit goes when a new one serves."""
    own = scene.of(owner)
    here = [machine for machine in own if not deleting(machine)]
    fitting = [machine for machine in here if wanted.fits(machine)]
    outdated = [machine for machine in here if not wanted.fits(machine)]
    settled = len(own) == len(here) and all(is_ready(scene, machine) for machine in fitting)
    if not outdated:
        for _ in range(count - len(here)):
            _make(scene, owner, wanted)
        for machine in here[count:] if settled else []:
            _drop(scene, machine)
    elif len(here) > count and settled:
        _drop(scene, outdated[0])
    elif len(here) <= count and settled:
        _make(scene, owner, wanted)


def _drop(scene: Scene, machine: Object) -> None:
    scene.under_way = True
    scene.api.delete(names.MACHINES, machine["metadata"]["name"], scene.namespace)


def _make(scene: Scene, owner: Object, wanted: Wanted) -> None:
    scene.under_way = True
    meta: Object = {"generateName": f"{owner['metadata']['name']}-", "namespace": scene.namespace}
    meta |= {"labels": {**wanted.labels, names.CLUSTER_NAME: scene.name}, "finalizers": [names.MACHINE_FINALIZER]}
    meta["annotations"] = {names.CLONED_FROM: wanted.template, names.CONFIGURED_BY: wanted.config}
    meta["ownerReferences"] = [owner_ref(owner)]
    made = scene.api.create(
        names.MACHINES,
        {
            "apiVersion": "cluster.x-k8s.io/v1beta2",
            "kind": "Machine",
            "metadata": meta,
            "spec": {
                "clusterName": scene.name,
                "version": wanted.version,
                "bootstrap": {"dataSecretName": owner["metadata"]["name"]},
                "infrastructureRef": {
                    "apiGroup": "infrastructure.cluster.x-k8s.io",
                    "kind": "OpenStackMachine",
                    "name": owner["metadata"]["name"],
                },
            },
        },
    )
    reference = {"spec": {"infrastructureRef": {"name": made["metadata"]["name"]}}}
    scene.machines.append(scene.api.patch(names.MACHINES, made["metadata"]["name"], reference, scene.namespace))


def _renew_in_place(scene: Scene, owner: Object, wanted: Wanted) -> None:
    for machine in scene.of(owner):
        if machine["spec"]["version"] != wanted.version and is_ready(scene, machine):
            scene.foundry.renew(machine["metadata"]["name"], wanted.version)
            patch = {"spec": {"version": wanted.version}}
            machine["spec"]["version"] = wanted.version
            scene.api.patch(names.MACHINES, machine["metadata"]["name"], patch, scene.namespace)


def _empty(scene: Scene, owner: Object, resource: str, finalizer: str) -> None:
    """Machines first, then whoever made them."""
    own = scene.of(owner)
    for machine in own:
        if not deleting(machine):
            _drop(scene, machine)
    if not own:
        drop_finalizer(scene.api, resource, owner, finalizer)


def _tally(scene: Scene, owner: Object, wanted: Wanted) -> tuple[int, int, int]:
    """Machines, those that are ready, and those that are as they should be."""
    own = scene.of(owner)
    ready = sum(is_ready(scene, machine) and not deleting(machine) for machine in own)
    return len(own), ready, sum(wanted.fits(machine) and not deleting(machine) for machine in own)


def _report_plane(scene: Scene, owner: Object, wanted: Wanted) -> None:
    there, ready, fitting = _tally(scene, owner, wanted)
    begun = any(scene.foundry.cluster_of(machine["metadata"]["name"]) for machine in scene.of(owner))
    kind = owner["kind"]

    def change(obj: Object) -> None:
        status = obj["status"]
        status |= {"observedGeneration": owner["metadata"].get("generation", 1), "replicas": there}
        status["readyReplicas"] = ready
        _PLANE_STATUS[kind](obj, begun, fitting, wanted.version)

    publish(scene.api, names.CONTROL_PLANES[kind], owner, change)


def _kubeadm(obj: Object, begun: bool, fitting: int, version: str) -> None:
    status = obj["status"]
    status |= {"availableReplicas": status["readyReplicas"], "upToDateReplicas": fitting, "version": version}
    status["initialization"] = {"controlPlaneInitialized": begun or _was(status, "controlPlaneInitialized")}
    state(obj, "Available", status["readyReplicas"] > 0, "Available" if status["readyReplicas"] else "NotAvailable")


def _was(status: Object, what: str) -> bool:
    return bool((status.get("initialization") or {}).get(what))


def _k3s(obj: Object, begun: bool, fitting: int, version: str) -> None:
    status = obj["status"]
    status |= {"updatedReplicas": fitting, "version": version, "ready": status["readyReplicas"] > 0}
    status["initialized"] = begun or bool(status.get("initialized"))


def _microk8s(obj: Object, begun: bool, fitting: int, version: str) -> None:
    del fitting, version
    status = obj["status"]
    status |= {"ready": status["readyReplicas"] > 0, "bootstrapped": begun or bool(status.get("bootstrapped"))}
    status["initialized"] = begun or bool(status.get("initialized"))


_PLANE_STATUS: dict[str, Callable[[Object, bool, int, str], None]] = {
    "KubeadmControlPlane": _kubeadm,
    "KThreesControlPlane": _k3s,
    "MicroK8sControlPlane": _microk8s,
}


def _report_deployment(scene: Scene, owner: Object, wanted: Wanted) -> None:
    there, ready, fitting = _tally(scene, owner, wanted)
    count = owner["spec"].get("replicas", 1)

    def change(obj: Object) -> None:
        status = obj["status"]
        status |= {"observedGeneration": owner["metadata"].get("generation", 1), "replicas": there}
        status |= {"readyReplicas": ready, "availableReplicas": ready, "upToDateReplicas": fitting}
        status["phase"] = "Running" if (there, ready) == (count, count) else "ScalingUp"
        enough = ready >= count
        message = "" if enough else f"{ready} available replicas, at least {count} required"
        state(obj, "Available", enough, "Available" if enough else "NotAvailable", message)
        rolling = fitting < there
        state(obj, "RollingOut", rolling, "RollingOut" if rolling else "NotRollingOut")

    publish(scene.api, names.DEPLOYMENTS, owner, change)
