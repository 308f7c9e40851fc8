"""Rows L3 and L4: peers that go, stay away, come back in time or too late, and clusters that change federation."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from clients.kubernetes.api import KubernetesClient
from clients.kubernetes.resources import CONFIG_MAP, NAMESPACE, POD
from federation.spec.federation import Federation
from federation.state.conditions import Condition
from tests.reliability.chapters import Chapter
from tests.reliability.onstage import on_stage
from tests.stage.inside import Inside
from tests.stage.specs import a_component, a_small_cluster, a_small_federation, on_hosts

NAME, OTHER = "peers", "convoy"
LINKED = ("metallb", "liqo")
AWAY_AT_MOST_S = 300.0
"""A reconcile with a silent peer ends long before its first deadline of 900 s."""
EVICTION_S = 300.0
"""How long Kubernetes lets pods stay on a node that is not ready. Source: kubernetes.io, "Taints and Tolerations"."""
HOW = (
    "Three clusters in the sandbox, a-b and a-c peered both ways, an application over them; b vanishes for Flotilla "
    "and its peers, and comes back. Whatever happens to b: c and a go on, no run hangs, and nothing of b is taken for "
    "gone before unjoinAfter."
)
REPAIRED = (
    "A dropped peering with a silent peer was taken apart at once: it now waits for the peer, or for unjoinAfter.",
    "A component on a silent cluster held up every run until its deadline: what cannot be read is left alone.",
    "What a peer kept that was left while it was away met its next peering: it is removed first.",
    "A run waited 15 minutes for pods of a dropped component on a silent peer: without progress it no longer waits.",
    "A component for a peer that was back waited for its virtual node, and the cleaning of the peer for the component.",
)


@dataclass
class Story:
    """The life that is told; each chapter of it is one row of the table."""

    inside: Inside
    notes: dict[str, Any] = field(default_factory=dict)

    def spec(self, patience: str | None, *, peered: bool = True) -> Federation:
        """The federation, with a limit on b's absence."""
        limit = {"unjoinAfter": patience} if patience else {}
        peerings = [{"between": ["a", "b"], **limit}] if peered else []
        pieces = [a_component("hub", "a"), *([a_component("edge", "b")] if peered else []), a_component("far", "c")]
        return a_small_federation(
            NAME,
            *(a_small_cluster(name, addons=LINKED) for name in ("a", "b", "c")),
            peerings=[*peerings, {"between": ["a", "c"]}],
            applications=[{"name": "tv", "components": pieces}],
        )

    def client(self, cluster: str) -> KubernetesClient:
        """A client of a cluster, as its administrator has one."""
        from blocks.vault import BlockVault

        kubeconfig = BlockVault().kubeconfig(NAME, cluster)
        assert kubeconfig is not None
        return KubernetesClient(kubeconfig)

    def vanish(self, *, for_peers: bool = True) -> None:
        """No packet passes between b and the others."""
        sides = ("flotilla", f"{NAME}-a-cp-0", f"{NAME}-c-cp-0") if for_peers else ("flotilla",)
        for side in sides:
            self.inside.stage.post("partitions", {"between": [side, f"{NAME}-b-cp-0"], "mode": "refuse"})
        if for_peers:
            self.inside.stage.wait(lambda: self._tunnel("a", "b") == "Error", "the tunnel to b to be down")

    def come_back(self) -> None:
        """All packets pass again."""
        self.inside.stage.heal()

    def apply(self, spec: Federation) -> None:
        """Apply; a run with a silent peer neither fails nor hangs."""
        begun = time.monotonic()
        state = self.inside.apply(spec)
        assert state.is_completed(), state.message
        assert time.monotonic() - begun < AWAY_AT_MOST_S

    def peering(self, key: str) -> Condition | None:
        """What is said of the reach of a peer."""
        part = next(part for part in self.inside.status(NAME).root.parts if part.name == key)
        return part.condition("PeerReachable")

    def others_are_well(self) -> None:
        """Clusters a and c, their peering, and what runs on them."""
        for path in ("Cluster/a/Available", "Cluster/c/Available", "Peering/a->c/Ready", "Component/far/Available"):
            assert self.inside.condition(NAME, path).status == "True", self.inside.bad(NAME)

    def tenants(self, cluster: str) -> set[str]:
        """Peers that a cluster keeps a namespace for."""
        found = self.client(cluster).list(NAMESPACE, labels={"liqo.io/tenant-namespace": "true"})
        return {each["metadata"]["labels"]["flotilla.dev/peer"] for each in found}

    def edge_pods(self) -> set[str]:
        """Pods of the component on b, as b itself knows them."""
        pods = self.client("b").list(POD)
        return {each["metadata"]["uid"] for each in pods if each["metadata"]["name"].startswith("edge")}

    def _tunnel(self, cluster: str, peer: str) -> str:
        from providers.interconnect.liqo.kinds import CONNECTION, dig

        namespaces = self.client(cluster).list(NAMESPACE, labels={"flotilla.dev/peer": peer})
        name = namespaces[0]["metadata"]["name"]
        return str(dig(self.client(cluster).list(CONNECTION, name)[0], "status", "value"))


def built(story: Story) -> None:
    """The federation is Ready; its nodes wait as long for each other as real ones do before pods move."""
    story.inside.stage.post("pacing", {"overrides": {"pod.eviction": EVICTION_S}})
    story.inside.ready(story.spec("1h"))


def suspected_and_kept(story: Story) -> None:
    """b vanishes: the status says so and since when, nothing is changed on any wire, the others go on."""
    story.notes["pods"] = story.edge_pods()
    story.client("b").apply(_map("gathered", "while away"))
    story.vanish()
    story.inside.stage.quiet()
    story.apply(story.spec("1h"))
    found = story.peering("a->b")
    assert found is not None
    assert (found.status, found.reason) == ("Unknown", "PeerSilent")
    assert found.since is not None
    assert story.inside.stage.changes() == []
    story.others_are_well()


def back_in_time(story: Story) -> None:
    """b comes back within its time: it goes on with its data and with the very pods that it had."""
    story.come_back()
    story.inside.ready(story.spec("1h"))
    assert story.edge_pods() == story.notes["pods"]
    assert story.client("b").get(CONFIG_MAP, "gathered", "default") is not None
    story.inside.silent(story.spec("1h"))


def own_link_down(story: Story) -> None:
    """Only Flotilla does not reach b: its peers vouch for it, and however long it takes nothing is left."""
    story.vanish(for_peers=False)
    story.apply(story.spec("1s"))
    story.inside.stage.quiet()
    story.apply(story.spec("1s"))
    assert story.inside.stage.changes() == []
    assert "b" in story.tenants("a")
    story.come_back()
    story.inside.ready(story.spec("1s"))


def left_by_force(story: Story) -> None:
    """b stays away for longer than unjoinAfter: a is freed of it, the others go on, the spec still wants it."""
    story.vanish()
    story.apply(story.spec("1s"))
    story.inside.stage.wait(lambda: _reconciled(story, "PeerLeft"), "b to be left by force")
    assert story.tenants("a") == {"c"}
    story.others_are_well()
    story.inside.stage.quiet()
    story.apply(story.spec("1s"))
    assert story.inside.stage.changes() == []


def back_too_late(story: Story) -> None:
    """b answers again: what it kept is removed, it is peered again, and its component runs there again."""
    story.come_back()
    story.inside.ready(story.spec("1s"))
    assert (story.tenants("a"), story.tenants("b")) == ({"b", "c"}, {"a"})
    assert story.client("b").get(CONFIG_MAP, "gathered", "default") is not None
    story.inside.silent(story.spec("1s"))


def dropped_while_away(story: Story) -> None:
    """The spec drops the peering while b is away: it waits for unjoinAfter, then a is freed; b is cleaned later."""
    patient, impatient = story.spec("1h"), story.spec("1s")
    story.inside.ready(patient)
    story.vanish()
    story.apply(story.spec(None, peered=False))
    assert story.tenants("a") == {"b", "c"}
    held = story.inside.condition(NAME, f"Federation/{NAME}/Converged")
    assert (held.status, held.reason) == ("False", "PeerSilent")
    story.apply(impatient)
    story.apply(story.spec(None, peered=False))
    story.inside.stage.wait(lambda: _reconciled(story) and story.tenants("a") == {"c"}, "a to be freed of b")
    story.come_back()
    story.inside.ready(story.spec(None, peered=False))
    assert (story.tenants("a"), story.tenants("b")) == ({"c"}, set())


def moves_to_another_federation(story: Story) -> None:
    """A vehicle leaves one federation and joins another while both live, and neither notices more than that."""
    vehicle = on_hosts("d", "rose-1", addons=LINKED)
    home = story.spec(None, peered=False)
    with_vehicle = home.model_copy(update={"spec": _with(home, vehicle, {"between": ["a", "d"]})})
    convoy = a_small_federation(OTHER, a_small_cluster("e", addons=LINKED))
    joined = convoy.model_copy(update={"spec": _with(convoy, vehicle, {"between": ["d", "e"]})})
    story.inside.ready(with_vehicle)
    story.inside.ready(convoy)
    story.inside.ready(home)
    assert story.tenants("a") == {"c"}
    story.inside.ready(joined)
    story.inside.silent(home)
    story.inside.silent(joined)
    assert story.inside.destroy(OTHER).is_completed()


def ends(story: Story) -> None:
    """Everything is removed, and nothing is left."""
    story.inside.gone(NAME)
    story.inside.stage.post("pacing", {"overrides": {}})


STEPS: tuple[Callable[[Story], None], ...] = (
    built,
    suspected_and_kept,
    back_in_time,
    own_link_down,
    left_by_force,
    back_too_late,
    dropped_while_away,
    moves_to_another_federation,
    ends,
)


SMALL = (built, suspected_and_kept, back_in_time, left_by_force, back_too_late, ends)


def trial(full: bool) -> Chapter:
    """The whole story; the small one ends once b was left by force and came back."""
    steps = STEPS if full else SMALL
    rows: list[tuple[str, str, str]] = []
    failed: list[str] = []
    with on_stage() as inside:
        story = Story(inside)
        for step in steps:
            begun, title = time.monotonic(), (step.__doc__ or "").strip()
            trouble = _tried(step, story)
            rows.append((title, "no" if trouble else "yes", f"{time.monotonic() - begun:.0f}"))
            failed += [f"{step.__name__}: {trouble}"] if trouble else []
    return Chapter(
        name="peers",
        title="Peers that go and come back",
        date=time.strftime("%Y-%m-%d"),
        how=HOW,
        tried=len(steps),
        passed=len(steps) - len(failed),
        headers=("what happens", "held", "seconds"),
        rows=tuple(rows),
        failed=tuple(failed),
        repaired=REPAIRED,
        order=40,
    )


def _tried(step: Callable[[Story], None], story: Story) -> str:
    """What did not hold; empty when all did."""
    try:
        step(story)
    except Exception as trouble:  # noqa: BLE001 - whatever it is, it is a line of the report
        return f"{type(trouble).__name__}: {str(trouble)[:300]}"
    finally:
        story.come_back()
    return ""


def _reconciled(story: Story, reason: str = "") -> bool:
    """Reconcile as the schedule would; whether the peering to b is then of this reason."""
    assert story.inside.reconcile(NAME).is_completed()
    if not reason:
        return True
    found = story.peering("a->b")
    return found is not None and found.reason == reason


def _with(federation: Federation, cluster: dict[str, Any], peering: dict[str, Any]) -> Any:
    plain = federation.model_dump(mode="json", by_alias=True, exclude_none=True)["spec"]
    plain["clusters"].append(cluster)
    plain["peerings"].append(peering)
    return type(federation.spec).model_validate(plain)


def _map(name: str, text: str) -> dict[str, Any]:
    meta = {"name": name, "namespace": "default"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {"text": text}}
