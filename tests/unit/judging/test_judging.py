"""From observations to conditions: a table of looks, and what the status says of each."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from federation.going import application_is_gone, is_gone, peering_is_gone
from federation.judging import Verdicts, judge_federation
from federation.planning.guards import Policy, admit
from federation.planning.outcomes import Outcome
from federation.planning.planner import plan_federation
from federation.spec.peering import PeeringKey
from tests.unit.planning.short import a_case

A = "fed-a-default-0"
TABLE = {
    "all is well": ("{is: converged}", {"": "True AsDesired", "Cluster/a": "True AsDesired"}),
    "nothing is there": ("new", {"": "False StepsLeft", "Cluster/a": "False MultipleReasons"}),
    "nothing can be read": ("dark", {"": "Unknown NotObserved", "Cluster/a": "Unknown MultipleReasons"}),
    "the API does not answer": ("{api: dark}", {"": "Unknown NotObserved", "Cluster/a": "Unknown MultipleReasons"}),
    "a node has time left": (
        f"{{nodes: {{{A}: {{ready: false, unready_s: 9.0, message: no word}}}}}}",
        {"": "False NodeNotReady", f"Cluster/a/Machine/{A}": "False NodeNotReady"},
    ),
    "a control plane is gone": (
        "{machines: {fed-a-cp-0: }, nodes: {fed-a-cp-0: {ready: false}}}",
        {"": "False MultipleReasons", "Cluster/a/Machine/fed-a-cp-0": "False MultipleReasons"},
    ),
    "a node runs another version": (
        f"{{nodes: {{{A}: {{version: v1.35.0}}}}}}",
        {"": "False StepsLeft", "Cluster/a": "True AsDesired", f"Cluster/a/Machine/{A}": "True AsDesired"},
    ),
    "an add-on differs": (
        "{addons: {metallb: {digest: old, ready: true}}}",
        {"": "False StepsLeft", "Cluster/a": "False Outdated"},
    ),
    "a machine is not seen and its node is ready": (
        f"{{machines: {{{A}: }}}}",
        {"": "False NodeStillReady", f"Cluster/a/Machine/{A}": "False NotYetMade"},
    ),
}


def verdicts_of(given: dict[str, Any], **outcomes: Outcome) -> Verdicts:
    """Verdicts over a case, with a plan made and admitted for it."""
    context = a_case(given)
    return Verdicts(context, admit(plan_federation(context), context, Policy()), outcomes)


@pytest.mark.parametrize("title", sorted(TABLE))
def test_look_gives_conditions(title: str) -> None:
    """Converged of the federation (written as ''), and the summary of some of its parts."""
    look, expected = TABLE[title]
    root = judge_federation(verdicts_of({"clusters": {"a": {}}, "observed": {"a": yaml.safe_load(look)}}))
    found = {path.removeprefix("Federation/fed").strip("/"): condition for path, condition in root.walk()}
    last = {"": "Converged"}
    for path, words in expected.items():
        kind = last.get(path) or ("Ready" if "Machine" in path else "Available")
        condition = found[f"{path}/{kind}".strip("/")]
        assert f"{condition.status} {condition.reason}" == words, path


def test_a_failed_step_explains_what_is_missing() -> None:
    """The reason of a condition is that of the step which should have made the object."""
    failed = Outcome("ensure-foundation/a", "failed", "QuotaExceeded", "no more networks")
    root = judge_federation(verdicts_of({"clusters": {"a": {}}}, one=failed))
    condition = root.parts[0].condition("InfrastructureReady")
    assert condition is not None
    assert (condition.reason, condition.message) == ("QuotaExceeded", "ensure-foundation/a: no more networks")


def test_what_is_left_to_do_is_told_with_the_reason_of_what_was_tried() -> None:
    """A node that may not be emptied comes before what waits for it, and not in alphabetical order."""
    extra: dict[str, Any] = {"machines": {"fed-a-default-1": {}}, "nodes": {"fed-a-default-1": {}}}
    stuck = Outcome("remove-node/a/fed-a-default-1", "waiting", "DrainBlocked", "waiting for pod shop/web")
    waits = Outcome("delete-machine/a/fed-a-default-1", "skipped", "NeedNotMet", "needs remove-node")
    verdicts = verdicts_of(
        {"clusters": {"a": {}}, "observed": {"a": extra}}, **{each.key: each for each in (stuck, waits)}
    )
    converged = judge_federation(verdicts).condition("Converged")
    assert converged is not None
    assert converged.message == f"left to do: {stuck.key} (DrainBlocked), {waits.key}"


def test_one_dark_cluster_leaves_the_others_conditions_alone() -> None:
    """Unknown is told of the one, True of the other, and Converged is Unknown."""
    root = judge_federation(verdicts_of({"clusters": {"a": {}, "b": {}}, "observed": {"a": "dark", "b": "converged"}}))
    assert [(part.name, part.summary.status) for part in root.parts] == [("a", "Unknown"), ("b", "True")]
    converged = root.condition("Converged")
    assert converged is not None
    assert (converged.status, converged.message) == ("Unknown", "could not look at a: no answer")


def test_components_of_a_dark_home_are_unknown() -> None:
    """Nobody could look: that is not the same as not deployed."""
    shop = {"name": "shop", "components": [{"name": "web", "image": "x", "placement": {"cluster": "a"}}]}
    dark = {"clusters": {"a": {}}, "applications": [shop], "observed": {"a": {"api": "dark"}}}
    application = next(part for part in judge_federation(verdicts_of(dark)).parts if part.kind == "Application")
    assert [(part.summary.status, part.summary.reason) for part in (application, *application.parts)] == [
        ("Unknown", "Unavailable"),
        ("Unknown", "Unavailable"),
    ]


def test_an_inventory_that_is_too_small_is_told() -> None:
    """Fewer hosts than machines: not as desired, though no step could help."""
    cluster = {"infrastructure": {"type": "hosts", "inventory": "lab"}, "addons": []}
    root = judge_federation(verdicts_of({"clusters": {"d": cluster}}))
    condition = root.parts[0].condition("MachinesReady")
    assert condition is not None
    assert (condition.reason, condition.message) == ("TooFewHosts", "the inventory has 0 of 2 hosts")


def test_a_cluster_is_gone_when_it_was_looked_for_and_is_not_there() -> None:
    """Not while its cloud is dark, nor while anything is left, nor while an orphan is still peered."""
    looks = {"new": True, "dark": False, "converged": False}
    for look, gone in looks.items():
        verdicts = verdicts_of({"former": {"c": {}}, "observed": {"c": look}})
        assert is_gone(verdicts, verdicts.context.former[0]) is gone, look
    orphan = {"former": {"c": {"deletionPolicy": "orphan"}}, "clusters": {"a": {}}}
    left = verdicts_of({**orphan, "observed": {"a": "converged", "c": "converged"}})
    assert is_gone(left, left.context.former[0])
    peered = {"a": {"directions": ["a->c"]}, "c": "converged"}
    bound = verdicts_of({**orphan, "observed": peered})
    assert not is_gone(bound, bound.context.former[0])


def test_a_peering_is_gone_when_neither_end_shows_it() -> None:
    """And while an end cannot be read, nobody knows."""
    key = PeeringKey("a", "b")
    for look, gone in (("converged", True), ("dark", False), ({"directions": ["a->b"]}, False)):
        verdicts = verdicts_of({"clusters": {"a": {}, "b": {}}, "observed": {"a": look, "b": "converged"}})
        assert peering_is_gone(verdicts, key) is gone, look


def test_an_application_is_gone_when_all_could_be_read() -> None:
    """A cluster that is dark may be home to it."""
    for look, gone in (("converged", True), ("dark", False)):
        verdicts = verdicts_of({"clusters": {"a": {}, "b": {}}, "observed": {"a": look, "b": "converged"}})
        assert application_is_gone(verdicts, "shop") is gone, look


SILENT = {
    "clusters": {"a": {"workers": 0}, "b": {"workers": 0}},
    "peerings": [{"consumer": "a", "provider": "b", "unjoinAfter": "24h"}],
}


@pytest.mark.parametrize(
    ("directions", "silent_s", "expected"),
    [
        (["a->b"], 10, ("Unknown", "PeerSilent", "nobody hears of b; it is left by force after 24h")),
        ([], 86400, ("False", "PeerLeft", "b was left by force after unjoinAfter; it is peered again when it answers")),
    ],
)
def test_a_silent_peer_is_suspected_then_left(
    directions: list[str], silent_s: float, expected: tuple[str, ...]
) -> None:
    """The condition says what will be done, without counting: its own time says since when."""
    observed = {"a": {"directions": directions}, "b": {"api": "dark"}}
    root = judge_federation(verdicts_of({**SILENT, "observed": observed, "silent": {"b": silent_s}}))
    peering = next(part for part in root.parts if part.kind == "Peering")
    found = peering.condition("PeerReachable")
    assert found is not None
    assert (found.status, found.reason, found.message) == expected
    assert root.condition("Converged").status != "True"  # type: ignore[union-attr]  # every federation has it
