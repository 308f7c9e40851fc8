"""Charts made for these observations, and a repository that serves them."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import yaml

from sandbox.charts.archive import pack

NAME = "demo"
_MAP = """apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}-settings}
data: {colour: {{ .Values.colour | quote }}, size: {{ .Values.size | quote }}, revision: "{{ .Release.Revision }}"}
"""
_DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}-web}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "example.test/web:{{ .Chart.AppVersion }}"}]}
"""
_KEPT = """apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}-kept, annotations: {helm.sh/resource-policy: keep}}
data: {kept: "yes"}
"""
_EXTRA = """apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}-only-in-one}
"""
_HOOK = """apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}-hook, annotations: {helm.sh/hook: "pre-install,pre-upgrade"}}
data: {ran: "{{ .Release.Revision }}"}
"""
_ENDLESS = """apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .Release.Name }}-endless
  annotations: {helm.sh/hook: "pre-install,pre-upgrade", helm.sh/hook-delete-policy: before-hook-creation}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: job, image: "example.test/job:1"}]}}}
"""
_REFUSED_HOOK = _ENDLESS.replace("restartPolicy: Never", "restartPolicy: Always")
_SCHEMA = '{"type": "object", "properties": {"size": {"type": "integer"}}}'
_SOUND = {"map.yaml": _MAP, "deployment.yaml": _DEPLOYMENT, "kept.yaml": _KEPT, "hook.yaml": _HOOK}
_VERSIONS: dict[str, dict[str, str]] = {
    "1.0.0": {**_SOUND, "extra.yaml": _EXTRA},
    "1.1.0": _SOUND,
    "2.0.0-endless": {**_SOUND, "endless.yaml": _ENDLESS},
    "2.0.0-hook": {**_SOUND, "refused.yaml": _REFUSED_HOOK},
    "2.0.0-object": {
        **_SOUND,
        "refused.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: bad}\nspec: {ports: [{port: 99999}]}\n",
    },
    "2.0.0-kind": {**_SOUND, "unknown.yaml": "apiVersion: example.test/v1\nkind: Nothing\nmetadata: {name: x}\n"},
    "2.0.0-template": {**_SOUND, "broken.yaml": '{{ fail "this chart never renders" }}'},
    "2.0.0-text": {**_SOUND, "broken.yaml": "a: [unclosed"},
}


def _archive(version: str, templates: dict[str, str]) -> bytes:
    metadata = {"apiVersion": "v2", "name": NAME, "version": version, "appVersion": version, "description": "observed"}
    values = "colour: red\nsize: 1\nreplicas: 1\n"
    files = {"Chart.yaml": yaml.safe_dump(metadata), "values.yaml": values, "values.schema.json": _SCHEMA}
    return pack(NAME, {**files, **{f"templates/{name}": text for name, text in templates.items()}})


def write_repository(folder: Path) -> None:
    """Archives and index."""
    entries = []
    for version, templates in _VERSIONS.items():
        (folder / f"{NAME}-{version}.tgz").write_bytes(_archive(version, templates))
        entries.append({"apiVersion": "v2", "name": NAME, "version": version, "urls": [f"{NAME}-{version}.tgz"]})
    (folder / "index.yaml").write_text(yaml.safe_dump({"apiVersion": "v1", "entries": {NAME: entries}}))


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """URL of the repository, as long as the context lasts."""
    write_repository(folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
