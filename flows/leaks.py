"""Looking for what is left: in clouds and on hosts, by our marks, whatever the registry believes."""

from __future__ import annotations

from config.settings import settings
from federation.errors import FlotillaError, SpecInvalid
from flows.workplace import open_bench
from providers.contracts import Leftover
from registry.registry import Registry
from tasks.workbench import Workbench


def find_leftovers(bench: Workbench) -> tuple[Leftover, ...]:
    """Everything that carries the federation's mark, and everything that could not be asked."""
    found: dict[tuple[str, str, str], Leftover] = {}
    for cluster in bench.clusters():
        if cluster.deletion_policy == "delete":
            for each in _of_cluster(bench, cluster.name):
                found[each.kind, each.id, each.place] = each
    return tuple(found[key] for key in sorted(found))


def _of_cluster(bench: Workbench, cluster: str) -> tuple[Leftover, ...]:
    try:
        target = bench.target(cluster)
        return bench.infrastructure(target.spec).leftovers(target)
    except FlotillaError as error:
        place, again = f"infrastructure of cluster {cluster}", f"flotilla leaks {bench.desired.name}"
        return (Leftover("unknown", cluster, error.reason, place, again, str(error)),)


def look_for_leaks(federation: str) -> tuple[bool, tuple[Leftover, ...]]:
    """Whether a federation was destroyed, and everything of it that is there.

    Looks wherever any of its latest generations had clusters.

    Raises:
        SpecInvalid: Nobody has ever applied a federation of that name.
    """
    with Registry(settings().registry_url) as registry:
        history = registry.generations.history(federation)
        if not history:
            raise SpecInvalid(f"there is no federation '{federation}'")
        newest = {cluster.name: cluster for each in reversed(history) for cluster in each.parsed().spec.clusters}
        latest = history[0].parsed()
        spec = latest.spec.model_copy(update={"clusters": tuple(newest.values()), "defaults": None})
        bench = open_bench(registry, latest.model_copy(update={"spec": spec}))
        try:
            return history[0].retired, find_leftovers(bench)
        finally:
            bench.close()
