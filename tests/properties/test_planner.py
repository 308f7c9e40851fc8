"""What must hold for every plan, whatever the federation, the order and the interruption."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from federation.planning.actions import (
    Action,
    AddOnAction,
    ApplicationAction,
    ComponentAction,
    ConfigureDns,
    ConfigureRegistries,
    DirectionAction,
    InitControlPlane,
    InstallNetwork,
    JoinNode,
    MachineAction,
    PairAction,
    RemoveNode,
)
from federation.planning.guards import Policy, admit
from federation.planning.plan import Plan, Step
from federation.planning.planner import plan_federation
from federation.spec.federation import Federation
from federation.state.observed import ObservedCluster, ObservedFederation, Present, Unknown
from tests.builders import a_cluster, a_federation, an_application
from tests.properties.world import World

NAMES = ("a", "b", "c", "d")


@st.composite
def federations(draw: st.DrawFn, most: int = 4) -> Federation:
    """Federations of some clusters, in clouds and on hosts, peered at random both ways and one way.

    Clusters may lack add-ons; applications are where they can have a home.
    """
    names = NAMES[: draw(st.integers(1, most))]
    pairs = [(one, other) for index, one in enumerate(names) for other in names[index + 1 :]]
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    peerings = [_peering(draw, pair) for pair in chosen]
    peered = {name for pair in chosen for name in pair}
    clusters = [_cluster(draw, name, peered=name in peered) for name in names]
    applications = []
    if chosen:
        home, other = draw(st.sampled_from(chosen))
        more = draw(st.sampled_from([{}, {"wide": f"{other}+{home}", "near": "stay"}]))
        applications.append(an_application("app", front=home, back=other, **more))
    if draw(st.booleans()):
        applications.append(an_application("solo", one=names[0]))
    return a_federation(clusters=clusters, peerings=peerings, applications=applications)


def _peering(draw: st.DrawFn, pair: tuple[str, str]) -> dict[str, Any]:
    patience = {"unjoinAfter": "60s"} if draw(st.booleans()) else {}
    if draw(st.booleans()):
        return {"between": list(pair), **patience}
    consumer, provider = draw(st.permutations(pair))
    return {"consumer": consumer, "provider": provider, **patience}


def _cluster(draw: st.DrawFn, name: str, *, peered: bool) -> dict[str, Any]:
    workers, control_plane = draw(st.integers(0, 2)), draw(st.sampled_from([1, 3]))
    addons = ["metallb", "liqo"] if peered else draw(st.sampled_from([[], ["metallb"], ["metallb", "liqo"]]))
    names = [[], [{"name": "git.site", "address": "192.0.2.9"}], [{"name": "hub.site", "address": "192.0.2.9"}]]
    mirrors = [{"host": "docker.io", "mirrors": [f"https://hub{control_plane}.site"]}] if workers else []
    more = {"dns": {"hosts": names[workers]}, "registries": mirrors}
    cluster = a_cluster(name, workers=workers, control_plane=control_plane, addons=addons, **more)
    return on_hosts(cluster) if name == "d" else cluster


def on_hosts(cluster: dict[str, Any]) -> dict[str, Any]:
    """The same cluster on named hosts, with a spare."""
    name, workers, control_plane = cluster["name"], cluster["workers"][0]["count"], cluster["controlPlane"]["count"]
    return {
        **cluster,
        "infrastructure": {"type": "hosts", "inventory": "lab"},
        "controlPlane": {"count": control_plane, "hosts": [f"{name}-cp{number}" for number in range(control_plane)]},
        "workers": [{"name": "w", "count": workers, "hosts": [f"{name}-w{number}" for number in range(workers)]}],
        "spares": [f"{name}-spare"],
    }


def walk(world: World, plan: Plan, rng: random.Random, stop_after: int | None = None) -> None:
    """Apply a plan in a random permitted order, maybe not to its end."""
    left = {step.key: step for step in plan}
    done = 0
    while left and done != stop_after:
        ready = sorted(key for key, step in left.items() if not plan.waits_for(step) & left.keys())
        key = rng.choice(ready)
        world.apply(left.pop(key).action)
        done += 1


def destroyed(plan: Plan) -> list[Action]:
    """Destructive actions of a plan."""
    return [step.action for step in plan if step.action.destructive]


COMMON = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@COMMON
@given(federations(), st.randoms(use_true_random=False))
def test_any_permitted_order_converges_and_then_plans_nothing(desired: Federation, rng: random.Random) -> None:
    """Applying a plan in any order that it permits leads to a world for which there is nothing to plan."""
    world = World(desired)
    walk(world, plan_federation(world.context()), rng)
    assert plan_federation(world.context()).steps == ()


@COMMON
@given(federations(), st.randoms(use_true_random=False), st.data())
def test_an_interrupted_plan_can_be_planned_again(desired: Federation, rng: random.Random, data: st.DataObject) -> None:
    """Wherever a run is cut off, the next plan goes on from there, makes no machine twice and destroys nothing."""
    world = World(desired)
    first = plan_federation(world.context())
    walk(world, first, rng, stop_after=data.draw(st.integers(0, len(first))))
    second = plan_federation(world.context())
    assert destroyed(second) == []
    walk(world, second, rng)
    assert plan_federation(world.context()).steps == ()
    assert world.machines_made == sum(len(model.machines) for model in world.clusters.values())


@COMMON
@given(federations(), federations(), st.randoms(use_true_random=False))
def test_a_change_of_spec_converges_in_any_order(before: Federation, after: Federation, rng: random.Random) -> None:
    """From any converged federation to any other, in any permitted order, within the budgets of several runs."""
    world = World(before)
    walk(world, plan_federation(world.context()), rng)
    world.desired = after
    for _ in range(len(NAMES) + 1):
        context = world.context(former=before)
        walk(world, admit(plan_federation(context), context, Policy()).plan, rng)
    context = world.context(former=before)
    left = admit(plan_federation(context), context, Policy())
    assert left.plan.steps == ()
    assert left.held == ()


@COMMON
@given(federations(), st.randoms(use_true_random=False), st.data())
def test_a_teardown_ends_with_nothing(desired: Federation, rng: random.Random, data: st.DataObject) -> None:
    """A teardown from any point of a build leaves no machine, no foundation and no peering."""
    world = World(desired)
    build = plan_federation(world.context())
    walk(world, build, rng, stop_after=data.draw(st.integers(0, len(build))))
    world.desired = desired.emptied()
    for _ in range(2):
        walk(world, plan_federation(world.context(former=desired)), rng)
    assert all(not model.machines and not model.foundation and not model.api for model in world.clusters.values())
    assert not world.tunnels | world.authenticated | world.acquired | world.probed.keys()


@COMMON
@given(federations(), st.randoms(use_true_random=False), st.data())
def test_unknown_is_never_created_or_deleted(desired: Federation, rng: random.Random, data: st.DataObject) -> None:
    """What could not be read gets no step at all, neither to make nor to remove it."""
    world = World(desired)
    build = plan_federation(world.context())
    walk(world, build, rng, stop_after=data.draw(st.integers(0, len(build))))
    blind = data.draw(st.sampled_from([cluster.name for cluster in desired.spec.clusters]))
    teardown = data.draw(st.booleans())
    if teardown:
        world.desired = desired.emptied()
    context = world.context(former=desired)
    dark = Unknown("Unavailable", "no answer")
    seen = replace(context.observed.clusters[blind], infrastructure=dark, kubernetes=dark)
    context = replace(context, observed=ObservedFederation({**context.observed.clusters, blind: seen}))
    plan = plan_federation(context)
    assert [step.key for step in plan if _inside(step, blind)] == []


@COMMON
@given(federations(), st.randoms(use_true_random=False), st.data())
def test_a_silent_peer_is_kept_until_it_is_given_up_and_peered_again_when_it_comes_back(
    desired: Federation, rng: random.Random, data: st.DataObject
) -> None:
    """Nothing of a peering with a silent cluster is taken away before unjoinAfter, wanted or dropped.

    Whatever was done meanwhile: when the cluster answers again, all converges, and nothing stale is left anywhere.
    """
    world = World(desired)
    walk(world, plan_federation(world.context()), rng)
    away = data.draw(st.sampled_from([cluster.name for cluster in desired.spec.clusters]))
    if data.draw(st.booleans()):
        world.desired = desired.model_copy(
            update={"spec": desired.spec.model_copy(update={"peerings": (), "applications": ()})}
        )
    for silent_s in sorted(data.draw(st.lists(st.sampled_from([0.0, 59.0, 60.0, 1e6]), max_size=3))):
        world.silent_s = {away: silent_s}
        context = world.context(former=desired)
        plan = admit(plan_federation(context), context, Policy()).plan
        for step in plan:
            if step.action.destructive and away in step.action.clusters:
                assert isinstance(step.action, DirectionAction | PairAction)
                assert silent_s >= 60.0
        walk(world, plan, rng)
    world.silent_s = {}
    for _ in range(3):
        walk(world, plan_federation(world.context(former=desired)), rng)
    assert plan_federation(world.context(former=desired)).steps == ()
    assert world.remains == set()


def _inside(step: Step, cluster: str) -> bool:
    return step.action.scope == cluster and "->" not in step.key and "+" not in step.key


@COMMON
@given(federations(), federations(), st.randoms(use_true_random=False), st.data())
def test_looking_away_at_random_never_leads_to_more(
    before: Federation, after: Federation, rng: random.Random, data: st.DataObject
) -> None:
    """Whatever cannot be read: no step that would not be there with open eyes takes anything away.

    But one: where nothing is left of a dropped cluster, the kubeconfig that nobody answers to is forgotten.
    """
    world = World(before)
    build = plan_federation(world.context())
    walk(world, build, rng, stop_after=data.draw(st.integers(0, len(build))))
    world.desired = after
    seeing = world.context(former=before)
    known = {step.key for step in plan_federation(seeing)}
    clusters = {name: _dimmed(seen, data) for name, seen in seeing.observed.clusters.items()}
    plan = plan_federation(replace(seeing, observed=ObservedFederation(clusters)))
    forgotten = {f"delete-foundation/{name}" for name, seen in clusters.items() if _nothing_left(seen)}
    assert {step.key for step in plan if step.action.destructive} <= known | forgotten
    for name, seen in clusters.items():
        if isinstance(seen.infrastructure, Unknown):
            assert not [
                step.key for step in plan if isinstance(step.action, MachineAction) and step.action.scope == name
            ]
        if isinstance(seen.kubernetes, Unknown):
            assert not [step.key for step in plan if isinstance(step.action, _INSIDE) and step.action.scope == name]


_INSIDE = (
    AddOnAction,
    ApplicationAction,
    ComponentAction,
    RemoveNode,
    JoinNode,
    InitControlPlane,
    InstallNetwork,
    ConfigureDns,
    ConfigureRegistries,
)


def _nothing_left(seen: ObservedCluster) -> bool:
    infrastructure = seen.infrastructure
    return isinstance(infrastructure, Present) and infrastructure.value.foundation == "absent"


def _dimmed(seen: ObservedCluster, data: st.DataObject) -> ObservedCluster:
    dark = Unknown("Unavailable", "no answer")
    infrastructure = dark if data.draw(st.booleans()) else seen.infrastructure
    return ObservedCluster(seen.name, infrastructure, dark if data.draw(st.booleans()) else seen.kubernetes)


@COMMON
@given(federations(), st.randoms(use_true_random=False), st.data())
def test_machines_killed_at_random_are_replaced(desired: Federation, rng: random.Random, data: st.DataObject) -> None:
    """Workers fail, vanish or fall silent, in any mix; within some runs everything is ready again."""
    world = World(desired)
    walk(world, plan_federation(world.context()), rng)
    for name in sorted(world.clusters):
        for machine in sorted(world.clusters[name].machines):
            if world.clusters[name].machines[machine].role == "worker":
                world.break_machine(name, machine, data.draw(st.sampled_from(["", "fail", "vanish", "unready"])))
    budget = Policy(mass_failure_share=1.0)
    for _ in range(2 * len(NAMES)):
        context = world.context()
        walk(world, admit(plan_federation(context), context, budget).plan, rng)
    assert [step.key for step in plan_federation(world.context()) if step.action.scope != "d"] == []
    assert world.silent_targets() <= {"d-w0", "d-w1"}


def test_a_lost_host_is_replaced_by_its_spare_and_comes_back() -> None:
    """The spare joins, the lost node goes; when the host answers again, the spare is free again."""
    world = World(a_federation(clusters=[on_hosts(a_cluster("d", workers=2))]))
    rng = random.Random(1)  # noqa: S311 - an order, not a secret
    walk(world, plan_federation(world.context()), rng)
    world.break_machine("d", "d-w1", "unready")
    walk(world, plan_federation(world.context()), rng)
    assert set(world.cluster("d").nodes) == {"d-cp0", "d-w0", "d-spare"}
    assert plan_federation(world.context()).steps == ()
    world.revive("d", "d-w1")
    walk(world, plan_federation(world.context()), rng)
    assert set(world.cluster("d").nodes) == {"d-cp0", "d-w0", "d-w1"}
    assert "d-spare" not in world.cluster("d").machines
    assert plan_federation(world.context()).steps == ()


@COMMON
@given(federations(), st.randoms(use_true_random=False))
def test_the_order_of_the_spec_means_nothing(desired: Federation, rng: random.Random) -> None:
    """Clusters, peerings and applications in another order give the same steps."""
    shuffled = {
        name: tuple(rng.sample(list(getattr(desired.spec, name)), len(getattr(desired.spec, name))))
        for name in ("clusters", "peerings")
    }
    other = desired.model_copy(update={"spec": desired.spec.model_copy(update=shuffled)})
    one = {step.key for step in plan_federation(World(desired).context())}
    two = {step.key for step in plan_federation(World(other).context()) if "app" not in step.key}
    assert {key for key in one if "app" not in key} == two


@COMMON
@given(federations(), st.randoms(use_true_random=False), st.data())
def test_repairs_stay_within_their_budget(desired: Federation, rng: random.Random, data: st.DataObject) -> None:
    """However many machines fail at once, one run replaces at most what the policy allows."""
    world = World(desired)
    walk(world, plan_federation(world.context()), rng)
    policy = Policy(repairs_per_cluster=data.draw(st.integers(0, 2)), repairs=data.draw(st.integers(0, 3)))
    for model in world.clusters.values():
        for name, machine in list(model.machines.items()):
            if machine.role == "worker" and data.draw(st.booleans()):
                model.machines[name] = replace(machine, state="failed")
    context = world.context()
    admitted = admit(plan_federation(context), context, policy).plan
    replaced = {step.action.target for step in admitted if step.cause == "repair" and step.action.destructive}
    assert len(replaced) <= policy.repairs
    walk(world, admitted, rng)


def test_every_cluster_that_can_be_read_goes_on_without_the_one_that_cannot() -> None:
    """One cluster's trouble is its own: the plan for the others is what it would be without it."""
    world = World(a_federation(clusters=["a", "b"]))
    context = world.context()
    dark = Unknown("Unavailable", "no answer")
    seen = replace(context.observed.clusters["a"], infrastructure=dark, kubernetes=dark)
    plan = plan_federation(replace(context, observed=ObservedFederation({**context.observed.clusters, "a": seen})))
    alone = {step.key for step in plan_federation(context) if step.action.scope == "b"}
    assert {step.key for step in plan} == alone
    assert isinstance(context.observed.clusters["b"].infrastructure, Present)
