"""A federation of two real clusters that somebody else runs, and the command line beside them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.proving.clusters import IMAGE, RealClusters
from tests.stage.stage import ROOT

NAME = "coast"
ADOPTED = {"north": "k1", "south": "k2"}
COMMAND_S, POD_S = 300.0, 120.0


@dataclass(frozen=True)
class Harbour:
    """The command line, run where both clusters can be reached, with a home and a Prefect server of its own there."""

    real: RealClusters
    home: Path
    port: int

    def cli(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        own = {"FLOTILLA_HOME": str(self.home), "FLOTILLA_PREFECT_PORT": str(self.port), "COLUMNS": "200"}
        kept = {key: value for key, value in os.environ.items() if not key.startswith("PREFECT_")}
        argv = self.real.command(sys.executable, "-m", "flotilla", *words)
        return subprocess.run(
            argv, cwd=ROOT, env={**kept, **own}, capture_output=True, text=True, check=False, timeout=COMMAND_S
        )

    def spec(self, **applications: dict[str, Any]) -> str:
        """A file with a federation of both clusters."""
        named = [{"name": name, **fields} for name, fields in applications.items()]
        document = {
            "apiVersion": "flotilla.dev/v1alpha1",
            "kind": "Federation",
            "metadata": {"name": NAME},
            "spec": {"clusters": [an_existing(name, name) for name in ADOPTED], "applications": named},
        }
        return self.written("federation.yaml", document)

    def written(self, name: str, document: Any) -> str:
        """A file of its own with a document."""
        file = self.home / name
        file.touch(mode=0o600)
        file.write_text(yaml.safe_dump(document))
        return str(file)

    def pods(self, cluster: str, namespace: str) -> dict[str, dict[str, Any]]:
        """Running and ready pods of a namespace as the cluster itself shows them."""
        found = json.loads(self.real.kubectl(ADOPTED[cluster], "-n", namespace, "get", "pods", "-o", "json"))["items"]
        return {each["metadata"]["name"]: each for each in found if _runs(each)}

    def ours(self, cluster: str) -> str:
        """Everything with the federation's mark, as kubectl prints it; empty when there is nothing."""
        kinds = "namespaces,deployments,services,secrets,configmaps,ingresses,pods"
        mark = f"flotilla.dev/federation={NAME}"
        return self.real.kubectl(ADOPTED[cluster], "get", kinds, "-A", "-l", mark, "-o", "name")

    def emptied(self) -> None:
        """Destroy the federation: the command and both clusters say that nothing of it is left."""
        gone = self.cli("destroy", NAME, "--yes")
        assert (gone.returncode, gone.stdout) == (0, f"{NAME}: 0 left\n"), gone.stderr
        assert [self.ours(name) for name in ADOPTED] == ["", ""]

    def writes(self) -> dict[str, int]:
        """Mutating requests so far by the API servers' own count; only clients that speak JSON, as ours does.

        Kubernetes' own programs speak protobuf.
        """
        return {name: _mutating(self.real.kubectl(ADOPTED[name], "get", "--raw", "/metrics")) for name in ADOPTED}


def an_existing(name: str, block: str) -> dict[str, Any]:
    """A cluster opened by a block."""
    return {"name": name, "infrastructure": {"type": "existing", "kubeconfig": block}}


def a_component(name: str, cluster: str, command: list[str], **more: Any) -> dict[str, Any]:
    """A component with the only image that there is."""
    return {"name": name, "image": IMAGE, "command": command, "placement": {"cluster": cluster}, **more}


def _runs(pod: dict[str, Any]) -> bool:
    ready = [each["status"] for each in pod["status"].get("conditions", ()) if each["type"] == "Ready"]
    return pod["status"].get("phase") == "Running" and ready == ["True"] and "deletionTimestamp" not in pod["metadata"]


def _mutating(metrics: str) -> int:
    verbs = ("POST", "PUT", "PATCH", "APPLY", "DELETE", "DELETECOLLECTION")
    lines = [line for line in metrics.splitlines() if line.startswith("apiserver_request_total{")]
    ours = [line for line in lines if 'contentType="application/json"' in line]
    return sum(int(float(line.rsplit(" ", 1)[1])) for line in ours if any(f'verb="{verb}"' in line for verb in verbs))
