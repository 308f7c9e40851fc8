"""Networks, subnets, ports, tags and lists."""

from __future__ import annotations

import pytest
from openstack import exceptions


def test_a_network_has_its_subnets_and_a_dhcp_port(cloud, lab):
    """A subnet with DHCP brings a port of the service's own, as a real cloud's agent does."""
    network = lab.network("10.31.0.0/24", is_dhcp_enabled=True)
    assert cloud.network.get_network(network.id).subnet_ids == [lab.subnet.id]
    owners = [port.device_owner for port in cloud.network.ports(network_id=network.id)]
    assert owners == ["network:dhcp"]


def test_a_subnet_gets_gateway_and_pool_from_its_range(lab):
    """Gateway is the first address, the pool all the rest."""
    lab.network("10.31.1.0/24")
    assert lab.subnet.gateway_ip == "10.31.1.1"
    assert lab.subnet.allocation_pools == [{"start": "10.31.1.2", "end": "10.31.1.254"}]


def test_ports_take_addresses_from_the_pools_only(lab):
    """Given pools bound which addresses ports get, in order; then there are no more."""
    pools = [{"start": "10.31.2.100", "end": "10.31.2.101"}]
    network = lab.network("10.31.2.0/24", allocation_pools=pools, is_dhcp_enabled=False)
    given = [lab.port(network).fixed_ips[0]["ip_address"] for _ in range(2)]
    assert given == ["10.31.2.100", "10.31.2.101"]
    with pytest.raises(exceptions.ConflictException, match="No more IP addresses available on network"):
        lab.port(network)


def test_a_fixed_address_can_be_asked_for_once(lab):
    """A port may name its address; the next one that does is told that it is allocated."""
    network = lab.network("10.31.3.0/24")
    wanted = [{"ip_address": "10.31.3.50"}]
    assert lab.port(network, fixed_ips=wanted).fixed_ips[0]["ip_address"] == "10.31.3.50"
    with pytest.raises(exceptions.ConflictException, match="already allocated"):
        lab.port(network, fixed_ips=wanted)
    with pytest.raises(exceptions.BadRequestException, match="not a valid IP"):
        lab.port(network, fixed_ips=[{"ip_address": "10.99.0.1"}])


def test_overlapping_subnets_of_one_network_are_refused(cloud, lab):
    """Two subnets of a network may not overlap."""
    network = lab.network("10.31.4.0/24")
    with pytest.raises(exceptions.BadRequestException, match="overlaps with another subnet"):
        cloud.network.create_subnet(network_id=network.id, ip_version=4, cidr="10.31.4.128/25")


def test_a_network_with_a_port_cannot_be_deleted(cloud, lab):
    """The refusal is 409 NetworkInUse and names the port; without the port deleting works, subnets and all."""
    network = lab.network("10.31.5.0/24")
    port = lab.port(network)
    with pytest.raises(exceptions.ConflictException, match=port.id) as caught:
        cloud.network.delete_network(network)
    answer = caught.value.response
    assert answer is not None
    assert answer.json()["NeutronError"]["type"] == "NetworkInUse"
    with pytest.raises(exceptions.ConflictException, match="One or more ports have an IP allocation"):
        cloud.network.delete_subnet(lab.subnet)
    cloud.network.delete_port(port)
    cloud.network.delete_network(network)
    assert cloud.network.find_subnet(lab.subnet.id) is None


def test_deleting_what_is_gone_is_404(cloud, lab):
    """A second delete of the same thing is a 404 that names the exception."""
    network = lab.network()
    cloud.network.delete_network(network)
    with pytest.raises(exceptions.NotFoundException, match="could not be found"):
        cloud.network.delete_network(network, ignore_missing=False)


def test_names_need_not_be_unique(cloud, lab):
    """Neutron makes two networks of one name; finding by that name then fails."""
    lab.network("10.31.6.0/24")
    lab.network("10.31.7.0/24")
    name = f"{lab.name}-net"
    assert len(list(cloud.network.networks(name=name))) == 2
    with pytest.raises(exceptions.DuplicateResource):
        cloud.network.find_network(name)


def test_tags_are_set_filtered_and_cleared(cloud, lab):
    """Lists can be filtered by all, any, or none of some tags."""
    first, second = lab.network("10.31.8.0/24"), lab.network("10.31.9.0/24")
    cloud.network.set_tags(first, ["flotilla", "a"])
    cloud.network.set_tags(second, ["flotilla", "b"])

    def tagged(**query):
        return {network.id for network in cloud.network.networks(name=first.name, **query)}

    assert tagged(tags="flotilla") == {first.id, second.id}
    assert tagged(tags="flotilla,a") == {first.id}
    assert tagged(any_tags="a,b") == {first.id, second.id}
    assert tagged(not_tags="a") == {second.id}
    cloud.network.set_tags(first, [])
    assert tagged(tags="flotilla") == {second.id}


@pytest.mark.parametrize("kind", ["subnet", "port", "router", "security_group", "ip"])
def test_everything_can_be_tagged(cloud, lab, kind):
    """Tags go onto subnets, ports, routers, security groups and floating IPs as well."""
    network = lab.network("10.31.10.0/24")
    made = {
        "subnet": lambda: lab.subnet,
        "port": lambda: lab.port(network),
        "router": lambda: cloud.network.create_router(name=lab.name),
        "security_group": lambda: cloud.network.create_security_group(name=lab.name),
        "ip": lambda: cloud.network.create_ip(floating_network_id=lab.public.id),
    }[kind]()
    cloud.network.set_tags(made, [f"tag-{lab.name}"])
    listed = {"security_group": "security_groups", "ip": "ips"}.get(kind, f"{kind}s")
    assert [row.id for row in getattr(cloud.network, listed)(tags=f"tag-{lab.name}")] == [made.id]


def test_lists_come_in_pages(cloud, lab):
    """With a page size the SDK follows markers and sees everything once."""
    network = lab.network("10.31.11.0/24", is_dhcp_enabled=False)
    made = {lab.port(network).id for _ in range(7)}
    seen = [port.id for port in cloud.network.ports(network_id=network.id, limit=3)]
    assert len(seen) == 7
    assert set(seen) == made


def test_an_unknown_attribute_is_refused(cloud):
    """A field that neutron does not know is a 400, not silently dropped."""
    answer = cloud.network.post("/networks", json={"network": {"name": "x", "colour": "red"}})
    assert answer.status_code == 400
    assert answer.json()["NeutronError"]["message"] == "Unrecognized attribute(s) 'colour'"


def test_an_unknown_filter_is_refused(cloud):
    """So is a filter, since the filter-validation extension."""
    answer = cloud.network.get("/networks", params={"colour": "red"})
    assert answer.status_code == 400
    assert "is invalid attribute for filtering" in answer.json()["NeutronError"]["message"]


def test_the_public_network_belongs_to_the_cloud(cloud, lab):
    """It is external, its subnet cannot be seen by a tenant, and it cannot be changed."""
    assert lab.public.is_router_external
    assert cloud.network.find_subnet(lab.public.subnet_ids[0]) is None
    with pytest.raises(exceptions.ForbiddenException):
        cloud.network.delete_network(lab.public)


def test_the_network_quota_is_409_over_quota(sandbox, cloud, lab):
    """Neutron answers 409 where nova answers 403."""
    used = len(list(cloud.network.networks(project_id=cloud.current_project_id)))
    sandbox.post("quotas", {"network": used})
    try:
        with pytest.raises(exceptions.ConflictException, match=r"Quota exceeded for resources: \['network'\]"):
            lab.network()
    finally:
        sandbox.post("quotas", {"network": 500})


def test_quotas_and_extensions_can_be_read(cloud):
    """A preflight check reads limits and what is offered."""
    details = cloud.network.get_quota(cloud.current_project_id, details=True)
    assert details.floating_ips["limit"] == 50
    assert cloud.network.find_extension("standard-attr-tag") is not None
    assert cloud.network.find_extension("no-such-thing") is None
    assert {zone.name for zone in cloud.network.availability_zones()} == {"nova"}


def test_a_port_carries_allowed_address_pairs(cloud, lab):
    """A port may answer for further addresses, unless its security is off."""
    network = lab.network("10.31.12.0/24")
    port = lab.port(network, allowed_address_pairs=[{"ip_address": "10.31.12.200"}])
    assert port.allowed_address_pairs[0]["ip_address"] == "10.31.12.200"
    with pytest.raises(exceptions.ConflictException, match="Port Security must be enabled"):
        lab.port(
            network, is_port_security_enabled=False, security_groups=[],
            allowed_address_pairs=[{"ip_address": "10.31.12.201"}],
        )  # fmt: skip
    revision = port.revision_number
    changed = cloud.network.update_port(port, allowed_address_pairs=[])
    assert changed.allowed_address_pairs == []
    assert changed.revision_number > revision
