"""What a status and a registry mean as numbers."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from config.settings import Settings
from deployments.exposition import exposed
from deployments.metrics import RegistryCollector
from federation.errors import Unavailable
from federation.measuring import GAUGES, measure
from federation.state.conditions import Condition, false, true, unknown
from federation.state.status import FederationStatus, ObjectStatus
from registry.registry import Registry
from registry.tallies import STEP, Count
from tests.builders import a_federation

NAME = "fed"


def a_condition(condition: Condition) -> Condition:
    """One that was published."""
    return condition.model_copy(update={"since": 5.0})


def a_status(name: str = NAME, machines: int = 2) -> FederationStatus:
    """A federation of everything that there can be, some of it unwell."""
    broken = a_condition(false("Ready", "Down", "a secret message with an id 4711"))
    parts = tuple(
        ObjectStatus(kind="Machine", name=f"m{number}", conditions=(broken if number else a_condition(true("Ready")),))
        for number in range(machines)
    )
    blind = ObjectStatus(kind="Component", name="web", conditions=(a_condition(unknown("Available", "Silent")),))
    available = (a_condition(true("Available")),)
    root = ObjectStatus(
        kind="Federation",
        name=name,
        conditions=(a_condition(false("Converged", "StepsLeft", "")),),
        facts={"stepsLeft": "3", "stepsHeld": "1"},
        parts=(
            ObjectStatus(kind="Cluster", name="a", conditions=available, parts=parts),
            ObjectStatus(
                kind="Peering", name="a->b", conditions=(a_condition(true("Ready")),), facts={"latencyMs": "250"}
            ),
            ObjectStatus(kind="Application", name="shop", conditions=available, parts=(blind,)),
        ),
    )
    return FederationStatus(federation=name, generation=7, digest="d", observed_at=9.0, root=root)


def values(family: str, **labels: str) -> list[float]:
    """Values of the samples with these labels."""
    return [s.value for s in measure(a_status()) if s.family == family and labels.items() <= s.labels.items()]


@pytest.mark.parametrize(
    ("family", "labels", "value"),
    [
        ("flotilla_cluster_condition", {"cluster": "a", "condition": "Available", "status": "true"}, 1.0),
        ("flotilla_cluster_condition", {"cluster": "a", "condition": "Available", "status": "false"}, 0.0),
        ("flotilla_federation_condition", {"condition": "Converged", "status": "false"}, 1.0),
        ("flotilla_federation_condition_since_timestamp_seconds", {"condition": "Converged"}, 5.0),
        ("flotilla_machines", {"cluster": "a", "status": "true"}, 1.0),
        ("flotilla_machines", {"cluster": "a", "status": "false"}, 1.0),
        ("flotilla_components", {"application": "shop", "status": "unknown"}, 1.0),
        ("flotilla_peering_condition", {"consumer": "a", "provider": "b", "status": "true"}, 1.0),
        ("flotilla_peering_latency_seconds", {"consumer": "a", "provider": "b"}, 0.25),
        ("flotilla_federation_steps", {"state": "left"}, 3.0),
        ("flotilla_federation_steps", {"state": "held"}, 1.0),
        ("flotilla_federation_generation", {}, 7.0),
        ("flotilla_federation_observed_timestamp_seconds", {}, 9.0),
    ],
)
def test_status_becomes_numbers(family: str, labels: dict[str, str], value: float) -> None:
    """Each as documented."""
    assert values(family, **labels) == [value]


def test_labels_are_bounded() -> None:
    """More machines make no more series, and neither messages nor reasons are labels."""
    few, many = list(measure(a_status(machines=2))), list(measure(a_status(machines=500)))
    assert len(few) == len(many)
    assert {sample.family for sample in few} == set(GAUGES)
    words = {text for sample in many for text in sample.labels.values()}
    assert words <= {
        NAME,
        "a",
        "b",
        "shop",
        "Converged",
        "Available",
        "Ready",
        "true",
        "false",
        "unknown",
        "left",
        "held",
    }


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """A registry with one federation, one run of it, and a step."""
    place = f"sqlite:///{tmp_path}/registry.db"
    with Registry(place) as registry:
        registry.generations.put(a_federation(name=NAME, clusters=["a"]))
        registry.statuses.put(NAME, a_status().model_dump(mode="json"))
        registry.runs.start("r", "apply", NAME)
        registry.runs.end("r", "completed")
        registry.tallies.add([Count(STEP, "create-machine", "done", 20.0)])
        yield place


def scraped(collector: RegistryCollector) -> dict[str, list[tuple[dict[str, str], float]]]:
    """Samples by name, through the text that Prometheus gets."""
    collectors = CollectorRegistry(auto_describe=False)
    collectors.register(collector)
    found: dict[str, list[tuple[dict[str, str], float]]] = {}
    for family in text_string_to_metric_families(generate_latest(collectors).decode()):
        for sample in family.samples:
            found.setdefault(sample.name, []).append((sample.labels, sample.value))
    return found


def test_registry_becomes_metrics(url: str) -> None:
    """Status, runs, steps, leases and outbox, as one scrape shows them."""
    collector = RegistryCollector(partial(Registry, url))
    found = scraped(collector)
    collector.close()
    assert found["flotilla_registry_up"] == [({}, 1.0)]
    assert found["flotilla_federation_last_run_success"] == [({"federation": NAME}, 1.0)]
    assert found["flotilla_lease_held"] == [({"federation": NAME}, 0.0)]
    assert found["flotilla_run_duration_seconds_count"] == [({"flow": "apply", "outcome": "completed"}, 1.0)]
    buckets = {labels["le"]: value for labels, value in found["flotilla_step_duration_seconds_bucket"]}
    assert (buckets["15.0"], buckets["60.0"], buckets["+Inf"]) == (0.0, 1.0, 1.0)
    assert found["flotilla_outbox_events"] == [({}, 0.0)]


def test_registry_that_cannot_be_read_is_a_number_too() -> None:
    """A scrape never fails; it says that nothing is known, and the next one tries again."""

    def broken() -> Registry:
        raise Unavailable("no disk")

    assert scraped(RegistryCollector(broken)) == {"flotilla_registry_up": [({}, 0.0)]}


def test_metrics_are_served_on_loopback(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A port that is taken is an error with the address, and nothing is left open."""
    monkeypatch.setenv("FLOTILLA_REGISTRY", url)
    with exposed(Settings(), port=0) as served:
        assert served.startswith("http://127.0.0.1:")
        answer = httpx.get(served, trust_env=False)
        assert "flotilla_registry_up 1.0" in answer.text
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Unavailable, match=f"127.0.0.1:{port}"), exposed(Settings(), port=port):
            pass
