"""What of a component runs where: one workload in each cluster that it is placed on."""

from __future__ import annotations

from dataclasses import dataclass

from federation.spec.application import Component


@dataclass(frozen=True)
class Share:
    """What one cluster runs of a component.

    Attributes:
        home: Where the application is at home.
        cluster: Where the pods are to run.
        replicas: How many of them; None where somebody else says it.
        workload: Name of the workload, unique in the application.
        fellows: Names of the workloads of all shares of the component, this one among them.
    """

    home: str
    cluster: str
    replicas: int | None
    workload: str
    fellows: tuple[str, ...]

    @property
    def is_away(self) -> bool:
        """Whether its pods go to another cluster than the home."""
        return self.cluster != self.home

    @property
    def is_alone(self) -> bool:
        """Whether it is all of the component: it then bears the component's name and moves by a rolling update."""
        return len(self.fellows) == 1


def shares_of(component: Component, home: str) -> tuple[Share, ...]:
    """A component over its clusters, in the order of the spec; what does not divide evenly goes to the first ones."""
    clusters = component.placement.named or (home,)
    names = workloads_of(component)
    if len(clusters) == 1:
        return (Share(home, clusters[0], component.replicas, names[0], names),)
    each, more = divmod(component.size, len(clusters))
    return tuple(
        Share(home, cluster, each + (index < more), name, names)
        for index, (cluster, name) in enumerate(zip(clusters, names, strict=True))
    )


def workloads_of(component: Component) -> tuple[str, ...]:
    """Names of a component's workloads: its own, or one for each of several clusters."""
    clusters = component.placement.named
    return tuple(f"{component.name}-{each}" for each in clusters) if len(clusters) > 1 else (component.name,)
