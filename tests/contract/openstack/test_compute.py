"""Servers, keypairs, flavors, groups and quotas."""

from __future__ import annotations

import httpx
import pytest
from openstack import exceptions

from tests.contract.openstack.lab import PUBLIC_KEY
from tests.contract.sandbox.process import eventually


def test_a_server_goes_from_build_to_active(sandbox, cloud, lab):
    """A new server is BUILD without addresses, and ACTIVE with them later."""
    sandbox.pace(server__build=0.2)
    network = lab.network("10.51.0.0/24")
    server = lab.server(networks=[{"uuid": network.id}])
    early = cloud.compute.get_server(server.id)
    assert (early.status, early.addresses) == ("BUILD", {})
    ready = lab.active(server)
    (address,) = ready.addresses[network.name]
    assert address["OS-EXT-IPS:type"] == "fixed"
    assert ready.vm_state == "active"
    assert ready.launched_at


def test_deleting_takes_a_while_and_ends_in_404(sandbox, cloud, lab):
    """A deleted server is still there for a while, in task state deleting; asking twice does no harm."""
    server = lab.active(lab.server())
    sandbox.pace(server__delete=0.3)
    cloud.compute.delete_server(server)
    assert cloud.compute.get_server(server.id).task_state == "deleting"
    cloud.compute.delete_server(server)
    lab.gone(server)


def test_user_made_ports_outlive_the_server(cloud, lab):
    """Nova deletes the ports it made, and only lets go of those that users made."""
    network = lab.network("10.51.1.0/24", is_dhcp_enabled=False)
    port = lab.port(network)
    server = lab.active(lab.server(networks=[{"port": port.id}, {"uuid": network.id}]))
    assert cloud.network.get_port(port.id).device_id == server.id
    assert len(list(cloud.network.ports(device_id=server.id))) == 2
    cloud.compute.delete_server(server)
    lab.gone(server)
    left = list(cloud.network.ports(network_id=network.id))
    assert [(row.id, row.device_id, row.device_owner) for row in left] == [(port.id, "", "")]


def test_a_port_serves_one_server(lab):
    """A port that a server has is still in use for the next."""
    network = lab.network("10.51.2.0/24")
    port = lab.port(network)
    lab.server(networks=[{"port": port.id}])
    with pytest.raises(exceptions.ConflictException, match="is still in use"):
        lab.server("second", networks=[{"port": port.id}])


def test_a_floating_ip_shows_up_in_addresses_later(sandbox, cloud, lab):
    """Nova's cache lags behind neutron: right after the association the address is not there yet."""
    network = lab.routed("10.51.3.0/24")
    port = lab.port(network)
    server = lab.active(lab.server(networks=[{"port": port.id}]))
    sandbox.pace(floatingip__visible=0.3)
    ip = cloud.network.create_ip(floating_network_id=lab.public.id, port_id=port.id)

    def kinds():
        rows = cloud.compute.get_server(server.id).addresses[network.name]
        return {row["OS-EXT-IPS:type"]: row["addr"] for row in rows}

    assert "floating" not in kinds()
    assert eventually(lambda: kinds().get("floating")) == ip.floating_ip_address


def test_the_cloud_layer_creates_and_deletes_a_server(cloud, lab):
    """The one-call way of openstacksdk works from creation with a floating IP to deletion with it."""
    network = lab.routed("10.51.4.0/24")
    made = cloud.create_server(
        name=f"{lab.name}-all", image="ubuntu-24.04", flavor="m1.small", network=network.id, auto_ip=True,
        wait=True, timeout=30, nat_destination=network.name,
    )  # fmt: skip
    seen = eventually(lambda: (s := cloud.get_server(made.id)) and s.public_v4 and s, what="public address")
    assert seen.private_v4.startswith("10.51.4.")
    assert cloud.delete_server(made.id, wait=True, timeout=30, delete_ips=True)
    assert not list(cloud.network.ips(floating_ip_address=seen.public_v4))


def test_an_unknown_image_or_flavor_is_a_400(cloud, lab):
    """Nova answers 400, not 404, for what a request refers to."""
    image = cloud.image.find_image("debian-12")
    with pytest.raises(exceptions.BadRequestException, match="Can not find requested image"):
        cloud.compute.create_server(
            name=lab.name, image_id="00000000-0000-0000-0000-000000000000", flavor_id="2", networks="none"
        )
    with pytest.raises(exceptions.BadRequestException, match="Flavor 99 could not be found"):
        cloud.compute.create_server(name=lab.name, image_id=image.id, flavor_id="99", networks="none")
    with pytest.raises(exceptions.BadRequestException, match="Invalid key_name provided"):
        lab.server(key_name="nobody")
    with pytest.raises(exceptions.BadRequestException, match="disk is smaller than the minimum size"):
        cloud.compute.create_server(name=lab.name, image_id=image.id, flavor_id="1", networks="none")


def test_the_instance_quota_is_403_and_names_what_is_exceeded(sandbox, cloud, lab):
    """Nova refuses with 403 and says which quota, how much was asked, used and allowed."""
    used = len(list(cloud.compute.servers()))
    sandbox.post("quotas", {"instances": used})
    try:
        with pytest.raises(exceptions.ForbiddenException) as caught:
            lab.server()
    finally:
        sandbox.post("quotas", {"instances": 200})
    answer = caught.value.response
    assert answer is not None
    message = answer.json()["forbidden"]["message"]
    assert message == f"Quota exceeded for instances: Requested 1, but already used {used} of {used} instances"


def test_limits_and_quotas_show_use(cloud, lab):
    """A preflight check can compute what is left."""
    before = cloud.compute.get_limits().absolute
    lab.active(lab.server())
    after = cloud.compute.get_limits().absolute
    assert after.total_cores_used == before.total_cores_used + 1
    assert cloud.compute.get_quota_set(cloud.current_project_id).cores == 1000


def test_too_few_hosts_end_in_error_with_a_fault(sandbox, cloud, lab):
    """Anti-affinity beyond the number of hypervisors gives No valid host, after 202."""
    sandbox.post("openstack", {"hypervisors": {"one": 1000, "two": 1000}})
    try:
        group = cloud.compute.create_server_group(name=lab.name, policy="anti-affinity")
        for name in ("a", "b"):
            lab.active(lab.server(name, scheduler_hints={"group": group.id}))
        with pytest.raises(exceptions.ResourceFailure):
            lab.active(lab.server("c", scheduler_hints={"group": group.id}))
    finally:
        sandbox.post("openstack", {"hypervisors": {f"compute-{n}": 64 for n in range(1, 9)}})
    (failed,) = cloud.compute.servers(name=f"{lab.name}-c")
    assert failed.status == "ERROR"
    assert failed.fault["message"] == "No valid host was found. There are not enough hosts available."
    assert len(cloud.compute.get_server_group(group.id).member_ids) == 3
    cloud.compute.delete_server_group(group)
    assert cloud.compute.find_server_group(group.id) is None


def test_a_server_can_be_doomed_by_a_fault(sandbox, cloud, lab):
    """A scripted fault lets a server end in ERROR with a message of its own."""
    sandbox.fault(wire="openstack", method="POST", path="/servers$", count=1, action={"server_error": "no luck today"})
    with pytest.raises(exceptions.ResourceFailure):
        lab.active(lab.server())
    (failed,) = cloud.compute.servers(name=lab.name)
    assert failed.fault["message"] == "no luck today"


def test_keypairs_are_made_once_and_deleted(cloud, lab):
    """A keypair of a name exists once; a malformed key is refused."""
    made = cloud.compute.create_keypair(name=lab.name, public_key=PUBLIC_KEY)
    assert len(made.fingerprint) == 47
    with pytest.raises(exceptions.ConflictException, match="already exists"):
        cloud.compute.create_keypair(name=lab.name, public_key=PUBLIC_KEY)
    with pytest.raises(exceptions.BadRequestException, match="Keypair data is invalid"):
        cloud.compute.create_keypair(name=f"{lab.name}-bad", public_key="rubbish")
    cloud.compute.delete_keypair(made)
    assert cloud.compute.find_keypair(lab.name) is None


def test_power_and_reboot(cloud, lab):
    """Stop, start and reboot move a server between SHUTOFF and ACTIVE; a wrong one is a 409."""
    server = lab.active(lab.server())
    with pytest.raises(exceptions.ConflictException, match="Cannot 'start' instance"):
        cloud.compute.start_server(server)
    cloud.compute.stop_server(server)
    cloud.compute.wait_for_server(server, status="SHUTOFF", interval=0.02, wait=30)
    cloud.compute.start_server(server)
    lab.active(server)
    cloud.compute.reboot_server(server, "HARD")
    lab.active(server)


def test_the_console_shows_the_host_keys(sandbox, cloud, lab):
    """Host keys can be pinned from the console, as cloud-init prints them there."""
    server = lab.active(lab.server())
    key = next(m["host_keys"][0] for m in sandbox.get("machines")["machines"] if m["id"] == server.id)
    output = eventually(
        lambda: (
            (text := cloud.compute.get_server_console_output(server)["output"]) and "BEGIN SSH HOST" in text and text
        )
    )
    assert key in output


def test_servers_are_found_by_name_tag_and_status(cloud, lab):
    """A name is a regular expression; tags and status filter too."""
    lab.active(lab.server("x1", tags=["odd"]))
    lab.active(lab.server("x2", metadata={"role": "worker"}))
    assert {s.name for s in cloud.compute.servers(name=f"^{lab.name}-x")} == {f"{lab.name}-x1", f"{lab.name}-x2"}
    assert [s.name for s in cloud.compute.servers(name=lab.name, tags="odd")] == [f"{lab.name}-x1"]
    assert list(cloud.compute.servers(name=lab.name, status="ERROR")) == []
    (found,) = cloud.list_servers(filters={"metadata": {"role": "worker"}, "name": f"{lab.name}-x2"})
    assert found.name == f"{lab.name}-x2"


def test_server_lists_come_in_pages(cloud, lab):
    """Markers lead through all servers, newest first."""
    made = [lab.active(lab.server(f"p{number}")).id for number in range(5)]
    seen = [server.id for server in cloud.compute.servers(name=f"^{lab.name}-p", limit=2)]
    assert seen == list(reversed(made))


def test_an_older_cloud_offers_fewer_microversions(sandbox, lab):
    """With 2.60 as newest, server groups are made with the old list of policies."""
    sandbox.post("openstack", {"newest_microversion": "2.60"})
    try:
        with sandbox.cloud() as cloud:
            group = cloud.compute.create_server_group(name=lab.name, policies=["anti-affinity"])
            assert cloud.compute.get_server_group(group.id).policies == ["anti-affinity"]
    finally:
        sandbox.post("openstack", {"newest_microversion": "2.96"})


@pytest.mark.parametrize(("newest", "known"), [("2.96", True), ("2.68", False)])
def test_servers_of_a_cell_that_does_not_answer(sandbox, lab, newest, known):
    """Lists with a filter leave them out without a word; since 2.69 their id is known. Nothing can be done to them."""
    server = lab.active(lab.server("hidden"))
    sandbox.post("openstack", {"newest_microversion": newest, "down": list(sandbox.get("openstack")["hypervisors"])})
    try:
        with sandbox.cloud() as cloud:
            assert list(cloud.compute.servers(name=f"^{server.name}$")) == []
            listed = [(each.name, each.status) for each in cloud.compute.servers() if each.id == server.id]
            assert listed == ([(None, "UNKNOWN")] if known else [])
            if known:
                assert cloud.compute.get_server(server.id).status == "UNKNOWN"
            else:
                with pytest.raises(exceptions.HttpException, match="Unexpected API Error"):
                    cloud.compute.get_server(server.id)
            with pytest.raises(exceptions.HttpException, match="Unexpected API Error"):
                cloud.compute.delete_server(server)
    finally:
        sandbox.post("openstack", {"newest_microversion": "2.96", "down": []})


def test_a_microversion_beyond_the_newest_is_406(sandbox, cloud):
    """Nova refuses a version it does not have and says which it has."""
    headers = {"X-Auth-Token": cloud.authorize(), "OpenStack-API-Version": "compute 2.200"}
    answer = httpx.get(f"{sandbox.url}/compute/v2.1/servers", headers=headers)
    assert answer.status_code == 406
    assert "Minimum is 2.1 and maximum is 2.96" in answer.text


def test_networks_have_to_be_named(cloud):
    """Since microversion 2.37 a server request without networks is malformed."""
    image = cloud.image.find_image("debian-12")
    body = {"server": {"name": "x", "flavorRef": "2", "imageRef": image.id}}
    answer = cloud.compute.post("/servers", json=body, microversion="2.96")
    assert answer.status_code == 400
    assert "'networks' is a required property" in answer.json()["badRequest"]["message"]


def test_flavors_and_images_are_found_by_name(cloud):
    """The lab offers five flavors and two images."""
    assert [flavor.name for flavor in cloud.compute.flavors()][:2] == ["m1.tiny", "m1.small"]
    assert cloud.compute.find_flavor("m1.medium").ram == 4096
    assert cloud.compute.find_flavor("m9.huge") is None
    assert {image.name for image in cloud.image.images()} >= {"ubuntu-24.04", "debian-12"}
    assert cloud.image.find_image("windows") is None


def test_an_image_can_be_uploaded_and_deleted(cloud, lab):
    """An uploaded image becomes active with its checksum; one of the cloud's cannot be deleted."""
    made = cloud.create_image(
        lab.name, data=b"not really an image", container_format="bare", disk_format="raw", wait=True, timeout=30
    )
    assert cloud.image.get_image(made.id).status == "active"
    cloud.image.delete_image(made.id)
    assert cloud.image.find_image(made.id) is None
    with pytest.raises(exceptions.ForbiddenException):
        cloud.image.delete_image(cloud.image.find_image("ubuntu-24.04"))
