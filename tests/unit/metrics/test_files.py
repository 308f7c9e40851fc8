"""Dashboards, alert rules and scrape configuration, as far as they can be checked without their programs."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from deployments import metrics
from federation.measuring import GAUGES
from federation.scraping import ScrapedCluster, scrape_configuration
from tests.dashboards.reading import ALERT_TESTS, BOARDS, alert_expressions, metric_names, read_board

DOCS = Path(__file__).parents[3] / "docs"
OF_LIQO = {
    "liqo_peer_is_connected",
    "liqo_peer_latency_us",
    "liqo_peer_receive_bytes",
    "liqo_peer_transmit_bytes",
}


def known() -> set[str]:
    """Names of every metric that the code makes."""
    text = Path(metrics.__file__).read_text()
    return set(GAUGES) | set(re.findall(r'"(flotilla_\w+)"', text)) | OF_LIQO


@pytest.mark.parametrize("board", BOARDS, ids=lambda file: file.stem)
def test_dashboard_asks_only_for_what_there_is(board: Path) -> None:
    """Every metric is one of ours or of Liqo's, every panel says what it shows, and none covers another."""
    document = json.loads(board.read_text())
    panels = read_board(board, {}).panels
    asked = {name for panel in panels for query in panel.queries for name in metric_names(query.expression)}
    assert asked <= known()
    assert all(each["description"] and each["datasource"]["uid"] == "${datasource}" for each in document["panels"])
    cells = [
        (x, y)
        for panel in panels
        for x in range(panel.place["x"], panel.place["x"] + panel.place["w"])
        for y in range(panel.place["y"], panel.place["y"] + panel.place["h"])
    ]
    assert len(cells) == len(set(cells)) and max(x for x, _ in cells) < 24


def test_every_alert_is_tested_and_documented() -> None:
    """And asks only for what there is."""
    alerts = alert_expressions()
    tested = {
        each["alertname"]
        for test in yaml.safe_load(ALERT_TESTS.read_text())["tests"]
        for each in test["alert_rule_test"]
    }
    assert tested == set(alerts)
    assert {name for expression in alerts.values() for name in metric_names(expression)} <= known()
    text = (DOCS / "metrics.md").read_text()
    assert [name for name in alerts if f"`{name}`" not in text] == []


def test_every_metric_is_documented() -> None:
    """docs/metrics.md has each by its name in the exposition."""
    text = (DOCS / "metrics.md").read_text()
    assert [name for name in known() if f"`{name}" not in text] == []


def test_scrape_configuration_names_credentials_by_file() -> None:
    """Each cluster by its own files and through its own API; Liqo's pods only where there is Liqo."""
    west = ScrapedCluster("west", "10.0.0.1:6443", "certificate", liqo=True)
    east = ScrapedCluster("east", "10.0.0.2:443", "token", server_name="kubernetes")
    found = scrape_configuration("coast", [west, east], "/keys", "127.0.0.1:9640")
    jobs = {job["job_name"]: job for job in found["scrape_configs"]}
    assert list(jobs) == [
        "flotilla",
        *(
            f"coast/west/{each}"
            for each in ("api-server", "nodes", "containers", "liqo-gateways", "liqo-virtual-kubelets")
        ),
        *(f"coast/east/{each}" for each in ("api-server", "nodes", "containers")),
    ]
    assert jobs["coast/west/nodes"]["tls_config"] == {
        "ca_file": "/keys/west/ca.crt",
        "cert_file": "/keys/west/client.crt",
        "key_file": "/keys/west/client.key",
    }
    assert jobs["coast/east/nodes"]["authorization"] == {"credentials_file": "/keys/east/token"}
    assert jobs["coast/east/nodes"]["tls_config"]["server_name"] == "kubernetes"
    gateways = jobs["coast/west/liqo-gateways"]
    assert gateways["kubernetes_sd_configs"][0]["selectors"] == [
        {"role": "pod", "label": "networking.liqo.io/component=gateway"}
    ]
    assert {"target_label": "cluster", "replacement": "west"} in gateways["relabel_configs"]
