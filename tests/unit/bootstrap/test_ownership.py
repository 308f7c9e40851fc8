"""Whose node a machine is."""

from __future__ import annotations

import pytest

from federation.errors import Rejected
from providers.bootstrap.ownership import MARK_FILE, Mark, claim, require
from providers.bootstrap.retirement import mounted_below, retirement_script

OURS = Mark("kubeadm", "fed", "a", "fed-a-cp-0")
OTHERS = Mark("kubeadm", "fed", "b", "fed-b-cp-0")


def test_an_unmarked_machine_is_marked_first():
    """The mark is written before anything else is changed."""
    (change,) = claim(None, OURS, False, "u@h")
    assert (change.path, change.text) == (MARK_FILE, OURS.render())


def test_a_marked_machine_is_left_alone():
    """Also when Kubernetes runs on it: it is ours."""
    assert claim(OURS.render(), OURS, True, "u@h") == []


def test_a_machine_of_another_cluster_is_refused():
    """The message names the other cluster and what to do."""
    with pytest.raises(Rejected, match="fed-b-cp-0 of fed/b"):
        claim(OTHERS.render(), OURS, False, "u@h")
    with pytest.raises(Rejected, match="unreadable mark"):
        claim("{", OURS, False, "u@h")


def test_kubernetes_that_is_not_ours_is_never_touched():
    """A node that somebody else made is refused before any change."""
    with pytest.raises(Rejected, match="did not install"):
        claim(None, OURS, True, "u@h")


def test_nothing_is_made_a_node_that_was_not_prepared_as_this_node():
    """Neither without a mark nor with another's."""
    require(OURS.render(), OURS, "u@h")
    for found in (None, OTHERS.render()):
        with pytest.raises(Rejected, match="prepare it first"):
            require(found, OURS, "u@h")


def test_mounts_are_undone_deepest_first_and_only_below_our_directories():
    """A mount in a directory that only begins like ours is not ours."""
    mounts = (
        "tmpfs /var/lib/kubelet/pods/1/volumes/x tmpfs rw 0 0\n"
        "overlay /run/k3s/a overlay rw 0 0\n"
        "none /var/lib/kubelet-other none rw 0 0\n"
        "none /var/lib/kubelet none rw 0 0\n"
        "/dev/vda1 / ext4 rw 0 0\n"
    )
    assert mounted_below(mounts, ["/var/lib/kubelet", "/run/k3s"]) == [
        "/var/lib/kubelet/pods/1/volumes/x",
        "/run/k3s/a",
        "/var/lib/kubelet",
    ]


def test_retirement_goes_on_past_what_is_gone_and_fails_when_files_stay():
    """Only the last line, the removal, decides."""
    lines = retirement_script([("systemctl", "stop", "x")], ["/m p"], ["/a", "/b c"]).splitlines()
    assert lines[0] == "systemctl stop x || true"
    assert lines[1] == "umount -- '/m p' || true"
    assert all(line.endswith("|| true") for line in lines[:-1])
    assert lines[-1] == "rm -rf -- /a '/b c'"
