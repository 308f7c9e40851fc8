"""The deploy-time experiment: its federations, what was measured, and what comes of it.

Source: CHARITY, 7.5: time to deploy by distribution and number of nodes, repeated, with mean and deviation.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import get_args

from federation.errors import SpecInvalid
from federation.spec.cluster import Cluster, Distribution, DistributionType, WorkerPool
from federation.spec.federation import Federation, FederationSpec, Metadata

DISTRIBUTIONS: tuple[DistributionType, ...] = get_args(DistributionType)
LABEL = ("flotilla.dev/experiment", "deploy-time")
"""On the federations of the experiment: what an earlier one left behind may be removed, and nothing else."""
CLUSTER = "c"


@dataclass(frozen=True)
class Setup:
    """One kind of cluster that is built again and again."""

    distribution: DistributionType
    nodes: int

    def federation(self, template: Federation) -> Federation:
        """A federation with this one cluster, where and of what the template's first one is; nothing else is in it.

        Raises:
            SpecInvalid: The template has no cluster that can be built.
        """
        model = next((each for each in template.spec.clusters if not each.adopted), None)
        if model is None:
            raise SpecInvalid(f"federation '{template.name}' has no cluster that Flotilla builds")
        name = experiment_name(template.name)
        spec = FederationSpec(clusters=(self._cluster(model),))
        metadata = Metadata(name=name, labels=dict([LABEL]))
        return template.model_copy(update={"metadata": metadata, "spec": spec})

    def _cluster(self, model: Cluster) -> Cluster:
        pools = model.workers or (WorkerPool(name="default", flavor=model.control_plane.flavor),)
        workers = (pools[0].model_copy(update={"count": self.nodes - 1}),) if self.nodes > 1 else ()
        version = model.built_with.version.partition("+")[0]
        network = model.network.model_copy(update={"cni": None, "encapsulation": "vxlan"})
        changed = {
            "name": CLUSTER,
            "distribution": Distribution(type=self.distribution, version=_written(version, self.distribution)),
            "control_plane": model.control_plane.model_copy(update={"count": 1}),
            "workers": workers,
            "network": network,
            "addons": (),
            "registries": () if self.distribution == "microk8s" else model.registries,
        }
        return model.model_copy(update=changed)


def _written(version: str, distribution: DistributionType) -> str:
    return f"{version}+k3s1" if distribution == "k3s" else version


def experiment_name(template: str) -> str:
    """Name of the experiment's federation; the template's own is never touched."""
    return f"{template[:18].rstrip('-')}-deploy-time"


@dataclass(frozen=True)
class Trial:
    """One cluster that was built and removed again. Times in seconds; ``trouble`` is empty when it became ready."""

    setup: Setup
    round: int
    seconds: float
    removed_s: float
    trouble: str = ""


@dataclass(frozen=True)
class Measure:
    """What the trials of one setup come to; times of those that became ready, in seconds."""

    setup: Setup
    tried: int
    done: int
    mean_s: float
    deviation_s: float
    least_s: float
    most_s: float

    def row(self) -> dict[str, str]:
        """For a table."""
        return {
            "distribution": self.setup.distribution,
            "nodes": str(self.setup.nodes),
            "ready": f"{self.done} of {self.tried}",
            "mean s": f"{self.mean_s:.1f}",
            "deviation s": f"{self.deviation_s:.1f}",
            "least s": f"{self.least_s:.1f}",
            "most s": f"{self.most_s:.1f}",
        }


def measures(trials: Iterable[Trial]) -> Iterator[Measure]:
    """One for each setup, in the order in which they were first tried; the deviation is that of a sample (n - 1)."""
    by_setup: dict[Setup, list[Trial]] = {}
    for trial in trials:
        by_setup.setdefault(trial.setup, []).append(trial)
    for setup, tried in by_setup.items():
        times = [trial.seconds for trial in tried if not trial.trouble] or [0.0]
        done = sum(not trial.trouble for trial in tried)
        deviation = statistics.stdev(times) if len(times) > 1 else 0.0
        yield Measure(setup, len(tried), done, statistics.fmean(times), deviation, min(times), max(times))
