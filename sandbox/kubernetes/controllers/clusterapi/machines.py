"""Machines: a server from the cloud, a node in the cluster, and the way back."""

from __future__ import annotations

from sandbox.kubernetes.api import Api, Object
from sandbox.kubernetes.controllers.clusterapi import names
from sandbox.kubernetes.controllers.clusterapi.foundry import (
    ClusterOrder,
    Refused,
    ServerOrder,
    Standing,
    node_of,
)
from sandbox.kubernetes.controllers.clusterapi.scene import Scene, network_order, publish, state
from sandbox.kubernetes.controllers.objects import (
    annotations_of,
    condition,
    deleting,
    drop_finalizer,
    ensure,
    labels_of,
    owner_ref,
)

WAITS_FOR_PLANE = "Waiting for Cluster control plane to be initialized"


def advance(scene: Scene, machine: Object) -> None:
    """Bring one machine a step further."""
    if deleting(machine):
        _retire(scene, machine)
        return
    server = _server(scene, machine)
    standing = _order(scene, machine, server) if _may_begin(scene, machine) else None
    if standing is not None and standing.booted:
        _become_node(scene, machine)
    scene.under_way |= _report(scene, machine, standing)


def is_ready(scene: Scene, machine: Object) -> bool:
    """Whether the machine's node is ready."""
    node = _node(scene, machine)
    return node is not None and (condition(node, "Ready") or {}).get("status") == "True"


def _node(scene: Scene, machine: Object) -> Object | None:
    name = machine["metadata"]["name"]
    member = scene.foundry.cluster_of(name)
    return node_of(member, name) if member is not None else None


def _server(scene: Scene, machine: Object) -> Object:
    """The machine's part that the cloud's provider looks after."""
    name = machine["metadata"]["name"]
    if name in scene.servers:
        return scene.servers[name]
    template = scene.api.get(names.MACHINE_TEMPLATES, annotations_of(machine)[names.CLONED_FROM], scene.namespace)
    meta: Object = {"name": name, "namespace": scene.namespace, "finalizers": [names.OPENSTACK_MACHINE_FINALIZER]}
    meta |= {"labels": {names.CLUSTER_NAME: scene.name}, "ownerReferences": [owner_ref(machine)]}
    meta["annotations"] = {names.CLONED_FROM: annotations_of(machine)[names.CLONED_FROM]}
    group = "infrastructure.cluster.x-k8s.io/v1beta1"
    spec = (template or {}).get("spec", {}).get("template", {}).get("spec", {})
    made: Object = {"apiVersion": group, "kind": "OpenStackMachine", "metadata": meta, "spec": spec}
    return ensure(scene.api, names.OPENSTACK_MACHINES, made) or made


def _may_begin(scene: Scene, machine: Object) -> bool:
    """The first control plane needs the network, every other machine the first control plane."""
    if not scene.endpoint:
        return False
    first = not any(scene.foundry.cluster_of(each["metadata"]["name"]) for each in scene.planes())
    plane = names.CONTROL_PLANE in labels_of(machine)
    return not first or (plane and machine["metadata"]["name"] == scene.planes()[0]["metadata"]["name"])


def _order(scene: Scene, machine: Object, server: Object) -> Standing | None:
    name, order = machine["metadata"]["name"], network_order(scene)
    plane = names.CONTROL_PLANE in labels_of(machine)
    asked = ServerOrder(
        name=name,
        flavor=server["spec"].get("flavor", ""),
        image=(server["spec"].get("image", {}).get("filter") or {}).get("name", ""),
        network=order.name,
        group=order.groups[0 if plane else 1],
        tags=order.tags,
    )
    refused = ""
    try:
        scene.foundry.order(asked)
    except Refused as refusal:
        refused = f"Failed to create instance: {refusal}"
    standing = scene.foundry.standing(name)
    if standing is not None and standing.status == "ERROR":
        refused = f"Instance is in state ERROR: {standing.fault}"
    _report_server(scene, server, standing, refused)
    if standing is not None and plane:
        _lead(scene, name)
    return standing


def _lead(scene: Scene, name: str) -> None:
    """The API's address follows to a control plane that joins; a balancer leads to every one."""
    planes = [m["metadata"]["name"] for m in scene.planes() if not deleting(m)]
    joined = [each for each in planes if scene.foundry.cluster_of(each)]
    if network_order(scene).balanced or name == (joined or planes)[-1]:
        scene.foundry.lead_to(scene.endpoint, name)


def _report_server(scene: Scene, server: Object, standing: Standing | None, refused: str) -> None:
    def change(obj: Object) -> None:
        status = obj["status"]
        up = standing is not None and standing.booted and not refused
        status["ready"] = up
        status["initialization"] = {"provisioned": up}
        if standing is not None:
            status |= {"instanceID": standing.id, "instanceState": standing.status}
            status["addresses"] = _addresses(standing)
        if refused:
            reason = "InstanceStateError" if "ERROR" in refused else "InstanceCreateFailed"
            state(obj, "InstanceReady", False, reason, refused)
            state(obj, "Ready", False, reason, refused)
        else:
            waits = "" if up else "instance is not ready"
            state(obj, "InstanceReady", up, "InstanceReady" if up else "InstanceNotReady", waits)
            state(obj, "Ready", up, "Ready" if up else "InstanceNotReady", waits)

    publish(scene.api, names.OPENSTACK_MACHINES, server, change)


def _addresses(standing: Standing) -> list[Object]:
    told = (("InternalIP", standing.private_address), ("ExternalIP", standing.public_address))
    return [{"type": kind, "address": address} for kind, address in told if address]


def _become_node(scene: Scene, machine: Object) -> None:
    """What cloud-init does on the machine, with what the bootstrap provider wrote."""
    name, version = machine["metadata"]["name"], machine["spec"]["version"]
    if scene.foundry.cluster_of(name) is not None:
        return
    members = (scene.foundry.cluster_of(each["metadata"]["name"]) for each in scene.planes())
    member = next((each for each in members if each is not None), None)
    plane = names.CONTROL_PLANE in labels_of(machine)
    if member is not None:
        scene.foundry.join(name, member, "control-plane" if plane else "worker", version, ())
    elif plane:
        network = scene.cluster["spec"].get("clusterNetwork") or {}
        pods, services = (((network.get(each) or {}).get("cidrBlocks") or [""])[0] for each in ("pods", "services"))
        order = ClusterOrder(
            scene.name,
            scene.distribution,
            version,
            pods or "10.244.0.0/16",
            services or "10.96.0.0/12",
            scene.endpoint,
        )
        scene.foundry.form(name, order)


def _report(scene: Scene, machine: Object, standing: Standing | None) -> bool:
    """Publish what there is; whether something is still on its way."""
    server = scene.api.get(names.OPENSTACK_MACHINES, machine["metadata"]["name"], scene.namespace) or {}
    told = condition(server, "Ready") if server.get("status") else None
    up = bool((server.get("status") or {}).get("ready"))
    node = _node(scene, machine)
    if up and standing is not None and not machine["spec"].get("providerID"):
        patch = {"spec": {"providerID": f"openstack:///{standing.id}"}}
        scene.api.patch(names.MACHINES, machine["metadata"]["name"], patch, scene.namespace)

    def change(obj: Object) -> None:
        status = obj["status"]
        status["observedGeneration"] = obj["metadata"].get("generation", 1)
        status["initialization"] = {"bootstrapDataSecretCreated": True, "infrastructureProvisioned": up}
        if standing is not None:
            status["addresses"] = _addresses(standing)
        state(obj, "BootstrapConfigReady", True, "DataSecretProvided")
        waits = told or {"reason": "WaitingForClusterInfrastructureReady", "message": WAITS_FOR_PLANE}
        state(obj, "InfrastructureReady", up, "Ready" if up else waits["reason"], "" if up else waits["message"])
        _report_node(obj, node)
        status["phase"] = _phase(node, up=up)

    publish(scene.api, names.MACHINES, machine, change)
    return node is None or (condition(node, "Ready") or {}).get("status") != "True"


def _phase(node: Object | None, *, up: bool) -> str:
    if node is not None:
        return "Running"
    return "Provisioned" if up else "Provisioning"


def _report_node(machine: Object, node: Object | None) -> None:
    if node is None:
        state(machine, "NodeReady", None, "NodeInspectionFailed", "Waiting for a Node with spec.providerID to exist")
        state(machine, "Ready", False, "NotReady", "* NodeHealthy: waiting for a Node to exist")
        return
    machine["status"]["nodeRef"] = {"name": node["metadata"]["name"]}
    found = condition(node, "Ready") or {}
    ready = found.get("status") == "True"
    message = "" if ready else f"* Node.Ready: {found.get('message', 'not reported')}"
    state(machine, "NodeReady", ready, "NodeReady" if ready else "NodeNotReady", message)
    state(machine, "Ready", ready, "Ready" if ready else "NotReady", message)


def _retire(scene: Scene, machine: Object) -> None:
    """Drain and delete the node, then the server; a cluster that goes as a whole is not drained."""
    name = machine["metadata"]["name"]
    scene.under_way = True

    def change(obj: Object) -> None:
        obj["status"]["phase"] = "Deleting"
        state(obj, "Deleting", True, "WaitingForInfrastructureDeletion", f"Waiting for OpenStackMachine {name} to go")

    publish(scene.api, names.MACHINES, machine, change)
    member = scene.foundry.cluster_of(name)
    if member is not None and not deleting(scene.cluster):
        _empty_node(member.api, name)
    server = scene.api.get(names.OPENSTACK_MACHINES, name, scene.namespace)
    if server is None:
        drop_finalizer(scene.api, names.MACHINES, machine, names.MACHINE_FINALIZER)
    elif not deleting(server):
        scene.api.delete(names.OPENSTACK_MACHINES, name, scene.namespace)
    elif scene.foundry.scrap(name):
        drop_finalizer(scene.api, names.OPENSTACK_MACHINES, server, names.OPENSTACK_MACHINE_FINALIZER)


def _empty_node(inside: Api, name: str) -> None:
    inside.patch("nodes", name, {"spec": {"unschedulable": True}})
    for pod in inside.list("pods"):
        if pod["spec"].get("nodeName") == name:
            inside.delete("pods", pod["metadata"]["name"], pod["metadata"]["namespace"], grace_s=0)
    inside.delete("nodes", name)
