"""A federation that ran in the sandbox, as a real Prometheus sees it: every panel and every alert has an answer."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml
from prometheus_client import CollectorRegistry, Counter, Gauge, start_http_server

from config.settings import settings
from deployments.exposition import exposed
from tests.dashboards.reading import ALERTS, BOARDS, alert_expressions, metric_names, read_board
from tests.proving.building import Missing
from tests.proving.prometheus import RealPrometheus, find
from tests.stage.specs import a_component, a_small_cluster, a_small_federation

pytestmark = pytest.mark.real
NAME = "measured"
QUIET = {"flotilla_outbox_oldest_timestamp_seconds", "flotilla_peering_latency_seconds"}
"""What has no series while no event waits, and where no latency is measured."""


@pytest.fixture
def liqo_gateway() -> Iterator[str]:
    """The metrics of a gateway by Liqo's documentation; there is no image of Liqo to run here."""
    registry, names = CollectorRegistry(), ("driver", "cluster_id", "cluster", "federation")
    values = ("wireguard", "measured-b", "a", NAME)
    Gauge("liqo_peer_is_connected", "", names, registry=registry).labels(*values).set(1)
    Gauge("liqo_peer_latency_us", "", names, registry=registry).labels(*values).set(1500)
    for way in ("receive", "transmit"):
        Counter(f"liqo_peer_{way}_bytes", "", names, registry=registry).labels(*values).inc(1e6)
    server, thread = start_http_server(0, "127.0.0.1", registry)
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def programs(record_property):
    """Prometheus and promtool."""
    try:
        found = find()
    except Missing as reason:
        pytest.skip(str(reason))
    record_property("server", "Prometheus")
    record_property("version", found.version)
    return found


def a_federation():
    """Two peered clusters and an application."""
    clusters = (
        a_small_cluster("a", workers=1, addons=("metallb", "liqo")),
        a_small_cluster("b", addons=("metallb", "liqo")),
    )
    shop = {"name": "shop", "components": [a_component("web", "a")]}
    return a_small_federation(NAME, *clusters, peerings=[{"between": ["a", "b"]}], applications=[shop])


def test_every_panel_and_every_alert_has_an_answer(inside, programs, liqo_gateway, tmp_path):
    """Nothing is asked that is not there; no alert fires on a healthy federation; targets are relabelled."""
    inside.ready(a_federation())
    assert inside.reconcile(NAME).is_completed()
    scraped = _scrape_configuration(inside, tmp_path)
    with exposed(settings(), port=0) as url:
        _promtool_accepts(programs, url, tmp_path, scraped)
        own = url.removeprefix("http://").removesuffix("/metrics")
        jobs = [
            {"job_name": "flotilla", "static_configs": [{"targets": [own]}]},
            {"job_name": "gateways", "static_configs": [{"targets": [liqo_gateway]}]},
            *map(_discovered, scraped["scrape_configs"][1:]),
        ]
        with RealPrometheus(programs, tmp_path / "prometheus", jobs, [ALERTS]) as prometheus:
            prometheus.wait(lambda: prometheus.query("flotilla_registry_up == 1"), "nothing is scraped")
            assert inside.reconcile(NAME).is_completed()
            prometheus.wait(lambda: _has_increases(prometheus), "the second run is not seen")
            _all_panels_answer(prometheus)
            _no_alert_fires(prometheus)
            _targets_are_relabelled(prometheus)
    inside.gone(NAME)


def _has_increases(prometheus: RealPrometheus) -> bool:
    counted = prometheus.query("increase(flotilla_run_duration_seconds_count[1h]) > 0")
    return bool(counted and prometheus.query("rate(liqo_peer_receive_bytes_total[5m])"))


def _all_panels_answer(prometheus: RealPrometheus) -> None:
    asked = [
        (file.stem, panel.title, query.expression)
        for file in BOARDS
        for panel in read_board(file, {"federation": NAME}).panels
        for query in panel.queries
    ]
    silent = [each for each in asked if not _may_be_empty(each[2]) and not prometheus.query(each[2])]
    assert silent == []


def _may_be_empty(expression: str) -> bool:
    """What asks only for what is wrong is empty where nothing is; all that it asks of is there, though."""
    wrong = "== 0)" in expression or 'outcome!="done"' in expression
    return wrong or not metric_names(expression).isdisjoint(QUIET)


def _no_alert_fires(prometheus: RealPrometheus) -> None:
    names = {each["metric"]["__name__"] for each in prometheus.query('{__name__=~"flotilla_.+|liqo_.+|up"}')}
    known = {metric for name in names for metric in metric_names(name)} | QUIET
    for alert, expression in alert_expressions().items():
        assert metric_names(expression) <= known, alert
        assert prometheus.query(expression) == [], alert
    assert prometheus.query("ALERTS") == []


def _targets_are_relabelled(prometheus: RealPrometheus) -> None:
    """Each is read through its cluster's API, with the credentials in files; ports that are no metrics are left out."""
    active = prometheus.ask("targets", state="active")["activeTargets"]
    found = {
        (each["labels"]["cluster"], each["scrapePool"].rpartition("/")[2]): each["scrapeUrl"].partition("/api/v1/")[2]
        for each in active
        if "cluster" in each["discoveredLabels"] or each["scrapePool"].startswith(NAME)
    }
    for cluster in "ab":
        assert found[cluster, "nodes"] == "nodes/n1/proxy/metrics"
        assert found[cluster, "containers"] == "nodes/n1/proxy/metrics/cadvisor"
        assert found[cluster, "liqo-gateways"] == "namespaces/ns/pods/gw-1:8084/proxy/metrics"
        assert found[cluster, "liqo-virtual-kubelets"] == "namespaces/ns/pods/gw-1:5872/proxy/metrics"


def _discovered(job: dict) -> dict:
    """A job with what discovery would tell in its place: Debian builds Prometheus without Kubernetes."""
    roles = [each["role"] for each in job.get("kubernetes_sd_configs", ())]
    meta = "__meta_kubernetes_"
    node = {f"{meta}node_name": "n1"}
    pod = {f"{meta}namespace": "ns", f"{meta}pod_name": "gw-1"}
    ports = [("8084", "wg-metrics"), ("5872", "metrics"), ("8083", "health")]
    pods = [{**pod, f"{meta}pod_container_port_number": n, f"{meta}pod_container_port_name": name} for n, name in ports]
    seen = [labels for role in roles for labels in ([node] if role == "node" else pods)]
    static = [{"targets": [f"10.0.0.1:{number}"], "labels": labels} for number, labels in enumerate(seen, 1)]
    plain = {name: value for name, value in job.items() if name != "kubernetes_sd_configs"}
    return {**plain, "static_configs": static} if roles else plain


def _scrape_configuration(inside, folder: Path) -> dict:
    """As a user gets it; no secret is in it."""
    told = inside.stage.cli("get", "scrape-config", NAME, "--credentials", str(folder / "keys"), "--write")
    assert told.returncode == 0, told.stderr
    assert "PRIVATE KEY" not in told.stdout and "client-key-data" not in told.stdout
    written = {str(path.relative_to(folder / "keys")): path.stat().st_mode & 0o77 for path in folder.glob("keys/*/*")}
    assert {"a/kubeconfig", "a/ca.crt", "a/client.crt", "a/client.key"} <= set(written)
    assert set(written.values()) == {0}
    return yaml.safe_load(told.stdout)


def _promtool_accepts(programs, url: str, folder: Path, scraped: dict) -> None:
    """Names and help by Prometheus' conventions, and a configuration that it would start with."""
    code, said = programs.promtool("check", "metrics", given=httpx.get(url, trust_env=False).text)
    assert (code, said) == (0, "")
    file = folder / "scrape.yml"
    file.write_text(yaml.safe_dump({"scrape_configs": [_discovered(job) for job in scraped["scrape_configs"]]}))
    code, said = programs.promtool("check", "config", file)
    assert code == 0, said


def test_metrics_are_served_alone(inside, programs):
    """By a command of its own, on loopback, for whoever asks."""
    process = subprocess.Popen(
        [sys.executable, "-m", "flotilla", "metrics", "--port", "0"],
        env=inside.stage.environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().removeprefix("metrics: ").strip()
        assert url.startswith("http://127.0.0.1:")
        assert "flotilla_registry_up 1.0" in httpx.get(url, trust_env=False).text
    finally:
        process.terminate()
        process.communicate(timeout=30)
