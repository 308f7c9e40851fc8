"""The client against an API server over real sockets and TLS."""

from __future__ import annotations

import os
import tempfile
import threading
from typing import Any

import pytest

from clients.kubernetes.api import KubernetesClient
from clients.kubernetes.apply import ensure, ensure_gone
from clients.kubernetes.resources import CONFIG_MAP, DEPLOYMENT, NAMESPACE, SECRET, Kind
from clients.kubernetes.transport import Timeouts
from federation.errors import AuthenticationRejected, Conflict, NotReadyYet, Rejected, Throttled, Unavailable
from sandbox.faults import Action
from tests.networks import reserve_prefix
from tests.unit.kubernetes.served import Served

IMPATIENT = Timeouts(connect_s=0.5, read_s=0.3)


def config_map(namespace: str, name: str = "settings", **data: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace, "labels": {"app": name}},
        "data": data,
    }


def test_reads_what_was_applied(client: KubernetesClient, namespace: str):
    """What is applied is read back; what is not there is None."""
    client.apply(config_map(namespace, color="red"))
    found = client.get(CONFIG_MAP, "settings", namespace)
    assert found is not None
    assert found["data"] == {"color": "red"}
    assert client.get(CONFIG_MAP, "other", namespace) is None


def test_the_same_object_twice_sends_no_write(client: KubernetesClient, served: Served, namespace: str):
    """Ensuring an object that is as desired costs one read."""
    assert ensure(client, config_map(namespace, color="red"))
    served.gate.clear()
    assert not ensure(client, config_map(namespace, color="red"))
    assert served.gate.mutations == []
    assert len(served.gate.requests) == 1


def test_a_foreign_change_of_our_field_is_taken_back(client: KubernetesClient, namespace: str):
    """Fields of ours return to what we want; fields of others stay."""
    ensure(client, config_map(namespace, color="red"))
    client.merge_patch(CONFIG_MAP, "settings", {"data": {"color": "blue", "shape": "round"}}, namespace)
    assert ensure(client, config_map(namespace, color="red"))
    found = client.get(CONFIG_MAP, "settings", namespace)
    assert found is not None
    assert found["data"] == {"color": "red", "shape": "round"}


def test_lists_page_by_page_with_labels(client: KubernetesClient, served: Served, namespace: str, monkeypatch):
    """All pages are read, and each item knows its kind."""
    monkeypatch.setattr("clients.kubernetes.api._PAGE", "2")
    for number in range(5):
        client.apply(config_map(namespace, f"part-{number}"))
    served.gate.clear()
    found = client.list(CONFIG_MAP, namespace, labels={"app": None})
    assert sorted(each["metadata"]["name"] for each in found) == [f"part-{number}" for number in range(5)]
    assert {Kind.of(each) for each in found} == {CONFIG_MAP}
    assert len(served.gate.requests) == 3
    assert [each["metadata"]["name"] for each in client.list(CONFIG_MAP, namespace, labels={"app": "part-3"})] == [
        "part-3"
    ]


def test_an_expired_page_starts_the_list_again(client: KubernetesClient, served: Served, namespace: str, monkeypatch):
    """410 on a later page is no failure."""
    monkeypatch.setattr("clients.kubernetes.api._PAGE", "1")
    client.apply(config_map(namespace, "a"))
    client.apply(config_map(namespace, "b"))
    served.gate.next("GET", Action(), Action(status=410))
    assert len(client.list(CONFIG_MAP, namespace, labels={"app": None})) == 2


def test_an_unserved_kind_is_absent_when_read_and_not_ready_when_written(client: KubernetesClient, namespace: str):
    """A definition that is not installed yet is something to wait for, and never a failure to read."""
    kind = Kind("example.dev/v1", "Widget")
    assert client.get(kind, "w", namespace) is None
    assert client.list(kind) == []
    with pytest.raises(NotReadyYet):
        client.apply(
            {"apiVersion": "example.dev/v1", "kind": "Widget", "metadata": {"name": "w", "namespace": namespace}}
        )


def test_a_new_definition_is_found_without_a_new_client(client: KubernetesClient, namespace: str):
    """Discovery is asked again for a kind that was missing."""
    kind = Kind("shop.example.dev/v1", "Gadget")
    widget = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": {"name": "w", "namespace": namespace}}
    assert client.get(kind, "w", namespace) is None
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    client.apply(
        {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": "gadgetries.shop.example.dev"},
            "spec": {
                "group": "shop.example.dev",
                "scope": "Namespaced",
                "names": {"kind": "Gadget", "plural": "gadgetries", "singular": "gadget", "listKind": "GadgetList"},
                "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
            },
        }
    )
    deadline = threading.Event()
    for _ in range(200):
        try:
            client.apply(widget)
            break
        except NotReadyYet:
            deadline.wait(0.01)
    assert client.get(kind, "w", namespace) is not None


def test_a_read_survives_a_server_that_stumbles(client: KubernetesClient, served: Served, namespace: str):
    """503, 429 and a cut connection are tried again."""
    served.gate.next("GET", Action(status=503), Action(status=429, retry_after_s=0), Action(reset=True))
    assert client.get(NAMESPACE, namespace) is not None
    assert len(served.gate.requests) == 4


def test_an_apply_whose_answer_was_lost_is_sent_again(client: KubernetesClient, served: Served, namespace: str):
    """A server-side apply can be repeated, so an unknown outcome is cleared up by asking again."""
    served.gate.next("PATCH", Action(drop_reply=True))
    client.apply(config_map(namespace, color="red"))
    assert [method for method, _ in served.gate.mutations] == ["PATCH", "PATCH"]


def test_a_create_of_unknown_outcome_is_not_sent_again(client: KubernetesClient, served: Served, namespace: str):
    """A create may have happened: the caller must look first."""
    served.gate.next("POST", Action(drop_reply=True))
    with pytest.raises(Unavailable):
        client.create(config_map(namespace))
    assert len(served.gate.mutations) == 1
    with pytest.raises(Conflict):
        client.create(config_map(namespace))


def test_a_throttled_create_is_sent_again(client: KubernetesClient, served: Served, namespace: str):
    """429 means that nothing was done."""
    served.gate.next("POST", Action(status=429, retry_after_s=0))
    client.create(config_map(namespace))
    assert len(served.gate.mutations) == 2


def test_a_silent_server_is_unavailable(served: Served):
    """A request that is never answered ends with the read timeout, not with the urllib3 default of four of them."""
    impatient = served.client(IMPATIENT)
    served.gate.clear()
    served.gate.next("POST", Action(hang=True))
    with pytest.raises(Unavailable):
        impatient.create(config_map("default"))
    assert len(served.gate.requests) == 1
    impatient.close()


def test_unreadable_is_never_absent(served: Served):
    """A server that keeps failing makes a read raise; it does not make things look absent."""
    client = served.client()
    served.gate.next("GET", *[Action(status=500) for _ in range(4)])
    with pytest.raises(Unavailable):
        client.get(CONFIG_MAP, "settings", "default")
    served.gate.next("GET", *[Action(status=429, retry_after_s=60)])
    with pytest.raises(Throttled):
        client.list(CONFIG_MAP, "default")
    client.close()


def test_a_dead_address_is_unreachable(background):
    """Nothing listens there."""
    served = Served(background, "gone", f"{reserve_prefix()}.1.2")
    client = served.client()
    assert client.reachable()
    served.stop()
    assert not client.reachable()
    client.close()


def test_another_cluster_at_the_same_address_is_refused(background):
    """A cluster made anew under the same address has another CA: nothing is sent to it."""
    address = f"{reserve_prefix()}.1.3"
    first = Served(background, "first", address)
    kubeconfig = first.cluster.admin_kubeconfig(first.url)
    first.stop()
    second = Served(background, "second", address)
    client = KubernetesClient(kubeconfig)
    with pytest.raises(AuthenticationRejected, match="kubeconfig"):
        client.version()
    assert second.gate.requests == []
    client.close()
    second.stop()


def test_a_user_without_rights_is_rejected(served: Served):
    """403 by role-based access is an authentication matter."""
    client = KubernetesClient(served.cluster.user_kubeconfig(served.url, "nobody"))
    with pytest.raises(AuthenticationRejected):
        client.list(SECRET)
    client.close()


def test_a_token_logs_in(client: KubernetesClient, served: Served, namespace: str):
    """A kubeconfig with a service account's token works as well as one with a certificate."""
    client.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot", "namespace": namespace}})
    text = served.background.call(lambda: served.cluster.service_account_kubeconfig(served.url, namespace, "robot"))
    robot = KubernetesClient(text)
    assert robot.version() == "v1.36.4"
    robot.close()


def test_an_invalid_object_is_rejected_without_a_retry(client: KubernetesClient, served: Served, namespace: str):
    """422 is terminal."""
    broken = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "x", "namespace": namespace},
        "spec": {},
    }
    with pytest.raises(Rejected):
        client.apply(broken)
    assert len(served.gate.requests) == 1
    assert client.get(DEPLOYMENT, "x", namespace) is None


def test_a_refused_secret_is_not_repeated_in_words(client: KubernetesClient, served: Served, namespace: str):
    """What the server says about a Secret may contain it."""
    served.gate.next("PATCH", Action(status=422, body={"kind": "Status", "message": "value hunter2 is bad"}))
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": namespace}}
    with pytest.raises(Rejected) as caught:
        client.apply(secret)
    assert "hunter2" not in str(caught.value)


def test_deletion_of_what_is_not_there_succeeds(client: KubernetesClient, served: Served, namespace: str):
    """404 on delete is success, and an object of another uid is left alone."""
    assert client.delete(CONFIG_MAP, "settings", namespace) is False
    client.apply(config_map(namespace))
    with pytest.raises(Conflict):
        client.delete(CONFIG_MAP, "settings", namespace, uid="00000000-0000-0000-0000-000000000000")
    assert ensure_gone(client, CONFIG_MAP, "settings", namespace)
    assert ensure_gone(client, CONFIG_MAP, "settings", namespace)


def test_a_held_deletion_is_asked_for_once(client: KubernetesClient, served: Served, namespace: str):
    """While a finalizer holds an object, waiting for it sends reads only; making it again waits for its end."""
    held = config_map(namespace)
    held["metadata"]["finalizers"] = ["example.dev/hold"]
    client.apply(held)
    assert not ensure_gone(client, CONFIG_MAP, "settings", namespace)
    served.gate.clear()
    assert not ensure_gone(client, CONFIG_MAP, "settings", namespace)
    assert served.gate.mutations == []
    with pytest.raises(NotReadyYet):
        ensure(client, config_map(namespace))
    client.merge_patch(CONFIG_MAP, "settings", {"metadata": {"finalizers": None}}, namespace)
    assert ensure_gone(client, CONFIG_MAP, "settings", namespace)


def test_a_patch_of_what_is_gone_is_a_conflict(client: KubernetesClient, namespace: str):
    """Somebody removed it between our read and our write."""
    with pytest.raises(Conflict):
        client.merge_patch(CONFIG_MAP, "settings", {"data": {"a": "b"}}, namespace)


def test_threads_share_a_client(client: KubernetesClient, namespace: str):
    """Many threads may use one client at once."""
    failures: list[Exception] = []

    def work(number: int) -> None:
        try:
            assert ensure(client, config_map(namespace, f"part-{number}"))
        except Exception as error:  # noqa: BLE001  # collected for the assertion below
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failures == []
    assert len(client.list(CONFIG_MAP, namespace, labels={"app": None})) == 16


def test_no_credential_reaches_disk_or_repr(served: Served, tmp_path, monkeypatch):
    """The client's key stays in memory, and nothing prints it."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    client = served.client()
    assert client.version() == "v1.36.4"
    assert os.listdir(tmp_path) == []
    assert "PRIVATE" not in repr(vars(client))
    client.close()
