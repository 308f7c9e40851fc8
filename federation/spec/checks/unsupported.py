"""What the format has a field for and nothing does yet: refused, so that nobody relies on it."""

from __future__ import annotations

from collections.abc import Iterator

from federation.spec.catalogue import Knowledge
from federation.spec.federation import Federation
from federation.spec.problems import Violation


def check_unsupported(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """No field is accepted and then ignored."""
    del knowledge
    for index, cluster in enumerate(federation.spec.clusters):
        if cluster.ttl is not None:
            yield _not_yet(("spec", "clusters", index, "ttl"), "clusters do not end by themselves")


def _not_yet(path: tuple[str | int, ...], what: str) -> Violation:
    return Violation(path, f"not supported yet: {what}", "remove the field")
