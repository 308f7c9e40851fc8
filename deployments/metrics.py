"""The metrics: a collector that reads the registry whenever Prometheus asks. It knows nothing that is not there."""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import accumulate
from threading import Lock

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from federation.errors import FlotillaError
from federation.measuring import GAUGES, Sample, measure
from registry.registry import Registry
from registry.tallies import BOUNDS_S, RUN, STEP, Tally

log = logging.getLogger(__name__)
_LEASES = {
    "flotilla_lease_held": "Whether a run works on the federation now.",
    "flotilla_federation_last_run_timestamp_seconds": "When the last run on the federation ended.",
    "flotilla_federation_last_run_success": "Whether the last run on the federation completed.",
    "flotilla_federation_last_success_timestamp_seconds": "When a run on the federation last completed.",
}


class RegistryCollector(Collector):
    """Reads everything anew at each scrape, so that every process that shares the registry is told of.

    Args:
        opened: Opens the registry; asked again after a failure.
    """

    def __init__(self, opened: Callable[[], Registry], clock: Callable[[], float] = time.time) -> None:
        self._opened = opened
        self._clock = clock
        self._registry: Registry | None = None
        self._lock = Lock()

    def describe(self) -> Iterable[Metric]:
        """Nothing is read when the collector is registered."""
        return []

    def collect(self) -> Iterator[Metric]:
        """All metrics; without the registry only that it cannot be read."""
        try:
            found = list(self._read(self._get()))
        except FlotillaError as error:
            log.warning("metrics cannot be read: %s", error)
            self.close()
            found = []
        yield GaugeMetricFamily("flotilla_registry_up", "Whether the registry can be read.", float(bool(found)))
        yield from found

    def close(self) -> None:
        """Close the registry."""
        with self._lock:
            registry, self._registry = self._registry, None
        if registry is not None:
            registry.close()

    def _get(self) -> Registry:
        with self._lock:
            if self._registry is None:
                self._registry = self._opened()
            return self._registry

    def _read(self, registry: Registry) -> Iterator[Metric]:
        names = [each.federation for each in registry.generations.list()]
        yield GaugeMetricFamily("flotilla_federations", "Federations that were applied.", float(len(names)))
        yield from _gauges(GAUGES, (sample for name in names for sample in _of_status(registry, name)))
        yield from _gauges(_LEASES, (sample for name in names for sample in self._of_runs(registry, name)))
        tallies = registry.tallies.all()
        yield _histogram("flotilla_run_duration_seconds", "How long runs took.", ("flow", RUN), tallies)
        yield _histogram("flotilla_step_duration_seconds", "How long steps took.", ("verb", STEP), tallies)
        yield from _outbox(registry)

    def _of_runs(self, registry: Registry, name: str) -> Iterator[Sample]:
        labels = {"federation": name}
        held = registry.leases.holder(name, self._clock()) is not None
        yield Sample("flotilla_lease_held", labels, float(held))
        ended = [each for each in registry.runs.recent(name, 200) if each.ended_at is not None]
        latest = max(ended, key=lambda each: each.ended_at or 0.0, default=None)
        if latest is not None:
            yield Sample("flotilla_federation_last_run_timestamp_seconds", labels, latest.ended_at or 0.0)
            success = float(latest.outcome == "completed")
            yield Sample("flotilla_federation_last_run_success", labels, success)
        completed = max((each.ended_at or 0.0 for each in ended if each.outcome == "completed"), default=None)
        if completed is not None:
            yield Sample("flotilla_federation_last_success_timestamp_seconds", labels, completed)


def _of_status(registry: Registry, name: str) -> Iterator[Sample]:
    status = registry.statuses.last(name)
    if status is not None:
        yield from measure(status)


def _gauges(families: Mapping[str, str], samples: Iterable[Sample]) -> Iterator[Metric]:
    found: dict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        found[sample.family].append(sample)
    for name, text in families.items():
        if found[name]:
            family = GaugeMetricFamily(name, text, labels=list(found[name][0].labels))
            for sample in found[name]:
                family.add_metric(list(sample.labels.values()), sample.value)
            yield family


def _histogram(name: str, text: str, counted: tuple[str, str], tallies: Iterable[Tally]) -> Metric:
    label, kind = counted
    family = HistogramMetricFamily(name, text, labels=[label, "outcome"])
    bounds = [*(str(bound) for bound in BOUNDS_S), "+Inf"]
    for tally in tallies:
        if tally.family == kind:
            buckets = list(zip(bounds, map(float, accumulate(tally.classes)), strict=True))
            family.add_metric([tally.subject, tally.result], buckets, tally.seconds)
    return family


def _outbox(registry: Registry) -> Iterator[Metric]:
    state = registry.outbox.state()
    yield GaugeMetricFamily("flotilla_outbox_events", "Events that wait for Kafka.", float(state.waiting))
    if state.oldest_at is not None:
        text = "When the oldest event that waits for Kafka occurred."
        yield GaugeMetricFamily("flotilla_outbox_oldest_timestamp_seconds", text, state.oldest_at)
    failing = float(bool(state.trouble))
    yield GaugeMetricFamily("flotilla_outbox_failing", "Whether the last attempt to deliver failed.", failing)
    for name, text, value in (
        ("flotilla_outbox_delivered", "Events that Kafka acknowledged.", state.delivered),
        ("flotilla_outbox_lost", "Events that were dropped because the outbox was full.", state.lost),
        ("flotilla_outbox_failures", "Attempts to deliver that failed.", state.failures),
    ):
        yield CounterMetricFamily(name, text, float(value))
