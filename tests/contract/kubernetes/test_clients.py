"""Real clients: the official one, kr8s, kubectl, and Helm with its default driver."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client as typed_client
from kubernetes import config, dynamic, watch

from tests.contract.kubernetes.backends import ApiServer
from tests.contract.kubernetes.objects import config_map, deployment, widget, widget_definition
from tests.contract.kubernetes.waiting import eventually

client: Any = typed_client
load: Any = config
Watch: Any = watch.Watch
DynamicClient: Any = dynamic.DynamicClient

kubectl_missing = pytest.mark.skipif(shutil.which("kubectl") is None, reason="no kubectl on this machine")


@pytest.fixture(scope="module")
def official(api_server: ApiServer) -> Iterator[Any]:
    """The official client."""
    made = load.new_client_from_config(str(api_server.kubeconfig))
    yield made
    made.close()


def test_official_client_reads_and_writes_typed_objects(official: Any) -> None:
    """Core and apps objects survive the typed models."""
    core, apps = client.CoreV1Api(official), client.AppsV1Api(official)
    core.create_namespace({"metadata": {"name": "typed"}})
    core.create_namespaced_config_map("typed", config_map("a", k="v"))
    assert core.read_namespaced_config_map("a", "typed").data == {"k": "v"}
    apps.create_namespaced_deployment("typed", deployment("web", 2))
    made = apps.read_namespaced_deployment("web", "typed")
    assert (made.spec.replicas, made.spec.strategy.type) == (2, "RollingUpdate")
    apps.patch_namespaced_deployment_scale("web", "typed", {"spec": {"replicas": 4}})
    assert apps.read_namespaced_deployment_scale("web", "typed").spec.replicas == 4
    assert [item.metadata.name for item in apps.list_namespaced_deployment("typed").items] == ["web"]
    assert core.delete_namespaced_config_map("a", "typed") is not None
    with pytest.raises(client.ApiException) as refusal:
        core.read_namespaced_config_map("a", "typed")
    assert refusal.value.status == 404


@pytest.mark.parametrize(
    "listing",
    [
        "list_node",
        "list_namespace",
        "list_service_for_all_namespaces",
        "list_secret_for_all_namespaces",
        "list_service_account_for_all_namespaces",
        "list_persistent_volume",
        "list_event_for_all_namespaces",
        "list_endpoints_for_all_namespaces",
    ],
)
def test_official_client_lists_every_kind(official: Any, listing: str) -> None:
    """Typed lists parse, empty or not."""
    assert getattr(client.CoreV1Api(official), listing)().metadata.resource_version


def test_official_client_watches(official: Any) -> None:
    """Watch().stream sees changes from a version on."""
    core = client.CoreV1Api(official)
    start = core.list_namespaced_config_map("default").metadata.resource_version
    core.create_namespaced_config_map("default", config_map("watched"))
    core.delete_namespaced_config_map("watched", "default")
    stream = Watch().stream(core.list_namespaced_config_map, "default", resource_version=start, timeout_seconds=10)
    seen = [event["type"] for _, event in zip(range(2), stream, strict=False)]
    stream.close()
    assert seen == ["ADDED", "DELETED"]


def test_dynamic_client_applies(official: Any) -> None:
    """Discovery, server-side apply, conflict and force through the dynamic client."""
    found = DynamicClient(official).resources.get(api_version="v1", kind="ConfigMap")

    def put(value: str, manager: str, **extra: Any) -> Any:
        return found.server_side_apply(
            body=config_map("dyn", k=value), name="dyn", namespace="default", field_manager=manager, **extra
        )

    assert put("1", "first").data.k == "1"
    with pytest.raises(dynamic.exceptions.ConflictError):
        put("2", "second")
    assert put("2", "second", force_conflicts=True).data.k == "2"


@pytest.fixture
async def kr8s_api(api_server: ApiServer) -> AsyncIterator[Any]:
    import kr8s.asyncio

    api: Any = await kr8s.asyncio.api(kubeconfig=str(api_server.kubeconfig))
    yield api
    await api._session.aclose()


@pytest.mark.filterwarnings("ignore:Kubernetes version")
async def test_kr8s_creates_patches_and_deletes(kr8s_api: Any) -> None:
    """kr8s connects, which takes /version and discovery, and drives an object's life."""
    from kr8s.asyncio.objects import ConfigMap, Deployment

    made = await ConfigMap(
        {**config_map("kr8s", k="1"), "metadata": {"name": "kr8s", "namespace": "default"}}, api=kr8s_api
    )
    await made.create()
    await made.patch({"data": {"k": "2"}})
    assert made.data.k == "2"
    web = await Deployment({**deployment("kr8s"), "metadata": {"name": "kr8s", "namespace": "default"}}, api=kr8s_api)
    await web.create()
    await web.scale(3)
    assert web.replicas == 3
    await made.delete()
    assert not await made.exists()


def kubectl(api_server: ApiServer, *arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    home = {"HOME": str(api_server.folder), "PATH": "/usr/bin:/bin:/usr/local/bin"}
    argv = ["kubectl", "--kubeconfig", str(api_server.kubeconfig), *arguments]
    return subprocess.run(argv, input=text, capture_output=True, text=True, timeout=60, env=home, check=False)


MANIFEST = """
apiVersion: v1
kind: ConfigMap
metadata: {name: applied, namespace: default}
data: {k: "%s"}
"""


@kubectl_missing
def test_kubectl_applies_twice(api_server: ApiServer) -> None:
    """Client-side apply: created, unchanged, configured; a diff in between."""
    first = kubectl(api_server, "apply", "-f", "-", text=MANIFEST % "1")
    again = kubectl(api_server, "apply", "-f", "-", text=MANIFEST % "1")
    changed = kubectl(api_server, "apply", "-f", "-", text=MANIFEST % "2")
    outputs = [run.stdout.strip() for run in (first, again, changed)]
    assert outputs == ["configmap/applied created", "configmap/applied unchanged", "configmap/applied configured"]


@kubectl_missing
def test_kubectl_creates_by_protobuf(api_server: ApiServer) -> None:
    """`kubectl create` sends protobuf for built-in kinds."""
    runs = [
        kubectl(api_server, "create", "deployment", "proto", "--image=nginx:1", "--replicas=2"),
        kubectl(api_server, "create", "secret", "generic", "proto", "--from-literal=a=b"),
        kubectl(api_server, "create", "namespace", "proto"),
        kubectl(api_server, "create", "service", "clusterip", "proto", "--tcp=80:8080"),
        kubectl(api_server, "create", "serviceaccount", "proto"),
        kubectl(api_server, "create", "role", "proto", "--verb=get", "--resource=pods"),
        kubectl(api_server, "create", "job", "proto", "--image=busybox:1"),
        kubectl(api_server, "create", "ingress", "proto", "--rule=example.com/*=proto:80"),
    ]
    assert [run.stderr for run in runs] == [""] * len(runs)
    shown = kubectl(api_server, "get", "secret", "proto", "-o", "jsonpath={.data.a}")
    assert shown.stdout == "Yg=="
    port = kubectl(api_server, "get", "service", "proto", "-o", "jsonpath={.spec.ports[0].targetPort}")
    assert port.stdout == "8080"


@kubectl_missing
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("get", "ns"), "kube-system"),
        (("get", "all", "-A"), "service/kubernetes"),
        (("api-resources",), "customresourcedefinitions"),
        (("explain", "deployment.spec.template.spec.containers"), "KIND:       Deployment"),
        (("auth", "can-i", "create", "pods"), "yes"),
        (("auth", "whoami"), "kubernetes-admin"),
        (("version",), "Server Version: v1."),
        (("cluster-info",), "control plane"),
        (("describe", "ns", "default"), "Active"),
        (("get", "--raw", "/readyz"), "ok"),
        (("create", "token", "default"), "."),
    ],
)
def test_kubectl_commands(api_server: ApiServer, arguments: tuple[str, ...], words: str) -> None:
    """Everyday commands work."""
    run = kubectl(api_server, *arguments)
    assert run.returncode == 0, run.stderr
    assert words in run.stdout


@kubectl_missing
def test_kubectl_edits_what_is_there(api_server: ApiServer) -> None:
    """scale, set image, label, annotate, patch and delete."""
    kubectl(api_server, "create", "deployment", "edited", "--image=nginx:1")
    for arguments in (
        ("scale", "deployment", "edited", "--replicas=3"),
        ("set", "image", "deployment/edited", "nginx=nginx:2"),
        ("label", "deployment", "edited", "team=a"),
        ("annotate", "deployment", "edited", "note=b"),
        ("patch", "deployment", "edited", "-p", '{"spec":{"paused":true}}'),
    ):
        run = kubectl(api_server, *arguments)
        assert run.returncode == 0, run.stderr
    path = "jsonpath={.spec.replicas} {.spec.template.spec.containers[0].image} {.metadata.labels.team} {.spec.paused}"
    assert kubectl(api_server, "get", "deployment", "edited", "-o", path).stdout == "3 nginx:2 a true"
    assert kubectl(api_server, "delete", "deployment", "edited").returncode == 0


@kubectl_missing
def test_kubectl_refuses_unknown_fields(api_server: ApiServer) -> None:
    """Validation happens on the server, strictly."""
    run = kubectl(api_server, "apply", "-f", "-", text=MANIFEST.replace("\ndata:", "\ndatas:") % "1")
    assert 'unknown field "datas"' in run.stderr


@kubectl_missing
def test_kubectl_works_with_definitions(api_server: ApiServer) -> None:
    """Define, create, list with columns, delete."""
    import yaml

    definition = yaml.safe_dump(widget_definition("kubectl.example.com"))
    assert kubectl(api_server, "apply", "-f", "-", text=definition).returncode == 0
    waited = kubectl(
        api_server, "wait", "--for=condition=Established", "crd/widgets.kubectl.example.com", "--timeout=20s"
    )
    assert waited.returncode == 0, waited.stderr
    made = kubectl(api_server, "apply", "-f", "-", text=yaml.safe_dump(widget("kubectl.example.com", "w", size=4)))
    assert made.stdout.strip() == "widget.kubectl.example.com/w created", made.stderr
    columns = ["NAME", "SIZE", "w", "4"]
    eventually(lambda: kubectl(api_server, "get", "wd").stdout.split() == columns)  # short names come a moment later
    assert kubectl(api_server, "delete", "crd", "widgets.kubectl.example.com", "--timeout=20s").returncode == 0


@kubectl_missing
def test_kubectl_server_side_apply_explains_conflicts(api_server: ApiServer) -> None:
    """kubectl prints the causes that the server sent."""
    text = MANIFEST.replace("applied", "ssa")
    kubectl(api_server, "apply", "--server-side", "--field-manager=first", "-f", "-", text=text % "1")
    run = kubectl(api_server, "apply", "--server-side", "--field-manager=second", "-f", "-", text=text % "2")
    assert 'conflict with "first": .data.k' in run.stderr
    forced = kubectl(
        api_server, "apply", "--server-side", "--force-conflicts", "--field-manager=second", "-f", "-", text=text % "2"
    )
    assert forced.returncode == 0


CHART = {
    "Chart.yaml": "apiVersion: v2\nname: tiny\nversion: 0.1.0\n",
    "values.yaml": "color: blue\n",
    "templates/cm.yaml": (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}-cm}\n"
        "data: {color: {{ .Values.color }}}\n"
    ),
    "templates/svc.yaml": (
        "apiVersion: v1\nkind: Service\nmetadata: {name: {{ .Release.Name }}}\nspec: {ports: [{port: 80}]}\n"
    ),
}


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    for name, text in CHART.items():
        file = tmp_path / "tiny" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path / "tiny"


async def test_helm_keeps_releases_in_secrets(api_server: ApiServer, official: Any, chart: Path) -> None:
    """Install, upgrade, history, rollback, uninstall with the default driver, which writes protobuf."""
    import helm_python

    core = client.CoreV1Api(official)

    def color() -> str:
        return str(core.read_namespaced_config_map("tiny-cm", "default").data["color"])

    def round_trip() -> None:
        helm = helm_python.Config(kubeconfig_path=api_server.kubeconfig, namespace="default")
        try:
            helm.install(chart, "tiny", namespace="default")
            assert color() == "blue"
            helm.upgrade(chart, "tiny", {"color": "red"}, namespace="default")
            assert color() == "red"
            kept = core.list_namespaced_secret("default", label_selector="owner=helm,name=tiny")
            assert {secret.type for secret in kept.items} == {"helm.sh/release.v1"}
            assert len(kept.items) == 2
            helm.rollback("tiny", version=1)
            assert color() == "blue"
            assert len(list(helm.history("tiny"))) == 3
            helm.uninstall("tiny")
        finally:
            helm.close()

    await asyncio.to_thread(round_trip)
    eventually(lambda: not core.list_namespaced_secret("default", label_selector="owner=helm,name=tiny").items)
    assert "tiny" not in {item.metadata.name for item in core.list_namespaced_service("default").items}
