"""Registries as nodes reach them."""

from __future__ import annotations

from collections.abc import Iterator

from federation.spec.catalogue import Knowledge
from federation.spec.federation import Federation
from federation.spec.problems import FieldPath, Violation
from federation.spec.registries import Registry


def check_registries(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """Each registry stands there once and says something; what opens every registry is not for all of them."""
    del knowledge
    for index, cluster in enumerate(federation.spec.clusters):
        seen: set[str] = set()
        for number, registry in enumerate(cluster.registries):
            path = ("spec", "clusters", index, "registries", number)
            yield from _entry(path, registry)
            if registry.host in seen:
                yield Violation(
                    (*path, "host"), f"registry '{registry.host}' is there twice", "put both into one entry"
                )
            seen.add(registry.host)


def _entry(path: FieldPath, registry: Registry) -> Iterator[Violation]:
    secret = registry.credentials or registry.ca
    if registry.host == "*" and secret:
        message = "'*' stands for any registry, and credentials or an authority are for one"
        yield Violation((*path, "host"), message, "write the host that they are for")
    if not registry.mirrors and not secret:
        yield Violation(path, f"nothing is said of registry '{registry.host}'", "add mirrors, credentials or ca")
