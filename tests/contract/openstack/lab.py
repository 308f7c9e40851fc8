"""Builders of cloud objects for tests."""

from __future__ import annotations

import base64
from typing import Any

from tests.contract.sandbox.process import eventually

PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFh3hZXJzFwX1v8mZr1yqP0Ue9E5pQ5d6v1oYz5y1x2k test"


class Lab:
    """Makes what a test needs, named after the test."""

    def __init__(self, cloud: Any, name: str) -> None:
        self.cloud = cloud
        self.name = name
        self.public = cloud.network.find_network("public")

    def network(self, cidr: str = "10.20.0.0/24", **more: Any) -> Any:
        """A network with one subnet; the subnet is ``self.subnet``."""
        network = self.cloud.network.create_network(name=f"{self.name}-net")
        self.subnet = self.cloud.network.create_subnet(
            network_id=network.id, name=f"{self.name}-subnet", ip_version=4, cidr=cidr, **more
        )
        return network

    def routed(self, cidr: str = "10.20.0.0/24") -> Any:
        """A network behind ``self.router``, which has a gateway to the outside."""
        network = self.network(cidr)
        gateway = {"network_id": self.public.id}
        self.router = self.cloud.network.create_router(name=f"{self.name}-router", external_gateway_info=gateway)
        self.cloud.network.add_interface_to_router(self.router, subnet_id=self.subnet.id)
        return network

    def group(self, *ports: int) -> Any:
        """A security group that admits these TCP ports from anywhere."""
        group = self.cloud.network.create_security_group(name=f"{self.name}-group")
        for port in ports:
            self.cloud.network.create_security_group_rule(
                security_group_id=group.id, direction="ingress", ethertype="IPv4", protocol="tcp",
                port_range_min=port, port_range_max=port,
            )  # fmt: skip
        return group

    def port(self, network: Any, **more: Any) -> Any:
        """A port on a network."""
        return self.cloud.network.create_port(network_id=network.id, name=f"{self.name}-port", **more)

    def server(self, name: str = "node", user_data: str = "", **more: Any) -> Any:
        """A server, just asked for."""
        image = self.cloud.image.find_image("ubuntu-24.04")
        flavor = self.cloud.compute.find_flavor("m1.small")
        options = {"networks": "none"} | more
        if user_data:
            options["user_data"] = base64.b64encode(user_data.encode()).decode()
        return self.cloud.compute.create_server(
            name=f"{self.name}-{name}", image_id=image.id, flavor_id=flavor.id, **options
        )

    def active(self, server: Any) -> Any:
        """The server once it is ACTIVE."""
        return self.cloud.compute.wait_for_server(server, interval=0.02, wait=30)

    def gone(self, server: Any) -> None:
        """Wait until a server is gone."""
        eventually(lambda: self.cloud.compute.find_server(server.id) is None, what=f"end of {server.name}")
