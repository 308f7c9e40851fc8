"""The loop of Cluster API: everything of one cluster at once, whenever something of it changes."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from itertools import count
from typing import Any

import yaml

from sandbox.kubernetes.api import Change, Object
from sandbox.kubernetes.controllers.clusterapi import names
from sandbox.kubernetes.controllers.clusterapi.foundry import Refused, foundry_of
from sandbox.kubernetes.controllers.clusterapi.machines import advance, is_ready
from sandbox.kubernetes.controllers.clusterapi.owners import run_control_plane, run_deployment
from sandbox.kubernetes.controllers.clusterapi.scene import Scene, look, network_order, publish, state
from sandbox.kubernetes.controllers.controller import Controller, Key
from sandbox.kubernetes.controllers.objects import (
    add_finalizer,
    condition,
    deleting,
    drop_finalizer,
    ensure,
    labels_of,
    owner_ref,
)

POLL_S = 0.03
_OWN = (names.CLUSTERS, names.OPENSTACK_CLUSTERS)


class ClusterApi(Controller):
    """Core, OpenStack provider and bootstrap providers in one; runs where their kinds are served."""

    watches = (
        names.CLUSTERS,
        names.DEPLOYMENTS,
        names.MACHINES,
        names.OPENSTACK_CLUSTERS,
        names.OPENSTACK_MACHINES,
        *names.CONTROL_PLANES.values(),
    )

    def keys(self, change: Change) -> Iterable[Key]:
        """The cluster that an object belongs to."""
        obj = change.object
        name = labels_of(obj).get(names.CLUSTER_NAME)
        if change.resource in _OWN or name is None:
            name = obj["metadata"]["name"]
        return ((obj["metadata"].get("namespace", ""), name),)

    def reconcile(self, key: Key) -> None:
        """Bring one cluster one step further."""
        foundry, cluster = foundry_of(self.fleet), self.api.get(names.CLUSTERS, key[1], key[0])
        if foundry is None or cluster is None or not cluster["spec"].get("controlPlaneRef"):
            return
        scene = look(self.api, foundry, add_finalizer(self.api, names.CLUSTERS, cluster, names.CLUSTER_FINALIZER))
        if deleting(cluster):
            _take_apart(scene)
        else:
            _adopt(scene)
            _lay(scene)
        run_control_plane(scene)
        for owner in scene.deployments:
            run_deployment(scene, owner)
        for machine in list(scene.machines):
            advance(scene, machine)
        if not deleting(cluster):
            _hand_out(scene)
            _report(scene)
        if scene.under_way:
            self._again(key)

    def _again(self, key: Key) -> None:
        """Marks that rang are spent only when the turn is over: the first that did not ring brings the key back."""
        next(n for n in count() if not self.manager.waited(self, key, f"clusterapi.poll {n}", POLL_S))


def _adopt(scene: Scene) -> None:
    """Everything of a cluster has it for its owner, and is held until it was taken apart."""
    parts = [(names.OPENSTACK_CLUSTERS, scene.infrastructure, names.OPENSTACK_CLUSTER_FINALIZER)]
    if scene.control_plane is not None:
        kind = scene.control_plane["kind"]
        parts.append((names.CONTROL_PLANES[kind], scene.control_plane, names.CONTROL_PLANE_FINALIZERS[kind]))
    parts += [(names.DEPLOYMENTS, each, names.DEPLOYMENT_FINALIZER) for each in scene.deployments]
    for resource, obj, finalizer in parts:
        if obj is not None and not obj["metadata"].get("ownerReferences"):
            patch = {"metadata": {"ownerReferences": [owner_ref(scene.cluster)]}}
            scene.api.patch(resource, obj["metadata"]["name"], patch, scene.namespace)
        if obj is not None:
            add_finalizer(scene.api, resource, obj, finalizer)


def _lay(scene: Scene) -> None:
    """Network and address of the API, as its infrastructure says."""
    infrastructure = scene.infrastructure
    if infrastructure is None:
        return
    address, problem = "", _login_problem(scene, infrastructure)
    if not problem:
        try:
            address = scene.foundry.lay_network(network_order(scene))
        except Refused as refusal:
            problem = ("NetworkCreateFailed", str(refusal))
    scene.under_way |= bool(problem)

    def change(obj: Object) -> None:
        obj["status"]["ready"] = not problem
        obj["status"]["initialization"] = {"provisioned": not problem}
        state(obj, "Ready", not problem, problem[0] if problem else "Ready", problem[1] if problem else "")

    publish(scene.api, names.OPENSTACK_CLUSTERS, infrastructure, change)
    scene.infrastructure = scene.api.get(names.OPENSTACK_CLUSTERS, infrastructure["metadata"]["name"], scene.namespace)
    if address and scene.endpoint != address:
        end = {"spec": {"controlPlaneEndpoint": {"host": address, "port": 6443}}}
        scene.api.patch(names.OPENSTACK_CLUSTERS, infrastructure["metadata"]["name"], end, scene.namespace)
        scene.cluster = scene.api.patch(names.CLUSTERS, scene.name, end, scene.namespace)


def _login_problem(scene: Scene, infrastructure: Object) -> tuple[str, str] | None:
    identity = infrastructure["spec"]["identityRef"]
    secret = scene.api.get("secrets", identity["name"], scene.namespace)
    if secret is None:
        return ("OpenStackAuthenticationFailed", f'secrets "{identity["name"]}" not found')
    raw = base64.b64decode((secret.get("data") or {}).get("clouds.yaml", ""))
    clouds: dict[str, Any] = yaml.safe_load(raw) or {}
    problem = scene.foundry.login_problem(clouds, identity["cloudName"])
    return ("OpenStackAuthenticationFailed", problem) if problem else None


def _hand_out(scene: Scene) -> None:
    """The administrator's kubeconfig, once there is a control plane."""
    name = f"{scene.name}-kubeconfig"
    members = (scene.foundry.cluster_of(each["metadata"]["name"]) for each in scene.planes())
    member = next((each for each in members if each is not None), None)
    if member is None or scene.control_plane is None or scene.api.get("secrets", name, scene.namespace):
        return
    text = scene.foundry.kubeconfig(member, scene.endpoint)
    meta = {"name": name, "namespace": scene.namespace, "labels": {names.CLUSTER_NAME: scene.name}}
    owners = {"ownerReferences": [owner_ref(scene.control_plane)]}
    data = {"value": base64.b64encode(text.encode()).decode()}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": meta | owners, "data": data}
    ensure(scene.api, "secrets", secret | {"type": "cluster.x-k8s.io/secret"})


def _report(scene: Scene) -> None:
    begun = any(scene.foundry.cluster_of(each["metadata"]["name"]) for each in scene.planes())
    told = condition(scene.infrastructure or {"status": {}}, "Ready") or {}
    laid = told.get("status") == "True"
    ready = [each for each in scene.machines if is_ready(scene, each) and not deleting(each)]
    planes = [each for each in scene.planes() if each in ready]
    workers = [each for each in scene.machines if names.CONTROL_PLANE not in labels_of(each)]
    missing = [each["metadata"]["name"] for each in workers if each not in ready]

    def change(obj: Object) -> None:
        status = obj["status"]
        was = bool((status.get("initialization") or {}).get("controlPlaneInitialized"))
        status["observedGeneration"] = scene.cluster["metadata"].get("generation", 1)
        status["initialization"] = {"infrastructureProvisioned": laid, "controlPlaneInitialized": begun or was}
        status["phase"] = "Provisioned" if laid and scene.endpoint else "Provisioning"
        state(obj, "InfrastructureReady", laid, told.get("reason") or "NotReady", told.get("message", ""))
        state(obj, "ControlPlaneInitialized", begun or was, "Initialized" if begun or was else "NotInitialized")
        first = "Control plane not yet initialized" if not (begun or was) else ""
        state(obj, "ControlPlaneAvailable", bool(planes), "Available" if planes else "NotAvailable", first)
        waits = f"* machines {', '.join(sorted(missing))} are not ready" if missing else ""
        state(obj, "WorkersAvailable", not missing, "NotAvailable" if missing else "Available", waits)
        probe = "ProbeSucceeded" if begun else "ProbeFailed"
        silent = "" if begun else "Remote connection not established yet"
        state(obj, "RemoteConnectionProbe", begun or None, probe, silent)

    publish(scene.api, names.CLUSTERS, scene.cluster, change)


def _take_apart(scene: Scene) -> None:
    """Workers, then the control plane, then the network, then the cluster itself."""
    scene.under_way = True

    def change(obj: Object) -> None:
        obj["status"]["phase"] = "Deleting"
        names_left = ", ".join(sorted(each["metadata"]["name"] for each in scene.machines))
        message = f"* Machines: {names_left}" if names_left else "* waiting for the infrastructure to be deleted"
        state(obj, "Deleting", True, "WaitingForWorkersDeletion", message)

    publish(scene.api, names.CLUSTERS, scene.cluster, change)
    for owner in scene.deployments:
        if not deleting(owner):
            scene.api.delete(names.DEPLOYMENTS, owner["metadata"]["name"], scene.namespace)
    if scene.deployments:
        return
    if scene.control_plane is not None:
        if not deleting(scene.control_plane):
            resource = names.CONTROL_PLANES[scene.control_plane["kind"]]
            scene.api.delete(resource, scene.control_plane["metadata"]["name"], scene.namespace)
        return
    _clear(scene)


def _clear(scene: Scene) -> None:
    infrastructure = scene.infrastructure
    if infrastructure is None:
        drop_finalizer(scene.api, names.CLUSTERS, scene.cluster, names.CLUSTER_FINALIZER)
    elif not deleting(infrastructure):
        scene.api.delete(names.OPENSTACK_CLUSTERS, infrastructure["metadata"]["name"], scene.namespace)
    elif scene.foundry.clear_network(network_order(scene)):
        finalizer = names.OPENSTACK_CLUSTER_FINALIZER
        drop_finalizer(scene.api, names.OPENSTACK_CLUSTERS, infrastructure, finalizer)
