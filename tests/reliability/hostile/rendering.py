"""Everything that is made from an accepted spec without a server: each text read back has to be what went in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import yaml

from config.catalogue.reading import read_addons
from federation.planning.context import PlanningContext
from federation.planning.drawing import render_svg
from federation.planning.explain import render_json, render_mermaid, render_rows, render_text
from federation.planning.guards import Policy, admit
from federation.planning.planner import plan_federation
from federation.spec.cluster import Cluster
from federation.spec.federation import Federation
from federation.spec.homes import homes_of
from federation.spec.machines import MachineTarget
from federation.spec.shares import shares_of
from federation.state.observed import Absent, ObservedCluster, ObservedFederation
from providers.addons.renderers.place import Place
from providers.addons.rendering import render_installation
from providers.applications.render_exposure import render_ingress, render_service
from providers.applications.render_namespace import render_namespace, render_offloading
from providers.applications.render_workload import render_workload
from providers.bootstrap import k3s_config, kubeadm_config
from providers.contracts import ClusterTarget
from providers.infrastructure.openstack.user_data import render_user_data
from tests.reliability.hostile.strings import MARKER

_SHOWN_MACHINES = 3


def mangled(federation: Federation) -> Iterator[str]:
    """What does not come back as it went in, a line each."""
    sent = federation.model_dump(mode="json", by_alias=True, exclude_none=True)
    if Federation.model_validate(json.loads(json.dumps(sent)), by_alias=True, by_name=False) != federation:
        yield "the spec as JSON is another spec"
    yield from _plan(federation)
    for cluster in federation.spec.clusters:
        yield from _cluster(federation, cluster)
    yield from _applications(federation)


def _plan(federation: Federation) -> Iterator[str]:
    seen = ObservedFederation(
        {each.name: ObservedCluster(each.name, Absent(), Absent()) for each in federation.spec.clusters}
    )
    context = PlanningContext(federation, (), seen, read_addons())
    admission = admit(plan_federation(context), context, Policy())
    steps = len(admission.plan)
    if len(json.loads(render_json(admission))["steps"]) != steps:
        yield "the plan as JSON has other steps"
    if render_text(admission).count("\n") > steps + len(admission.held) + 2:
        yield "the plan as text has other lines"
    if steps <= 2000:
        picture = render_mermaid(admission.plan)
        if sum('["' in line for line in picture.splitlines()) != steps:
            yield "the plan as Mermaid has other boxes"
    drawn = render_svg(admission.plan)
    if drawn is not None:
        ElementTree.fromstring(drawn)  # noqa: S314 - made by ourselves
    yield from ("a row of the plan breaks" for row in render_rows(admission) if not "".join(row.values()).isprintable())


def _cluster(federation: Federation, cluster: Cluster) -> Iterator[str]:
    machines = (
        MachineTarget("m-0", "control-plane", "cp"),
        *(
            MachineTarget("m-1", "worker", pool.name, pool.flavor, tuple(sorted(pool.labels.items())))
            for pool in cluster.workers
        ),
    )
    target = ClusterTarget(federation.name, cluster, machines)
    for machine in machines[:_SHOWN_MACHINES]:
        yield from _machine(target, machine)
    for addon in cluster.addons:
        definition = read_addons()[addon.name]
        made = render_installation(Place(federation.name, cluster, addon, definition, "192.0.2.1:6443"))
        own = {key: value for key, value in addon.values.items() if key not in definition.own_values}
        if json.loads(json.dumps(made.values)) != made.values or not _laid(made.values, own):
            yield f"values of {addon.name} do not arrive"


def _laid(values: Any, above: Any) -> bool:
    if isinstance(above, dict) and isinstance(values, dict):
        return all(key in values and _laid(values[key], each) for key, each in above.items())
    return bool(values == above)


def _machine(target: ClusterTarget, machine: MachineTarget) -> Iterator[str]:
    cloud = render_user_data(machine.name)
    if yaml.safe_load(cloud)["hostname"] != machine.name:
        yield "user data do not hold the name"
    if target.spec.adopted:
        return
    texts = [cloud]
    if target.spec.built_with.type == "kubeadm":
        texts.append(kubeadm_config.render_init(target, machine, "192.0.2.1:6443", "10.0.0.1"))
        labels = [each["value"] for each in _registration(texts[-1]).get("kubeletExtraArgs", [])]
        wanted = [",".join(f"{key}={value}" for key, value in machine.labels)] if machine.labels else []
    else:
        texts.append(k3s_config.render_first_server(target, machine, "192.0.2.1:6443", ("10.0.0.1", "192.0.2.1")))
        labels = yaml.safe_load(texts[-1]).get("node-label", [])
        wanted = [f"{key}={value}" for key, value in machine.labels]
    if labels != wanted:
        yield "labels of a node do not arrive"
    yield from ("a file of a machine holds a hostile text" for text in texts if MARKER in text)


def _registration(text: str) -> dict[str, Any]:
    found: dict[str, Any] = next(yaml.safe_load_all(text))["nodeRegistration"]
    return found


def _applications(federation: Federation) -> Iterator[str]:
    homes = homes_of(federation)
    for application in federation.spec.applications:
        home = homes[application.name] or federation.spec.clusters[0].name
        objects = [
            render_namespace(federation.name, application, {"x"}, "d"),
            render_offloading(federation.name, application, {"x"}),
        ]
        for component in application.components:
            shares = shares_of(component, home)
            workloads = [render_workload(federation.name, application, component, each) for each in shares]
            objects += [*workloads, render_service(federation.name, application, component, home)]
            objects.append(render_ingress(federation.name, application, component, "nginx"))
            container = workloads[0]["spec"]["template"]["spec"]["containers"][0]
            env = {each["name"]: each["value"] for each in container.get("env", []) if "value" in each}
            arrived = env, tuple(container.get("command", ())), tuple(container.get("args", ()))
            if arrived != (component.env, component.command, component.args):
                yield f"{application.name}/{component.name} runs something else"
        if json.loads(json.dumps(objects)) != objects:
            yield f"objects of {application.name} are no JSON"
