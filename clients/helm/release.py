"""What Helm works on and what it reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

DEPLOYED = frozenset({"deployed", "superseded"})
PENDING = frozenset({"pending-install", "pending-upgrade", "pending-rollback"})
UNINSTALLING = "uninstalling"


@dataclass(frozen=True)
class Chart:
    """A version of a chart in a repository, which is known by its URL."""

    name: str
    version: str
    repository: str


@dataclass(frozen=True)
class ReleaseName:
    """A release is known by its name in its namespace."""

    name: str
    namespace: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True)
class Release:
    """One revision of a release.

    Attributes:
        status: Helm's word for it, such as ``deployed``, ``failed`` or ``pending-upgrade``.
        chart: Name of the chart.
        version: Version of the chart.
    """

    name: str
    namespace: str
    status: str
    revision: int
    chart: str = ""
    version: str = ""


def parse_releases(rows: list[dict[str, Any]]) -> tuple[Release, ...]:
    """Releases as Helm lists them, in the shape of its program or of its library."""
    return tuple(_release(row) for row in rows)


def _release(row: dict[str, Any]) -> Release:
    chart = str(row.get("chart") or row.get("chart_name") or "")
    version = str(row.get("chart_version") or "")
    if not version and "-" in chart:
        chart, version = _split(chart)
    revision = int(row.get("revision") or row.get("version") or 0)
    return Release(str(row["name"]), str(row.get("namespace", "")), str(row["status"]), revision, chart, version)


def _split(title: str) -> tuple[str, str]:
    """Name and version of a chart's title such as ``ingress-nginx-4.13.3``."""
    parts = title.split("-")
    for index, part in enumerate(parts):
        if index and part.lstrip("v")[:1].isdigit():
            return "-".join(parts[:index]), "-".join(parts[index:])
    return title, ""
