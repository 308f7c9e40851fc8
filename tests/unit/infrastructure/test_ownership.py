"""Whose an object in a cloud is."""

from __future__ import annotations

import pytest
import yaml

from clients.openstack.records import Network
from federation.spec.machines import MachineTarget
from providers.infrastructure.openstack.ownership import Owner, machine_of, machine_tag, pool_of, role_of
from providers.infrastructure.openstack.user_data import render_user_data

OWNER = Owner("tacfed", "a")


def a_network(description: str = "", *tags: str) -> Network:
    """A network under our name."""
    return Network("id", OWNER.name, description, frozenset(tags), "2026-01-01T00:00:00Z")


@pytest.mark.parametrize(
    ("network", "is_ours"),
    [
        (a_network("", *OWNER.tags, "more"), True),
        (a_network(OWNER.description), True),
        (a_network(OWNER.description, "colour=blue"), True),
        (a_network(), False),
        (a_network("flotilla.federation=tacfed2"), False),
        (a_network(OWNER.description, *Owner("tacfed", "b").tags), False),
        (a_network(OWNER.description, "flotilla.federation=tacfed"), False),
    ],
)
def test_tags_decide_and_the_description_stands_in_until_there_are_tags(network: Network, is_ours: bool) -> None:
    """An object of our name without any mark is somebody else's."""
    assert OWNER.owns(network) is is_ours


def test_tags_of_a_machine_tell_what_it_is() -> None:
    """Role and pool can be read off any of its objects."""
    tags = OWNER.machine_tags(MachineTarget("tacfed-a-cp-0", "control-plane", "cp"))
    assert (machine_of(tags), role_of(tags), pool_of(tags)) == ("tacfed-a-cp-0", "control-plane", "cp")
    assert (machine_of(()), role_of(()), pool_of(())) == (None, "worker", "")


def test_longest_names_give_tags_that_every_neutron_takes() -> None:
    """Tags have at most 60 characters, stay distinct, and a cut name means the same machine again."""
    names = [f"{'f' * 30}-{'c' * 30}-{'p' * 30}-{index}" for index in range(3)]
    tags = [machine_tag(name) for name in names]
    assert len(set(tags)) == 3
    assert max(map(len, tags)) <= 60
    assert machine_tag(machine_of(tags[:1]) or "") == tags[0]
    longest = Owner("f" * 30, "c" * 30).machine_tags(MachineTarget(names[0], "control-plane", "p" * 30))
    assert max(map(len, longest)) <= 60
    assert not any("," in tag or "/" in tag for tag in longest)


def test_user_data_prints_host_keys_and_holds_no_key() -> None:
    """The cloud-config is one that cloud-init reads, with fresh Ed25519 keys only."""
    text = render_user_data("tacfed-a-cp-0")
    config = yaml.safe_load(text)
    assert text.startswith("#cloud-config\n")
    assert config["hostname"] == "tacfed-a-cp-0"
    assert config["ssh"] == {"emit_keys_to_console": True}
    assert config["ssh_genkeytypes"] == ["ed25519"]
    assert not {"ssh_keys", "ssh_authorized_keys", "password", "chpasswd", "write_files"} & config.keys()
