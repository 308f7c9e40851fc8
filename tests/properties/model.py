"""One cluster of the model world."""

from __future__ import annotations

from dataclasses import dataclass, field

from federation.spec.dns import Rule
from federation.state.observed import ObservedAddOn, ObservedApplication, ObservedMachine, ObservedNode


class Refused(Exception):
    """The world does not do this now: a step was taken too early."""


@dataclass
class ClusterModel:
    """One cluster of the model."""

    foundation: bool = False
    machines: dict[str, ObservedMachine] = field(default_factory=dict)
    prepared: dict[str, str] = field(default_factory=dict)
    members: set[str] = field(default_factory=set)
    api: bool = False
    nodes: dict[str, ObservedNode] = field(default_factory=dict)
    cni: bool = False
    host_rules: frozenset[Rule] = frozenset()
    addons: dict[str, ObservedAddOn] = field(default_factory=dict)
    applications: dict[str, ObservedApplication] = field(default_factory=dict)
