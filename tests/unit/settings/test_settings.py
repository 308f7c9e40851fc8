"""Settings from the environment."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from config.settings import Settings


@pytest.fixture(autouse=True)
def _empty(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in [each for each in os.environ if each.startswith("FLOTILLA_")]:
        monkeypatch.delenv(name)


def test_every_setting_has_a_default() -> None:
    """Nothing must be set; the registry is a file in the home."""
    found = Settings()
    assert found.registry_url == f"sqlite:///{found.home / 'registry.db'}"
    assert (found.policy.repairs_per_cluster, found.policy.repairs, found.policy.pruned_clusters) == (1, 3, 1)
    assert found.timing.repair_after_s == 300.0


def test_the_environment_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names are FLOTILLA_ and the field."""
    given = {
        "HOME": "/srv/flotilla",
        "REGISTRY": "postgresql+psycopg://db/flotilla",
        "REPAIRS": "7",
        "REPAIRS_PER_CLUSTER": "2",
        "PRUNED_CLUSTERS": "0",
        "REPAIR_AFTER_S": "2.5",
    }
    for name, value in given.items():
        monkeypatch.setenv(f"FLOTILLA_{name}", value)
    found = Settings()
    assert found.home == Path("/srv/flotilla")
    assert found.registry_url == "postgresql+psycopg://db/flotilla"
    assert (found.policy.repairs_per_cluster, found.policy.repairs, found.policy.pruned_clusters) == (2, 7, 0)
    assert found.timing.repair_after_s == 2.5


@pytest.mark.parametrize(
    ("name", "value"),
    [("REPAIRS", "-1"), ("REPAIRS", "many"), ("CONCURRENCY", "0"), ("LEASE_S", "0"), ("PREFECT_PORT", "70000")],
)
def test_a_senseless_value_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """With the name of the setting."""
    monkeypatch.setenv(f"FLOTILLA_{name}", value)
    with pytest.raises(ValidationError, match=name.lower()):
        Settings()
