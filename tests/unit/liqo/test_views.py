"""Two clusters show one direction: whose view counts."""

from __future__ import annotations

from federation.spec.peering import PeeringKey
from federation.state.observed import (
    Absent,
    ObservedCluster,
    ObservedDirection,
    ObservedFederation,
    ObservedKubernetes,
    Present,
    Unknown,
)

KEY = PeeringKey("a", "b")
AS_CONSUMER = ObservedDirection(KEY, "established", "established", "established")
AS_PROVIDER = ObservedDirection(KEY, "established", "established", "absent")


def observed(a: tuple[ObservedDirection, ...] | None, b: tuple[ObservedDirection, ...]) -> ObservedFederation:
    """Clusters a and b with what they show; a is unreadable when None."""
    first = Unknown("Unavailable", "no answer") if a is None else Present(ObservedKubernetes("v1", directions=a))
    second = Present(ObservedKubernetes("v1", directions=b))
    clusters = {"b": ObservedCluster("b", Absent(), second), "a": ObservedCluster("a", Absent(), first)}
    return ObservedFederation(clusters)


def test_the_consumers_view_goes_first():
    """A direction is told once, whatever the order of the clusters."""
    assert observed((AS_CONSUMER,), (AS_PROVIDER,)).directions == (AS_CONSUMER,)


def test_the_provider_speaks_for_a_consumer_that_cannot():
    """What an unreadable or cleaned consumer held at the provider is still seen, so that it can be removed."""
    assert observed(None, (AS_PROVIDER,)).directions == (AS_PROVIDER,)
    assert observed((), (AS_PROVIDER,)).directions == (AS_PROVIDER,)


def test_a_wanted_direction_is_judged_by_the_consumer_alone():
    """The provider's view never makes a direction look made."""
    assert observed((), (AS_PROVIDER,)).direction(KEY) == Absent()
    assert isinstance(observed(None, (AS_PROVIDER,)).direction(KEY), Unknown)
