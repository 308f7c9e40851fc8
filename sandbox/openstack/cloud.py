"""One OpenStack: five services over one world, and the wiring between ports and machines."""

from __future__ import annotations

from typing import Any

from sandbox.machines import Machine
from sandbox.openstack.balancing.state import BalancingState
from sandbox.openstack.compute import booking
from sandbox.openstack.compute.lifecycle import Lifecycle
from sandbox.openstack.compute.state import ComputeState
from sandbox.openstack.identity.state import IdentityState
from sandbox.openstack.image.state import ImageState
from sandbox.openstack.network import kinds, networks, security
from sandbox.openstack.network.state import PROVIDER, NetworkState
from sandbox.sites import API_PORT, MICROK8S_PORT
from sandbox.world import SSH_PORT, World

Row = dict[str, Any]


class Cloud:
    """The tenant's cloud.

    Attributes:
        shown_floating_ips: Ids of floating IPs that nova's address cache knows by now.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.identity = IdentityState()
        self.compute = ComputeState()
        self.image = ImageState()
        self.balancing = BalancingState()
        self.network = NetworkState(self.identity.project_id, world.address(1, 0) + "/24")
        self.lifecycle = Lifecycle(self)
        self.shown_floating_ips: set[str] = set()
        self._make_public_network()

    def _make_public_network(self) -> None:
        network = networks.insert_network(
            self.network, kinds.NETWORK.create | {"name": "public", "router:external": True, "mtu": 1500}, PROVIDER
        )
        fields = kinds.SUBNET.create | {"name": "public-v4", "network_id": network["id"], "enable_dhcp": False}
        pool = [{"start": self.world.address(1, 10), "end": self.world.address(1, 250)}]
        fields |= {"cidr": self.network.public_cidr, "allocation_pools": pool}
        networks.insert_subnet(self.network, fields, PROVIDER)

    def changed(self) -> None:
        """Something of the cloud has to be written to disk."""
        self.world.changed("openstack")

    async def after_change(self) -> None:
        """Bring machines in line with ports and floating IPs, and let nova hear of the latter a while later."""
        for machine in [m for m in self.world.machines.values() if m.source == "openstack"]:
            await self._follow_ports(machine)
        await self._share_addresses()
        for floating in self.network.tables["floatingips"].values():
            if floating["port_id"] and floating["id"] not in self.shown_floating_ips:
                self.lifecycle.begin(self._show_later(floating))
        led = {row["id"] for row in self.network.tables["floatingips"].values() if row["port_id"]}
        self.shown_floating_ips &= led
        self.changed()

    async def _show_later(self, floating: Row) -> None:
        await self.world.pause("floatingip.visible")
        if floating["port_id"]:
            floating["status"] = "ACTIVE"
            self.shown_floating_ips.add(floating["id"])
            self.changed()

    async def _follow_ports(self, machine: Machine) -> None:
        self.describe_ports(machine)
        server = self.compute.servers.get(machine.id)
        if server is not None:
            machine.labels = dict(server["metadata"])
        ports = self.network.rows("ports", device_id=machine.id)
        ids = {port["id"] for port in ports}
        floating = (row for row in self.network.tables["floatingips"].values() if row["port_id"] in ids)
        address = next((row["floating_ip_address"] for row in floating), None)
        await self.world.set_public_address(machine, address)

    def describe_ports(self, machine: Machine) -> None:
        """Give a machine the private addresses, networks and firewall of its ports."""
        ports = self.network.rows("ports", device_id=machine.id)
        fixed = [ip["ip_address"] for port in ports for ip in port["fixed_ips"]]
        machine.private_address = fixed[0] if fixed else ""
        machine.networks = frozenset(port["network_id"] for port in ports)
        pairs = [pair["ip_address"] for port in ports for pair in port["allowed_address_pairs"]]
        machine.virtual_addresses = [address for address in (*fixed[1:], *pairs) if "/" not in address]
        machine.closed_ports = {
            number
            for number, rule_port in ((SSH_PORT, 22), (API_PORT, API_PORT), (MICROK8S_PORT, MICROK8S_PORT))
            if not any(
                security.admits_from_outside(self.network, port, either)
                for port in ports
                for either in (number, rule_port)
            )
        }

    async def _share_addresses(self) -> None:
        """Floating IPs on ports without a server lead to whichever machine answers for the port's address."""
        shared = {
            row["fixed_ip_address"]: row["floating_ip_address"]
            for row in self.network.tables["floatingips"].values()
            if row["port_id"] and not self.network.tables["ports"][row["port_id"]]["device_id"]
        }
        balanced = {
            row["floating_ip_address"]: self._behind(row["port_id"])
            for row in self.network.tables["floatingips"].values()
            if row["port_id"] and self.network.tables["ports"][row["port_id"]]["device_owner"] == "Octavia"
        }
        if (shared, balanced) != (self.world.shared_addresses, self.world.balanced):
            self.world.shared_addresses, self.world.balanced = shared, balanced
            for site in list(self.world.sites.values()):
                await self.world.refresh(site)

    def _behind(self, port_id: str) -> frozenset[str]:
        """Ids of the machines that a balancer with this port sends requests to the API to."""
        rows = self.balancing.tables["loadbalancers"].values()
        row = next((each for each in rows if each["vip_port_id"] == port_id), None)
        if row is None or row["provisioning_status"] in ("PENDING_CREATE", "PENDING_DELETE"):
            return frozenset()
        members = {address for port in (API_PORT, MICROK8S_PORT) for address in self.balancing.members(row["id"], port)}
        found = (m for m in self.world.machines.values() if m.source == "openstack" and m.private_address in members)
        return frozenset(machine.id for machine in found if row["vip_network_id"] in machine.networks)

    def power_changed(self, server_id: str, *, on: bool) -> None:
        """Nova notices that a server was started or stopped behind its back."""
        row = self.compute.servers.get(server_id)
        if row is not None:
            row.update(status="ACTIVE" if on else "SHUTOFF", task_state=None)
            self.changed()

    async def lose_server(self, server_id: str) -> None:
        """A server is gone without anyone having asked for it."""
        row = self.compute.servers.pop(server_id, None)
        if row is not None:
            booking.unplug(self, row)
            await self.after_change()

    def leftovers(self) -> dict[str, list[Row]]:
        """Every object of the tenant, by resource: what a teardown should have removed."""
        left: dict[str, list[Row]] = {}
        for plural in self.network.tables:
            rows = self.network.rows(plural, project_id=self.identity.project_id)
            left[plural] = [_brief(row) for row in rows if not _built_in(plural, row)]
        left["security_group_rules"] = []
        left["servers"] = [_brief(row) for row in self.compute.servers.values()]
        left["server_groups"] = [_brief(row) for row in self.compute.groups.values()]
        left["loadbalancers"] = [_brief(row) for row in self.balancing.tables["loadbalancers"].values()]
        left["keypairs"] = [_brief(row | {"id": row["name"]}) for row in self.compute.keypairs.values()]
        own = (row for row in self.image.images.values() if row["owner"] == self.identity.project_id)
        left["images"] = [_brief(row) for row in own]
        return {name: rows for name, rows in left.items() if rows}

    def snapshot(self) -> Row:
        """Everything, ready for JSON."""
        services = ("identity", "compute", "image", "network", "balancing")
        shown = {"shown_floating_ips": sorted(self.shown_floating_ips)}
        return {name: getattr(self, name).snapshot() for name in services} | shown

    def restore(self, data: Row) -> None:
        """Take up what ``snapshot`` gave, also that of an older sandbox without load balancers.

        Slow things under way go on with ``lifecycle.resume``.
        """
        for name in ("identity", "compute", "image", "network", "balancing"):
            if name in data:
                getattr(self, name).restore(data[name])
        self.network.project = self.identity.project_id
        self.shown_floating_ips = set(data["shown_floating_ips"])


def _brief(row: Row) -> Row:
    shown = {name: row.get(name, "") for name in ("id", "name", "tags", "metadata", "status") if row.get(name)}
    address = row.get("floating_ip_address")
    return shown | ({"address": address} if address else {})


def _built_in(plural: str, row: Row) -> bool:
    return plural == "security_groups" and row["name"] == "default"
