"""The cloud and the machines of the world, as Cluster API orders them (``controllers.clusterapi.foundry``)."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping, Sequence
from typing import Any

from sandbox.foundry_balancer import clear_balancer, drop_member, lay_balancer, lead_to
from sandbox.foundry_networks import clear_network, find, lay_address, lay_network
from sandbox.kubernetes.controllers import register_node
from sandbox.kubernetes.controllers.clusterapi.foundry import (
    ClusterOrder,
    NetworkOrder,
    Refused,
    Role,
    ServerOrder,
    Standing,
)
from sandbox.machines import Machine
from sandbox.openstack.cloud import Cloud
from sandbox.openstack.compute import booking
from sandbox.openstack.compute.state import FLAVORS
from sandbox.openstack.network import ports, routers
from sandbox.openstack.refusals import Refusal
from sandbox.sites import ClusterPlan, Site
from sandbox.ssh.membership import CONTROL_PLANE, STATIC_PODS, Workload, ensure, install, install_dns, static_pod
from sandbox.ssh.programs.k3s.server import COREFILE as OF_K3S
from sandbox.ssh.programs.kubeadm.addons import COREFILE as OF_KUBEADM
from sandbox.ssh.programs.microk8s.kubelite import COREFILE as OF_MICROK8S

Row = dict[str, Any]
_COREFILES = {"kubeadm": OF_KUBEADM, "k3s": OF_K3S, "microk8s": OF_MICROK8S}
_TAINT = {"key": CONTROL_PLANE, "effect": "NoSchedule"}
_FLANNEL = "flannel.alpha.coreos.com/backend-type"


class CloudFoundry:
    """Fulfils orders with servers of a cloud, whose machines become nodes without anybody logging in."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._world = cloud.world
        self._under_way: set[str] = set()

    def login_problem(self, clouds: Mapping[str, Any], cloud: str) -> str:
        """Why the cloud does not let in who has this clouds.yaml; empty when it does."""
        entry = (clouds.get("clouds") or {}).get(cloud)
        if entry is None:
            return f"cloud {cloud} not found in clouds.yaml"
        auth, identity = entry.get("auth") or {}, self._cloud.identity
        if "application_credential_id" in auth:
            known = identity.application_credentials.get(auth["application_credential_id"]) or {}
            valid = bool(known) and known.get("secret") == auth.get("application_credential_secret")
        else:
            valid = auth.get("password") == identity.password
        return "" if valid else "Authentication failed: the request you have made requires authentication"

    def lay_network(self, order: NetworkOrder) -> str:
        """Network, subnet, router, security groups and the API's address, which is returned."""
        try:
            subnet = lay_network(self._cloud.network, order)
            port = lay_balancer(self._cloud, order, subnet) if order.balanced else None
            address = lay_address(self._cloud.network, order, port)
        except Refusal as refusal:
            raise Refused(refusal.message) from refusal
        self._cloud.changed()
        return address

    def clear_network(self, order: NetworkOrder) -> bool:
        """Remove them, as far as nothing is in the way; whether all is gone."""
        try:
            clear_balancer(self._cloud, order)
            clear_network(self._cloud.network, order)
        except Refusal:
            return False
        self._cloud.changed()
        return True

    def order(self, order: ServerOrder) -> None:
        """A server with a port of its own."""
        if self._row(order.name) is not None:
            return
        cloud = self._cloud
        image = next((row for row in cloud.image.images.values() if row["name"] == order.image), None)
        flavor = next((key for key, value in FLAVORS.items() if value[0] == order.flavor), None)
        if image is None or flavor is None:
            missing = f"image {order.image}" if image is None else f"flavor {order.flavor}"
            raise Refused(f"no {missing} was found")
        try:
            cloud.compute.check_quota(flavor, 1)
            port = self._port(order)
            wanted = {"name": order.name, "flavorRef": flavor, "imageRef": image["id"], "tags": list(order.tags)}
            wanted["user_data"] = ""
            row = booking.book(cloud, wanted, {}, [{"port": port["id"]}])
        except Refusal as refusal:
            raise Refused(refusal.message) from refusal
        row["doomed"] = ""
        cloud.lifecycle.begin(cloud.lifecycle.build(row))
        cloud.changed()

    def _port(self, order: ServerOrder) -> Row:
        state = self._cloud.network
        name = f"{order.name}-0"
        found = find(state, "ports", name)
        if found is not None:
            return found
        network, group = find(state, "networks", order.network), find(state, "security_groups", order.group)
        body: Row = {"name": name, "network_id": (network or {})["id"], "security_groups": [(group or {})["id"]]}
        port = ports.create_port(state, body)
        port["tags"] = list(order.tags)
        return port

    def standing(self, name: str) -> Standing | None:
        """The server of that name."""
        row = self._row(name)
        if row is None:
            return None
        machine = self._world.machines.get(row["id"])
        booted = machine is not None and machine.power == "on" and machine.booted_once
        own, public = (machine.private_address, machine.public_address) if machine else ("", None)
        return Standing(row["id"], row["status"], (row["fault"] or {}).get("message", ""), own, public or "", booted)

    def scrap(self, name: str) -> bool:
        """Take a server and its port away; whether both are gone."""
        row = self._row(name)
        drop_member(self._cloud, name)
        if row is not None:
            if row["task_state"] != "deleting":
                row["task_state"] = "deleting"
                self._cloud.lifecycle.begin(self._retire(row))
            return False
        port = find(self._cloud.network, "ports", f"{name}-0")
        if port is not None:
            ports.drop_port(self._cloud.network, port)
            self._cloud.changed()
        return True

    async def _retire(self, row: Row) -> None:
        """Out of the cluster first, and out of its etcd, as control-plane providers see to; then the server goes."""
        machine = self._world.machines.get(row["id"])
        if machine is not None:
            await self._world.leave(machine)
        await self._cloud.lifecycle.delete(row)

    def lead_to(self, address: str, name: str) -> None:
        """Let the API's address lead to a server; one that leads to a balancer stays there, which gets a member."""
        state = self._cloud.network
        floating = next(iter(state.rows("floatingips", floating_ip_address=address)), None)
        port = find(state, "ports", f"{name}-0")
        if floating is None or port is None or floating["port_id"] == port["id"]:
            return
        new = lead_to(self._cloud, floating["port_id"] or "", name, port["fixed_ips"][0]["ip_address"])
        if new is False:
            return
        if new is None:
            routers.update_floating_ip(state, floating, {"port_id": port["id"]})
        self._cloud.lifecycle.begin(self._cloud.after_change())

    def form(self, server: str, order: ClusterOrder) -> None:
        """Let a server begin a cluster."""
        self._once(server, lambda machine: self._form(machine, order))

    def join(self, server: str, member: Any, role: Role, version: str, labels: Sequence[str]) -> None:
        """Let a server join a cluster."""
        self._once(server, lambda machine: self._join(machine, member, role, version))
        del labels

    def _once(self, server: str, work: Any) -> None:
        row = self._row(server)
        machine = self._world.machines.get(row["id"]) if row else None
        if machine is None or machine.id in self._under_way or self._world.site_of(machine) is not None:
            return
        self._under_way.add(machine.id)
        self._cloud.lifecycle.begin(self._guarded(machine, work(machine)))

    async def _guarded(self, machine: Machine, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        finally:
            self._under_way.discard(machine.id)

    async def _form(self, machine: Machine, order: ClusterOrder) -> None:
        await self._world.pause("kubeadm.init")
        plan = ClusterPlan(
            name=order.name,
            version=order.version,
            pod_cidr=order.pod_cidr,
            service_cidr=order.service_cidr,
            distribution=order.distribution,
            extra_sans=(order.endpoint,),
            endpoint=order.endpoint,
        )
        cluster = await self._world.create_cluster(machine, plan)
        _install_workloads(cluster, order.distribution, order.version)
        self._announce(machine, "control-plane", order.version)

    async def _join(self, machine: Machine, member: Any, role: Role, version: str) -> None:
        await self._world.pause("kubeadm.join")
        await self._world.join(member, machine, role)
        self._announce(machine, role, version)

    def renew(self, server: str, version: str) -> None:
        """Let a member run another version."""
        row = self._row(server)
        machine = self._world.machines.get(row["id"]) if row else None
        site = self._world.site_of(machine) if machine else None
        if machine is not None and site is not None:
            site.cluster.version = version
            self._announce(machine, site.members[machine.id].role, version)

    def _announce(self, machine: Machine, role: Role, version: str) -> None:
        site = self._world.site_of(machine)
        if site is None:
            return
        kind, plane = site.plan.distribution, role == "control-plane"
        register_node(
            site.cluster.api,
            machine.name,
            machine.private_address,
            version,
            labels={CONTROL_PLANE: ""} if plane else {},
            annotations={_FLANNEL: "vxlan"} if kind == "k3s" else {},
            taints=[dict(_TAINT)] if plane and kind == "kubeadm" else [],
            provider_id=f"openstack:///{machine.id}",
            external_address=machine.public_address or "",
            cpu=machine.flavor.vcpus,
            memory_mib=machine.flavor.memory_mib,
        )
        if plane:
            self._serve(site, machine, version)

    @staticmethod
    def _serve(site: Site, machine: Machine, version: str) -> None:
        site.cluster.version = version
        for component in STATIC_PODS if site.plan.distribution == "kubeadm" else ():
            image = f"registry.k8s.io/{component}:{version}"
            ensure(site.cluster.api, "pods", static_pod(component, machine.name, image))

    def cluster_of(self, server: str) -> Any | None:
        """The cluster that a server is a member of, once its node is known there."""
        row = self._row(server)
        machine = self._world.machines.get(row["id"]) if row else None
        site = self._world.site_of(machine) if machine else None
        return site.cluster if site is not None and site.cluster.api.get("nodes", server) else None

    def kubeconfig(self, member: Any, endpoint: str) -> str:
        """An administrator's."""
        found: str = member.admin_kubeconfig(f"https://{endpoint}:6443")
        return found

    def _row(self, name: str) -> Row | None:
        return next((row for row in self._cloud.compute.servers.values() if row["name"] == name), None)


def _install_workloads(cluster: Any, distribution: str, version: str) -> None:
    if distribution == "kubeadm":
        install(cluster.api, Workload("kube-proxy", f"registry.k8s.io/kube-proxy:{version}", "DaemonSet"))
    if distribution == "microk8s":
        install(cluster.api, Workload("calico-node", "docker.io/calico/node:v3.29.3", "DaemonSet"))
    install(cluster.api, Workload("coredns", "registry.k8s.io/coredns/coredns:v1.12.4"))
    install_dns(cluster.api, cluster.service_cidr, _COREFILES[distribution])
