"""promtool reads the alert rules and plays them; Grafana's own types read the dashboards."""

from __future__ import annotations

import json

import pytest

from tests.dashboards.reading import ALERT_TESTS, ALERTS, BOARDS
from tests.proving import grafana, prometheus
from tests.proving.building import Missing

pytestmark = pytest.mark.real


@pytest.fixture
def promtool(record_property):
    """promtool, as a function of its words."""
    try:
        found = prometheus.find()
    except Missing as reason:
        pytest.skip(str(reason))
    record_property("server", "Prometheus")
    record_property("version", found.version)
    return found.promtool


@pytest.fixture
def check(record_property) -> grafana.DashboardCheck:
    """Grafana's types."""
    try:
        found = grafana.find()
    except Missing as reason:
        pytest.skip(str(reason))
    record_property("server", "Grafana's types of dashboards")
    record_property("version", found.version)
    return found


def test_every_alert_fires_after_its_time_and_not_before(promtool):
    """The rules are sound, and do what they are written for."""
    code, said = promtool("check", "rules", ALERTS)
    assert code == 0, said
    code, said = promtool("test", "rules", ALERT_TESTS)
    assert code == 0, said


def test_dashboards_are_of_grafanas_types(check, tmp_path):
    """No field is missing, unknown or of another type; the check itself sees one that is."""
    assert check.complaints(*BOARDS) == ""
    broken = json.loads(BOARDS[0].read_text())
    broken["panels"][0]["colour"] = "red"
    file = tmp_path / "broken.json"
    file.write_text(json.dumps(broken))
    assert "unexpected field 'colour'" in check.complaints(file)
