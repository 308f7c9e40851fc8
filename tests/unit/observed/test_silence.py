"""Who counts as silent."""

from __future__ import annotations

from federation.planning.context import PlanningContext
from federation.state.observed import ObservedCluster, ObservedFederation, Present, Unknown
from federation.state.silence import silent_clusters
from tests.unit.planning.short import a_case

TWO = {"clusters": {"a": {"workers": 0}, "b": {"workers": 0}}, "peerings": [{"consumer": "a", "provider": "b"}]}


def look(b: str, tunnel: str = "error") -> PlanningContext:
    """Cluster a sees its tunnel to b; b is as the word says."""
    context = a_case({**TWO, "observed": {"a": {"directions": ["a->b"]}, "b": {"api": b}}})
    kubernetes = context.observed.clusters["a"].kubernetes
    assert isinstance(kubernetes, Present)
    object.__setattr__(kubernetes.value.directions[0], "networking", tunnel)
    return context


def test_a_cluster_that_does_not_answer_is_silent() -> None:
    """One that answers, or never was built, is not."""
    assert silent_clusters(look("dark").observed) == {"b"}
    assert silent_clusters(look("answers").observed) == frozenset()
    assert silent_clusters(look("lost").observed) == frozenset()


def test_a_peer_with_a_tunnel_vouches_for_a_cluster_that_does_not_answer_us() -> None:
    """Then it is our own link that is down."""
    assert silent_clusters(look("dark", tunnel="established").observed) == frozenset()


def test_a_refusal_is_an_answer() -> None:
    """Credentials that were revoked do not make a cluster gone."""
    seen = look("dark").observed.clusters
    refused = Unknown("AuthenticationRejected", "no")
    b = ObservedCluster("b", seen["b"].infrastructure, refused)
    assert silent_clusters(ObservedFederation({**seen, "b": b})) == frozenset()
