"""kubectl on a machine: get, exec of etcdctl, and raw health checks, through the kubeconfig that is found there."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import yaml

from sandbox.ssh.membership import apply_manifests
from sandbox.ssh.process import Process
from sandbox.ssh.programs.etcdctl import etcdctl
from sandbox.ssh.programs.program import Options, parse_options

_VALUED = (
    "--kubeconfig",
    "-n",
    "--namespace",
    "-o",
    "--output",
    "--request-timeout",
    "--raw",
    "-l",
    "--selector",
    "-f",
    "--filename",
)
_DEFAULTS = ("/etc/rancher/k3s/k3s.yaml",)
_RESOURCES = {
    **dict.fromkeys(("node", "nodes", "no"), "nodes"),
    **dict.fromkeys(("pod", "pods", "po"), "pods"),
    **dict.fromkeys(("namespace", "namespaces", "ns"), "namespaces"),
    **dict.fromkeys(("service", "services", "svc"), "services"),
    **dict.fromkeys(("deployment", "deployments", "deploy"), "deployments.apps"),
    **dict.fromkeys(("daemonset", "daemonsets", "ds"), "daemonsets.apps"),
    **dict.fromkeys(("configmap", "configmaps", "cm"), "configmaps"),
    **dict.fromkeys(("secret", "secrets"), "secrets"),
}
_CLUSTER_WIDE = {"nodes", "namespaces"}
_READING_VERBS = {"get", "version", "cluster-info"}


def reads(argv: Sequence[str]) -> bool:
    """Calls that change nothing."""
    return bool(_READING_VERBS.intersection(argv))


async def kubectl(process: Process) -> int:
    """Get objects of the cluster that the kubeconfig leads to."""
    options = parse_options(process.args, _VALUED)
    if options.words[:1] == ["version"]:
        process.out(f"Client Version: {process.version}")
        return 0
    cluster, server = _connect(process, options)
    if cluster is None:
        process.err(f"The connection to the server {server} was refused - did you specify the right host or port?")
        return 1
    raw = options.get("--raw")
    if raw is not None:
        process.stdout.write(b"ok")
        return 0
    if options.words[:1] == ["exec"]:
        return await _exec(process, options, cluster)
    if options.words[:1] in (["apply"], ["create"]):
        return await _apply(process, options, cluster)
    if options.words[:2] in (["taint", "nodes"], ["label", "nodes"]):
        return _strip(process, options, cluster)
    if options.words[:1] != ["get"] or len(options.words) < 2:
        process.err(f'error: unknown command "{" ".join(options.words)}" for "kubectl"')
        return 1
    return _get(process, options, cluster)


async def _exec(process: Process, options: Options, cluster: Any) -> int:
    """A program in a pod: etcdctl in a member's static pod is all that there is."""
    split = process.args.index("--") if "--" in process.args else len(process.args)
    pod, command = (options.words[1:2] or [""])[0], process.args[split + 1 :]
    found = cluster.api.get("pods", pod, options.get("-n", "--namespace") or "default")
    if found is None:
        process.err(f'Error from server (NotFound): pods "{pod}" not found')
        return 1
    if not pod.startswith("etcd-") or command[:1] != ["etcdctl"]:
        name = (command or [""])[0]
        process.err(f'error: Internal error occurred: exec failed: exec: "{name}": executable file not found in $PATH')
        return 126
    return await etcdctl(replace(process, argv=command), process.world.site_for(cluster))


def _connect(process: Process, options: Options) -> tuple[Any | None, str]:
    home = f"{process.user.home}/.kube/config"
    candidates = [options.get("--kubeconfig"), process.env.get("KUBECONFIG"), home, *_DEFAULTS]
    path = next((p for p in candidates if p and process.files.exists(process.path(p))), None)
    if path is None:
        return None, "localhost:8080"
    document = yaml.safe_load(process.files.text(process.path(path)))
    server = urlsplit(document["clusters"][0]["cluster"]["server"])
    address = process.host.resolve(server.hostname or "")
    return process.world.cluster_at(address, server.port or 443, process.machine), server.netloc


async def _apply(process: Process, options: Options, cluster: Any) -> int:
    name = options.get("-f", "--filename") or ""
    path = process.path(name)
    if name == "-":
        text = (await process.stdin.read()).decode()
    elif process.files.exists(path):
        text = process.files.text(path)
    else:
        process.err(f"error: the path {path!r} does not exist")
        return 1
    for name in apply_manifests(cluster.api, text):
        process.out(f"{name} configured")
    await process.world.refresh(process.world.site_for(cluster))
    return 0


def _strip(process: Process, options: Options, cluster: Any) -> int:
    """Take taints or labels off all nodes: ``taint nodes --all KEY-``."""
    kind, keys = options.words[0], [word.removesuffix("-") for word in options.words[2:] if word.endswith("-")]
    for node in cluster.api.list("nodes"):
        name = node["metadata"]["name"]
        if kind == "taint":
            taints = [each for each in node["spec"].get("taints") or [] if each["key"] not in keys]
            cluster.api.patch("nodes", name, {"spec": {"taints": taints}})
        else:
            cluster.api.patch("nodes", name, {"metadata": {"labels": dict.fromkeys(keys)}})
        process.out(f"node/{name} {'untainted' if kind == 'taint' else 'unlabeled'}")
    return 0


def _get(process: Process, options: Options, cluster: Any) -> int:
    kind, *names = options.words[1:]
    kind, slash, name = kind.partition("/")
    names = [name] if slash else names
    resource = _RESOURCES.get(kind)
    if resource is None:
        process.err(f'error: the server doesn\'t have a resource type "{kind}"')
        return 1
    everywhere = resource in _CLUSTER_WIDE or options.has("-A", "--all-namespaces")
    namespace = None if everywhere else options.get("-n", "--namespace") or "default"
    rows = cluster.api.list(resource, namespace)
    found = [row for row in rows if not names or row["metadata"]["name"] in names]
    missing = [n for n in names if n not in {row["metadata"]["name"] for row in found}]
    for each in missing:
        process.err(f'Error from server (NotFound): {resource} "{each}" not found')
    if found or not missing:
        _print(process, options.get("-o", "--output") or "", found, single=len(names) == 1)
    return int(bool(missing))


def _print(process: Process, form: str, rows: Sequence[dict[str, Any]], *, single: bool) -> None:
    if form in ("json", "yaml"):
        document: Any = rows[0] if single and rows else {"apiVersion": "v1", "kind": "List", "items": list(rows)}
        text = json.dumps(document, indent=4) if form == "json" else yaml.safe_dump(document)
        process.out(text)
    elif form == "name":
        for row in rows:
            process.out(f"{row.get('kind', 'object').lower()}/{row['metadata']['name']}")
    elif not rows:
        process.err("No resources found")
    else:
        process.out(f"{'NAME':<30} STATUS")
        for row in rows:
            process.out(f"{row['metadata']['name']:<30} {_status(row)}")


def _status(row: dict[str, Any]) -> str:
    status = row.get("status") or {}
    ready = next((c["status"] for c in status.get("conditions") or [] if c["type"] == "Ready"), None)
    if row.get("kind") == "Node":
        return "Ready" if ready == "True" else "NotReady"
    return str(status.get("phase") or "Active")
