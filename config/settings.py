"""Settings: the only reader of environment variables. Every name below is ``FLOTILLA_`` plus the field in capitals."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from platformdirs import user_data_path
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from federation.planning.context import Timing
from federation.planning.guards import Policy


class Settings(BaseSettings):
    """Where things are kept and how bold a run may be."""

    model_config = SettingsConfigDict(env_prefix="FLOTILLA_", extra="ignore")

    home: Path = Field(default_factory=lambda: user_data_path("flotilla"), description="Folder of all local state")
    registry: str | None = Field(default=None, description="Database URL of the registry; SQLite in home by default")
    repair_after_s: float = Field(default=300.0, ge=0, description="How long a node may be unready before repair")
    repairs_per_cluster: int = Field(default=1, ge=0, description="Machines replaced per cluster and run")
    repairs: int = Field(default=3, ge=0, description="Machines replaced per run")
    pruned_clusters: int = Field(default=1, ge=0, description="Dropped clusters removed per run")
    upgraded_clusters: int = Field(default=3, ge=0, description="Clusters that one run upgrades")
    concurrency: int = Field(default=16, ge=1, description="Steps that run at the same time")
    lookers: int = Field(default=16, ge=1, description="Clusters that are looked at at the same time")
    lease_s: float = Field(default=60.0, ge=1, description="Life of a lease; renewed three times in it")
    reconcile_every_s: float = Field(default=300.0, ge=1, description="Interval of the scheduled reconcile")
    prefect_port: int = Field(default=4200, ge=1, le=65535, description="Port of the Prefect server that we start")
    door_host: str = Field(default="127.0.0.1", description="Address that the door for front ends listens on")
    door_port: int = Field(default=4280, ge=0, le=65535, description="Port of the door; 0 takes any free one")
    door_requests_per_minute: int = Field(default=300, ge=1, description="Requests of one token in a minute")

    kafka: str | None = Field(default=None, description="Name of the Kafka block that events go to; none by default")
    outbox_events: int = Field(default=10_000, ge=10, description="Events kept for Kafka while it does not take them")
    metrics_port: int = Field(default=9640, ge=1, le=65535, description="Port of the metrics")
    metrics_host: str = Field(default="127.0.0.1", description="Address that the metrics are served at")

    @property
    def outbox_limit(self) -> int:
        """Events kept for delivery: none when nobody wants them."""
        return self.outbox_events if self.kafka else 0

    @property
    def registry_url(self) -> str:
        """Database URL of the registry."""
        return self.registry or f"sqlite:///{self.home / 'registry.db'}"

    @property
    def policy(self) -> Policy:
        """Bounds of one run."""
        return Policy(
            repairs_per_cluster=self.repairs_per_cluster,
            repairs=self.repairs,
            pruned_clusters=self.pruned_clusters,
            upgraded_clusters=self.upgraded_clusters,
        )

    @property
    def timing(self) -> Timing:
        """Times for decisions."""
        return Timing(repair_after_s=self.repair_after_s)


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process, read once."""
    found = Settings()
    found.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    return found
