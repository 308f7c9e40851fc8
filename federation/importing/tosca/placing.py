"""Placement: the cluster of each component, from what the importer says, the blueprint, and labels of clusters."""

from __future__ import annotations

from collections.abc import Mapping

from federation.importing.reading import Findings
from federation.importing.tosca.blueprint import TEMPLATES, path_of
from federation.importing.tosca.parts import Part, Parts
from federation.spec.explaining import near, shown
from federation.spec.model import Labels
from federation.spec.problems import FieldPath

HINT_LABEL = "placement-hint"
"""Label of a cluster that says for which hint it is there, in any case: ``placement-hint: edge``."""

Clusters = Mapping[str, Labels]
"""Labels of the clusters that there are, by name."""


class Placer:
    """Decides for components; what it cannot decide is noted with what to write.

    Args:
        place: Clusters by component or hint, as the importer says.
        clusters: The clusters that there are; None when they are not known, so that any name will do.
        findings: Where problems and remarks go.
    """

    def __init__(self, place: Mapping[str, str], clusters: Clusters | None, findings: Findings) -> None:
        self._place = place
        self._clusters = clusters
        self._findings = findings

    def check_answers(self, parts: Parts) -> None:
        """Everything that the importer says is about a component or a hint of the blueprint, and about a cluster."""
        known = {part.label for part in parts.of("component")}
        known |= {hint for part in parts.of("component") if (hint := part.properties.get("placement_hint"))}
        for key, cluster in sorted(self._place.items()):
            if key not in known:
                message = (
                    f"'{shown(key)}' is to be placed, which is no component and no placement hint of the blueprint"
                )
                self._findings.problem(TEMPLATES, message, near(key, known, "components and hints"))
            self._known(TEMPLATES, cluster)

    def cluster_of(self, part: Part, host: Part | None) -> str | None:
        """The cluster of a component; None when it cannot be decided, which is noted."""
        hint = part.properties.get("placement_hint")
        named = self._place.get(part.label) or self._demanded(host) or self._place.get(hint or "")
        if named is not None:
            return named
        if self._clusters is not None:
            found = [name for name, labels in self._clusters.items() if labels.get(HINT_LABEL, "").upper() == hint]
            if len(found) == 1:
                return found[0]
            if not found and len(self._clusters) == 1 and not self._labelled():
                return next(iter(self._clusters))
            if found:
                self._undecided(part, hint, f"is on each of {', '.join(sorted(found))}")
                return None
        self._undecided(part, hint, "is on no cluster")
        return None

    def _demanded(self, host: Part | None) -> str | None:
        if host is None:
            return None
        words, paths = host.bounds.words, host.bounds.paths
        cluster, centre = words.get(("deployment", "cluster")), words.get(("deployment", "datacenter"))
        if centre is not None:
            where = paths["deployment", "datacenter"]
            self._findings.remark(where, f"the datacenter '{shown(centre)}' is not looked for: clusters are placed on")
        if cluster is None:
            return None
        self._known(paths["deployment", "cluster"], cluster)
        return cluster

    def _known(self, path: FieldPath, cluster: str) -> None:
        if self._clusters is not None and cluster not in self._clusters:
            message = f"the federation has no cluster '{shown(cluster)}'"
            self._findings.problem(path, message, near(cluster, self._clusters, "clusters"))

    def _labelled(self) -> bool:
        return any(HINT_LABEL in labels for labels in (self._clusters or {}).values())

    def _undecided(self, part: Part, hint: str | None, why: str) -> None:
        if hint is None:
            message = f"nothing says on which cluster '{part.label}' runs"
            self._findings.problem(path_of(part.node), message, self._ways(part.label))
            return
        message = f"nothing says which cluster {hint} is: the label {HINT_LABEL}: {hint.lower()} {why}"
        self._findings.problem(part.path("placement_hint"), message, self._ways(hint))

    def _ways(self, subject: str) -> str:
        way = f"place it with --place {subject}=CLUSTER"
        if self._clusters is None:
            return f"{way}, or name the federation with --into"
        return f"{way}; clusters: {', '.join(sorted(self._clusters))}"
