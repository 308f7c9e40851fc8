"""What a project tells before anything is made in it, on each cloud."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from federation.preflight.facts import FlavorFacts, Quota
from federation.preflight.quotas import FOUNDATION, MACHINE
from federation.spec.machines import MachineTarget
from federation.state.observed import Absent, Present, Unknown
from providers.infrastructure.openstack.provider import OpenStackProvider
from providers.survey import Survey
from tests.contract.providers.openstack.ground import LabVault, MemoryLedger, a_target, only_sandbox, step, tear_down


def quotas_of(facts):
    """Quotas of both services as one."""
    assert all(isinstance(each, Present) for each in facts.quotas)
    return {name: quota for each in facts.quotas for name, quota in each.value.items()}


def inspected(provider, target):
    """The facts of the target's cloud."""
    facts = provider.inspect(target, target.machines, Survey()).cloud
    assert facts is not None
    return facts


def test_an_empty_project_tells_its_limits_and_what_the_cluster_names(ground, provider, federation):
    """Nothing is in use but what a project has by itself; image, flavor and network are there."""
    target = a_target(federation, workers=1)
    ground.quota(instances=7, cores=40, ram=51200, floatingip=9, port=55)
    facts = inspected(provider, target)
    quotas = quotas_of(facts)
    found = {name: quotas[name] for name in ("instances", "cores", "ram", "floatingip", "port")}
    ground.quota(instances=200, cores=1000, ram=10_000_000, floatingip=50, port=500)
    assert found == {
        "instances": Quota(7, 0),
        "cores": Quota(40, 0),
        "ram": Quota(51200, 0),
        "floatingip": Quota(9, 0),
        "port": Quota(55, 0),
    }
    assert {"network", "subnet", "router", "security_group", "security_group_rule"} <= quotas.keys()
    assert isinstance(facts.image, Present)
    assert facts.image.value.status == "active"
    assert facts.flavors == {"m1.medium": Present(FlavorFacts(2, 4096, 40))}
    assert isinstance(facts.external, Present)
    assert facts.credentials_left_s == Absent()
    assert facts.mtu == Absent()


def test_what_is_made_is_counted(provider, cloud, federation):
    """The arithmetic of the preflight holds: a foundation and a machine use what it says.

    Where an agent serves DHCP, it takes one port more, for which nobody asks the quota.
    """
    target = a_target(federation)
    assert [each.name for each in cloud.network.security_groups()]  # the first who asks makes the project's default
    before = quotas_of(inspected(provider, target))
    step(lambda: provider.ensure_foundation(target))
    founded = quotas_of(inspected(provider, target))
    used = _used(before, founded, FOUNDATION)
    assert used in (dict(FOUNDATION), {**FOUNDATION, "port": FOUNDATION["port"] + 1})
    step(lambda: provider.ensure_machine(target, target.machines[0]))
    facts = inspected(provider, target)
    assert _used(founded, quotas_of(facts), MACHINE) == dict(MACHINE)
    assert isinstance(facts.mtu, Present)
    assert facts.mtu.value >= 1280
    tear_down(provider, target)


def _used(before, after, names):
    return {name: after[name].used - before[name].used for name in names}


def test_what_the_cloud_does_not_have_is_absent(provider, federation):
    """Neither is an error: each is told by itself."""
    target = a_target(federation, image="no-such-image", externalNetwork="no-such-network")
    machines = (MachineTarget("m", "worker", "default", "no-such-flavor"),)
    facts = provider.inspect(target, machines, Survey()).cloud
    assert (facts.image, facts.external) == (Absent(), Absent())
    assert facts.flavors == {"no-such-flavor": Absent()}


def test_the_end_of_an_application_credential_is_told(ground, cloud, federation):
    """Keystone tells it to the credential itself, which may not make or delete any."""
    end = (datetime.now(UTC) + timedelta(hours=2)).replace(microsecond=0)
    stamp = end.strftime("%Y-%m-%dT%H:%M:%S.%f")
    made = cloud.identity.create_application_credential(cloud.current_user_id, name=federation, expires_at=stamp)
    fields = {"application_credential_id": made.id, "application_credential_secret": made.secret}
    vault = LabVault(ground, username=None, password=None, project_name=None, **fields)
    provider = OpenStackProvider(vault, MemoryLedger())
    left = inspected(provider, a_target(federation)).credentials_left_s
    provider.close()
    cloud.identity.delete_application_credential(cloud.current_user_id, made)
    assert isinstance(left, Present)
    assert 7000 < left.value <= 7200


@only_sandbox
def test_a_service_that_does_not_answer_is_unknown_by_itself(sandbox, provider, federation):
    """The others tell what they know, and nobody writes."""
    sandbox.fault(wire="openstack", path="/network/v2.0/quotas", action={"status": 403})
    sandbox.post("journal/reset")
    facts = inspected(provider, a_target(federation))
    assert isinstance(facts.quotas[0], Present)
    assert isinstance(facts.quotas[1], Unknown)
    assert isinstance(facts.image, Present)
    assert [row for row in sandbox.get("journal", mutating="true")["last"] if row["method"] != "POST"] == []


@only_sandbox
def test_clusters_of_one_cloud_share_the_reading(sandbox, provider):
    """Thirty clusters cost as many requests as one, but for their own networks."""
    survey = Survey()
    first = a_target("shared", "a")
    provider.inspect(first, first.machines, survey)
    sandbox.post("journal/reset")
    for name in "bcd":
        target = a_target("shared", name)
        provider.inspect(target, target.machines, survey)
    assert sandbox.get("journal")["total"] == 3
