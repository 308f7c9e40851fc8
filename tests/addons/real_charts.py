"""Charts as their projects publish them, where somebody has put their archives beside this machine's real servers.

``FLOTILLA_CHARTS`` names a folder of ``NAME-VERSION.tgz`` as ``helm pull`` leaves them. They take the place of the
stand-ins of the same name and version; without the folder there are stand-ins only.
"""

from __future__ import annotations

import os
import re
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from sandbox.charts import repository
from sandbox.charts.archive import Chart

_ABOUT = re.compile(r"[^/]+/Chart\.yaml")


def repositories() -> Mapping[str, repository.Repository]:
    """Every chart repository by its name, the published archives in the place of their stand-ins."""
    published = {chart.file: chart for chart in _published()}
    standins = repository.repositories()
    return {name: {file: published.get(file, chart) for file, chart in each.items()} for name, each in standins.items()}


def published_files() -> frozenset[str]:
    """File names of the published archives at hand."""
    return frozenset(chart.file for chart in _published())


def _published() -> list[Chart]:
    folder = os.environ.get("FLOTILLA_CHARTS")
    return [_chart(path) for path in sorted(Path(folder).glob("*.tgz"))] if folder else []


def _chart(path: Path) -> Chart:
    with tarfile.open(path) as tar:
        member = next(each for each in tar.getmembers() if _ABOUT.fullmatch(each.name))
        file = tar.extractfile(member)
        about: dict[str, Any] = yaml.safe_load(file.read()) if file else {}
    return Chart(about, path.read_bytes())
