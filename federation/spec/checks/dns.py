"""Names that the DNS of a cluster is to answer with fixed addresses."""

from __future__ import annotations

from collections.abc import Iterator

from federation.spec.catalogue import Knowledge
from federation.spec.federation import Federation
from federation.spec.problems import Violation

RESERVED = ("cluster.local", "arpa", "invalid", "localhost")
"""Domains that the cluster's DNS answers itself, or that nobody can have. Source: RFC 6761; kubernetes.io, DNS."""


def check_names(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """No rule takes a name from the cluster itself, and none stands there twice."""
    del knowledge
    for index, cluster in enumerate(federation.spec.clusters):
        seen = set()
        for number, rule in enumerate(cluster.dns.hosts):
            path = ("spec", "clusters", index, "dns", "hosts", number, "name")
            taken = next((each for each in RESERVED if f".{rule.name}".endswith(f".{each}")), None)
            if taken:
                message = f"'{rule.name}' is in '{taken}', which cluster '{cluster.name}' answers for itself"
                yield Violation(path, message, "take a name outside of it")
            if rule in seen:
                yield Violation(path, f"'{rule.name}' has the address {rule.address} twice", "remove one of the rules")
            seen.add(rule)
