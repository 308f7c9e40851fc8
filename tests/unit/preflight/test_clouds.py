"""Quotas, images, flavors, networks and credentials of a cloud against what a plan makes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from federation.preflight.facts import FlavorFacts, ImageFacts, Quota
from federation.spec.problems import render_field
from federation.state.observed import Absent, ObservedInfrastructure, ObservedMachine, Present, Unknown
from tests.builders import a_cluster, a_federation
from tests.unit.planning.short import a_case
from tests.unit.preflight.facts import a_cloud, found, nothing_built, reasons, with_quota

SILENT = Unknown("Unavailable", "no answer")


def test_nothing_is_found_where_all_is_well():
    """A plan that can be carried out is left as it is."""
    context = nothing_built(a_federation(clusters=["a"]))
    findings, admission = found(context, a=a_cloud())
    assert findings == ()
    assert admission.held == ()


@pytest.mark.parametrize(
    ("facts", "reason", "field"),
    [
        (a_cloud(image=Absent()), "ImageMissing", "infrastructure.image"),
        (a_cloud(image=Present(ImageFacts("queued"))), "ImageUnusable", "infrastructure.image"),
        (a_cloud(image=Present(ImageFacts("active", "riscv64"))), "ArchitectureDiffers", "infrastructure.image"),
        (a_cloud(image=Present(ImageFacts("active", disk_gib=41))), "FlavorTooSmall", "controlPlane.flavor"),
        (a_cloud(flavors={"m1.medium": Absent()}), "FlavorMissing", "controlPlane.flavor"),
        (a_cloud(flavors={"m1.medium": Present(FlavorFacts(1, 4096, 40))}), "FlavorTooSmall", "controlPlane.flavor"),
        (a_cloud(external=Absent()), "ExternalNetworkMissing", "infrastructure.externalNetwork"),
        (a_cloud(credentials_left_s=Present(3600.0)), "CredentialsExpire", "infrastructure.cloud"),
        (with_quota(instances=Quota(10, 9)), "QuotaTooSmall", ""),
        (with_quota(router=Quota(10, 10)), "QuotaTooSmall", "infrastructure"),
    ],
)
def test_each_trouble_is_told_with_its_place_and_holds_the_cluster(facts, reason, field):
    """Nothing of a cluster is begun while something of it cannot be."""
    context = nothing_built(a_federation(clusters=["a"]))
    findings, admission = found(context, a=facts)
    assert findings[0].reason == reason
    assert render_field(findings[0].field) == f"spec.clusters[0].{field}".rstrip(".")
    assert findings[0].fix
    assert len(admission.plan) == 0


def test_a_flavor_without_a_disk_of_its_own_is_as_large_as_the_image():
    """Nova gives such a server the image's size."""
    context = nothing_built(a_federation(clusters=["a"]))
    findings, _ = found(context, a=a_cloud(flavors={"m1.medium": Present(FlavorFacts(2, 4096, 0))}))
    assert findings == ()


def test_arm_is_an_architecture_like_any_other():
    """Images say aarch64 where Kubernetes says arm64."""
    context = nothing_built(a_federation(clusters=["a"]))
    findings, _ = found(context, a=a_cloud(image=Present(ImageFacts("active", "aarch64"))))
    assert findings == ()


def test_a_silent_check_is_unknown_and_holds_nothing():
    """Who may not read quotas can build all the same; that it was not looked at is told."""
    context = nothing_built(a_federation(clusters=["a"]))
    silent = a_cloud(quotas=(SILENT, a_cloud().quotas[1]), image=SILENT, external=SILENT, credentials_left_s=SILENT)
    findings, admission = found(context, a=silent)
    assert reasons(findings) == ["Unavailable"] * 4
    assert all(each.silent for each in findings)
    assert admission.held == ()


def test_clusters_of_one_project_share_its_quotas():
    """The one that does not fit any more is held; it leaves its room to a smaller one behind it."""
    federation = a_federation(clusters=["a", a_cluster("b", workers=5), "c"])
    facts = with_quota(instances=Quota(10, 4))
    findings, admission = found(nothing_built(federation), a=facts, b=facts, c=facts)
    assert [(each.cluster, each.reason) for each in findings] == [("b", "QuotaTooSmall")]
    assert "it needs 6 servers; the project has 4 of 10 in use, 2 go to clusters before it" in findings[0].seen
    assert {step.action.scope for step in admission.plan} == {"a", "c"}


def test_clusters_of_two_projects_do_not():
    """What counts is the project, not the name of the block."""
    federation = a_federation(clusters=["a", "b"])
    facts = with_quota(instances=Quota(2, 0))
    findings, _ = found(nothing_built(federation), a=facts, b=replace(facts, project="q"))
    assert findings == ()


def test_an_endpoint_of_its_own_takes_a_floating_address_more():
    """The default cluster has one machine for each floating address; its endpoint needs another."""
    plain = a_cluster("a", workers=0)
    kept = {
        **plain,
        "controlPlane": {**plain["controlPlane"], "endpoint": {"type": "kube-vip", "address": "10.0.0.250"}},
    }
    facts = with_quota(floatingip=Quota(1, 0))
    assert found(nothing_built(a_federation(clusters=[plain])), a=facts)[0] == ()
    assert reasons(found(nothing_built(a_federation(clusters=[kept])), a=facts)[0]) == ["QuotaTooSmall"]


def apart(name: str, spread: str, count: int = 2) -> dict[str, Any]:
    """A cluster whose workers keep to hypervisors of their own."""
    pool = {"name": "default", "count": count, "flavor": "m1.medium", "spread": spread}
    return a_cluster(name) | {"workers": [pool]}


@pytest.mark.parametrize(
    ("free", "there", "spread", "expected"),
    [
        (0, {}, "strict", ["QuotaTooSmall"]),
        (1, {}, "strict", []),
        (0, {"default": 1}, "strict", []),
        (0, {}, "soft", []),
        (-1, {}, "strict", []),
    ],
)
def test_a_pool_that_keeps_apart_strictly_needs_a_server_group(free, there, spread, expected):
    """One that is there is used; a soft one is done without; a negative limit is none."""
    quota = Quota(-1, 0) if free < 0 else Quota(4, 4 - free)
    facts = replace(with_quota(server_groups=quota), groups=Present(there))
    findings, admission = found(nothing_built(a_federation(clusters=[apart("a", spread)])), a=facts)
    assert reasons(findings) == expected
    assert bool(admission.held) == bool(expected)


def test_soft_groups_of_clusters_before_it_take_what_a_strict_one_needs():
    """They are made first, as far as the cloud gives them."""
    federation = a_federation(clusters=[apart("a", "soft"), apart("b", "strict")])
    facts = replace(with_quota(server_groups=Quota(1, 0)), groups=Present({}))
    findings, _ = found(nothing_built(federation), a=facts, b=facts)
    assert [(each.cluster, each.reason) for each in findings] == [("b", "QuotaTooSmall")]
    assert "it needs 1 server groups; the project has 0 of 1 in use, 1 go to clusters before it" in findings[0].seen


@pytest.mark.parametrize(("there", "expected"), [({}, []), ({"default": 2}, ["QuotaTooSmall"])])
@pytest.mark.parametrize("spread", ["soft", "strict"])
def test_a_server_group_takes_so_many_servers_and_no_more(there, expected, spread):
    """Nova refuses one more, whatever the policy of the group."""
    facts = replace(with_quota(server_group_members=Quota(3, 0)), groups=Present(there))
    findings, _ = found(nothing_built(a_federation(clusters=[apart("a", spread)])), a=facts)
    assert reasons(findings) == expected
    if expected:
        assert render_field(findings[0].field) == "spec.clusters[0].workers[0]"
        assert "4 machines are to keep apart, and a server group of the project takes 3" in findings[0].seen


def test_groups_that_cannot_be_read_hold_nothing():
    """What nobody knows is no reason."""
    facts = replace(with_quota(server_groups=Quota(0, 0)), groups=SILENT)
    assert found(nothing_built(a_federation(clusters=[apart("a", "strict")])), a=facts)[0] == ()


def test_a_machine_that_replaces_another_takes_no_more_quota():
    """The old one is deleted first: full quotas do not stand in the way of a repair."""
    context = nothing_built(a_federation(clusters=["a"]))
    machines = (
        ObservedMachine("fed-a-cp-0", "1", "control-plane", "cp", "running"),
        ObservedMachine("fed-a-default-0", "2", "worker", "default", "failed"),
    )
    seen = replace(context.observed.clusters["a"], infrastructure=Present(ObservedInfrastructure("complete", machines)))
    context.observed.clusters["a"] = seen  # type: ignore[index]  # a plain dict in this test
    full = with_quota(instances=Quota(2, 2), port=Quota(3, 3), floatingip=Quota(2, 2), cores=Quota(4, 4))
    findings, admission = found(context, a=full)
    assert findings == ()
    assert "create-machine/a/fed-a-default-0" in admission.plan


def test_what_is_to_be_replaced_stays_when_nothing_can_take_its_place():
    """Without the image no new machine can be made, so the old one is not deleted either."""
    context = nothing_built(a_federation(clusters=["a"]))
    machines = (ObservedMachine("fed-a-default-0", "1", "worker", "default", "failed"),)
    seen = replace(context.observed.clusters["a"], infrastructure=Present(ObservedInfrastructure("complete", machines)))
    context.observed.clusters["a"] = seen  # type: ignore[index]  # a plain dict in this test
    _, admission = found(context, a=a_cloud(image=Absent()))
    assert "delete-machine/a/fed-a-default-0" in {each.key for each in admission.held}
    assert len(admission.plan) == 0


def test_a_lost_member_stays_a_member_when_nothing_can_take_its_place():
    """Two of three keep their database as it is: taking the third out would not make another one."""
    lost = {"machines": {"fed-a-cp-1": None}, "nodes": {"fed-a-cp-1": {"ready": False, "unready_s": 20.0}}}
    context = a_case({"clusters": {"a": {"control_plane": 3, "workers": 0, "addons": []}}, "observed": {"a": lost}})
    _, admission = found(context, a=a_cloud(image=Absent()))
    assert "remove-member/a/fed-a-cp-1" in {each.key for each in admission.held}
    assert len(admission.plan) == 0
