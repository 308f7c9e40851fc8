"""What comes of an order to Helm: how it ended, the history, and the objects in the cluster."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clients.helm.client import HelmClient
from clients.helm.program import Content, HelmProgram
from clients.helm.release import Chart, ReleaseName
from clients.kubernetes.api import KubernetesClient
from clients.kubernetes.resources import CONFIG_MAP, DEPLOYMENT, SECRET, Kind
from federation.errors import FlotillaError
from tests.contract.helm.releases.charts import NAME
from tests.contract.observations.golden import Observation

ROOT = Path(__file__).parents[4]
JOB = Kind("batch/v1", "Job")
_OURS = "demo"
_TRIES, _STEP_S = 1500, 0.02
_KILLED = """
import sys
from clients.helm.client import HelmClient
from clients.helm.command import HelmCommand
from clients.helm.library import HelmLibrary
from clients.helm.release import Chart, ReleaseName
kubeconfig, repository, namespace, version, executable = sys.argv[1:6]
client = HelmClient({"charts": repository}, HelmCommand(executable) if executable else HelmLibrary())
client.upgrade_install(open(kubeconfig).read(), ReleaseName("demo", namespace), Chart("demo", version, "charts"), {})
"""


@dataclass(frozen=True)
class Bench:
    """A way to run Helm, and a cluster to run it against.

    Attributes:
        executable: The program ``helm``; empty for the library.
    """

    program: HelmProgram
    executable: str
    kubeconfig: Path
    repository: str
    kubernetes: KubernetesClient
    charts: Path


class Observer:
    """Gives orders for a release in a namespace of its own, and keeps what came of them."""

    def __init__(self, bench: Bench, namespace: str) -> None:
        self.seen: dict[str, Observation] = {}
        self.bench = bench
        self.release = ReleaseName(NAME, namespace)
        self.text = bench.kubeconfig.read_text()
        self.client = HelmClient({"charts": bench.repository}, bench.program)

    def content(self, version: str, values: Mapping[str, Any] | None = None) -> Content:
        """What a revision is made of."""
        return Content(self.bench.charts / f"{NAME}-{version}.tgz", values or {})

    def ask(self, step: str, order: Callable[[], Any]) -> None:
        """Keep how an order ends, and what is there after it."""
        try:
            told = order()
            ended: Observation = {} if told is None else {"told": _plain(told)}
        except FlotillaError as error:
            ended = {"error": type(error).__name__, "reason": error.reason}
        self.seen[f"{len(self.seen) + 1:02d} {step}"] = {**ended, **self._state()}

    def lay(self, operation: str, version: str, timeout_s: float = 60, **values: Any) -> None:
        """Install or upgrade by the bare program."""
        write = getattr(self.bench.program, operation)
        content = self.content(version, values)
        self.ask(f"{operation} {version}", lambda: write(self.text, self.release, content, timeout_s))

    def ensure(self, version: str, **values: Any) -> None:
        """Install or upgrade by the product's client, which takes back what was left unfinished."""
        chart = Chart(NAME, version, "charts")
        order = lambda: self.client.upgrade_install(self.text, self.release, chart, values)  # noqa: E731 - named once
        self.ask(f"ensure {version}", order)

    def kill(self, version: str, status: str) -> None:
        """Kill the process that runs Helm once the release is in a state."""
        for job in self.bench.kubernetes.list(JOB, self.release.namespace):
            self.bench.kubernetes.delete(JOB, job["metadata"]["name"], self.release.namespace)
        arguments = [str(self.bench.kubeconfig), self.bench.repository, self.release.namespace, version]
        argv = [sys.executable, "-c", _KILLED, *arguments, self.bench.executable]
        process = subprocess.Popen(argv, cwd=ROOT, stderr=subprocess.PIPE, text=True)
        try:
            came = self._comes_to(status, process)
        finally:
            process.kill()
        complaint = process.communicate()[1]
        assert came, f"the release never was {status}: {complaint[-800:]}"
        self.ask(f"killed while {status}", lambda: None)

    def _comes_to(self, status: str, process: subprocess.Popen[str]) -> bool:
        pause = threading.Event()
        for _ in range(_TRIES):
            if self._latest() == status and self.bench.kubernetes.list(JOB, self.release.namespace):
                return True
            if process.poll() is not None:
                return False
            pause.wait(_STEP_S)
        return False

    def _latest(self) -> str | None:
        labels = [each["metadata"]["labels"] for each in self._records()]
        return max(labels, key=lambda each: int(each["version"]))["status"] if labels else None

    def _records(self) -> list[dict[str, Any]]:
        return list(self.bench.kubernetes.list(SECRET, self.release.namespace, labels={"owner": "helm"}))

    def _state(self) -> Observation:
        namespace, list_ = self.release.namespace, self.bench.kubernetes.list
        maps = [each for each in list_(CONFIG_MAP, namespace) if each["metadata"]["name"].startswith(_OURS)]
        return {
            "history": [_plain(each) for each in self.client.history(self.text, self.release)],
            "maps": {each["metadata"]["name"]: each.get("data", {}) for each in maps},
            "deployments": {each["metadata"]["name"]: _deployment(each) for each in list_(DEPLOYMENT, namespace)},
            "jobs": sorted(each["metadata"]["name"] for each in list_(JOB, namespace)),
            "records": {each["metadata"]["name"]: each["metadata"]["labels"]["status"] for each in self._records()},
        }


def _deployment(found: Mapping[str, Any]) -> Observation:
    container = found["spec"]["template"]["spec"]["containers"][0]
    labels = found["metadata"].get("labels", {})
    return {
        "image": container["image"],
        "replicas": found["spec"]["replicas"],
        "managed by": labels.get("app.kubernetes.io/managed-by"),
        "release": found["metadata"].get("annotations", {}).get("meta.helm.sh/release-name"),
    }


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if hasattr(value, "revision"):
        return f"{value.revision} {value.status} {value.chart} {value.version}"
    return value
