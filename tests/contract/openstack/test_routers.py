"""Routers, floating IPs and security groups: what is in use cannot be taken away."""

from __future__ import annotations

import pytest
from openstack import exceptions

from tests.contract.sandbox.process import eventually


def test_a_router_with_an_interface_cannot_be_deleted(cloud, lab):
    """409 RouterInUse until the interface is gone; its port cannot be deleted directly either."""
    network = lab.routed("10.41.0.0/24")
    with pytest.raises(exceptions.ConflictException, match="has ports still attached"):
        cloud.network.delete_router(lab.router)
    (port,) = cloud.network.ports(network_id=network.id, device_owner="network:router_interface")
    assert port.fixed_ips[0]["ip_address"] == "10.41.0.1"
    with pytest.raises(exceptions.ConflictException, match="has device owner network:router_interface"):
        cloud.network.delete_port(port)
    cloud.network.remove_interface_from_router(lab.router, subnet_id=lab.subnet.id)
    cloud.network.delete_router(lab.router)
    assert cloud.network.find_router(lab.router.id) is None


def test_an_interface_is_added_once(cloud, lab):
    """The same subnet twice on a router is a 400."""
    lab.routed("10.41.1.0/24")
    with pytest.raises(exceptions.BadRequestException, match="Router already has a port on subnet"):
        cloud.network.add_interface_to_router(lab.router, subnet_id=lab.subnet.id)


def test_removing_an_interface_that_is_not_there_is_404(cloud, lab):
    """A repeated removal says that there is no interface."""
    lab.network("10.41.2.0/24")
    router = cloud.network.create_router(name=lab.name)
    with pytest.raises(exceptions.NotFoundException, match="has no interface on subnet"):
        cloud.network.remove_interface_from_router(router, subnet_id=lab.subnet.id)


def test_a_floating_ip_needs_a_router_to_the_outside(cloud, lab):
    """Association without a gateway is a 404 that names the external network."""
    port = lab.port(lab.network("10.41.3.0/24"))
    with pytest.raises(exceptions.NotFoundException, match="is not reachable from subnet"):
        cloud.network.create_ip(floating_network_id=lab.public.id, port_id=port.id)


def test_floating_ips_are_loopback_addresses_of_the_sandbox(sandbox, cloud, lab):
    """What looks like a public address can be bound and reached on this computer."""
    ip = cloud.network.create_ip(floating_network_id=lab.public.id)
    first, second = sandbox.network.split(".")[:2]
    assert ip.floating_ip_address.startswith(f"{first}.{second}.1.")
    assert ip.status == "DOWN"


def test_a_floating_ip_holds_interface_and_gateway(cloud, lab):
    """Interface and gateway stay while a floating IP leads through them; a deleted port lets go of it."""
    port = lab.port(lab.routed("10.41.4.0/24"))
    ip = cloud.network.create_ip(floating_network_id=lab.public.id, port_id=port.id)
    eventually(lambda: cloud.network.get_ip(ip.id).status == "ACTIVE", what="active floating IP")
    with pytest.raises(exceptions.ConflictException, match="required by one or more floating IPs"):
        cloud.network.remove_interface_from_router(lab.router, subnet_id=lab.subnet.id)
    with pytest.raises(exceptions.ConflictException, match="Gateway cannot be updated"):
        cloud.network.update_router(lab.router, external_gateway_info={})
    cloud.network.delete_port(port)
    left = cloud.network.get_ip(ip.id)
    assert (left.port_id, left.router_id, left.status) == (None, None, "DOWN")


def test_a_port_has_one_floating_ip(cloud, lab):
    """A second floating IP for the same fixed address is a 409."""
    port = lab.port(lab.routed("10.41.5.0/24"))
    cloud.network.create_ip(floating_network_id=lab.public.id, port_id=port.id)
    with pytest.raises(exceptions.ConflictException, match="already has a floating IP on external network"):
        cloud.network.create_ip(floating_network_id=lab.public.id, port_id=port.id)


def test_a_new_security_group_lets_everything_out_and_nothing_in(cloud, lab):
    """Neutron puts two egress rules into each new group."""
    group = cloud.network.create_security_group(name=lab.name)
    rules = list(cloud.network.security_group_rules(security_group_id=group.id))
    assert sorted((rule.direction, rule.ether_type) for rule in rules) == [("egress", "IPv4"), ("egress", "IPv6")]


def test_a_rule_exists_once(cloud, lab):
    """The same rule again is a 409 with the id of the first, whatever its description."""
    group = lab.group(6443)
    with pytest.raises(exceptions.ConflictException, match="Security group rule already exists"):
        cloud.network.create_security_group_rule(
            security_group_id=group.id, direction="ingress", ethertype="IPv4", protocol="tcp",
            port_range_min=6443, port_range_max=6443, description="another",
        )  # fmt: skip


def test_malformed_rules_are_refused(cloud, lab):
    """Ports need a protocol, a range has to be one, a prefix too."""
    group = lab.group()
    ranges = {"port_range_min": 10, "port_range_max": 5}
    for fields in (
        {"port_range_min": 22, "port_range_max": 22},
        ranges | {"protocol": "tcp"},
        {"remote_ip_prefix": "x"},
    ):
        with pytest.raises(exceptions.BadRequestException):
            cloud.network.create_security_group_rule(security_group_id=group.id, direction="ingress", **fields)


def test_a_security_group_in_use_cannot_be_deleted(cloud, lab):
    """409 SecurityGroupInUse while a port has it."""
    group, network = lab.group(22), lab.network("10.41.6.0/24")
    port = lab.port(network, security_groups=[group.id])
    with pytest.raises(exceptions.ConflictException, match="in use") as caught:
        cloud.network.delete_security_group(group)
    answer = caught.value.response
    assert answer is not None
    assert answer.json()["NeutronError"]["type"] == "SecurityGroupInUse"
    cloud.network.delete_port(port)
    cloud.network.delete_security_group(group)


def test_the_default_group_is_there_and_stays(cloud):
    """Every project has a group default that can be neither made again nor deleted."""
    (default,) = cloud.network.security_groups(name="default")
    with pytest.raises(exceptions.ConflictException, match="Default security group already exists"):
        cloud.network.create_security_group(name="default")
    with pytest.raises(exceptions.ConflictException, match="Insufficient rights"):
        cloud.network.delete_security_group(default)
