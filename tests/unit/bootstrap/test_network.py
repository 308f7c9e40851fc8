"""The network plugin, rendered from the catalogue."""

from __future__ import annotations

import json
from typing import cast

from clients.kubernetes.api import KubernetesClient
from providers.bootstrap.network import ensure_network, network_manifests, network_ready
from providers.contracts import Done
from tests.unit.bootstrap.catalogue import a_network, a_target


def test_flannel_gets_the_clusters_pod_network():
    """The one value that differs between clusters is put in; nothing is left open."""
    manifests = network_manifests(a_network(), "10.10.0.0/16")
    (config,) = [each for each in manifests if each["kind"] == "ConfigMap"]
    assert json.loads(config["data"]["net-conf.json"])["Network"] == "10.10.0.0/16"
    assert json.loads(config["data"]["cni-conf.json"])["plugins"][0]["type"] == "flannel"
    assert not any(word in json.dumps(manifests) for word in ("{podCIDR}", "{version}"))


def test_flannel_objects_come_in_an_order_that_can_be_applied():
    """The namespace first, the pods last."""
    manifests = network_manifests(a_network(), "10.10.0.0/16")
    kinds = [each["kind"] for each in manifests]
    assert kinds == ["Namespace", "ServiceAccount", "ClusterRole", "ClusterRoleBinding", "ConfigMap", "DaemonSet"]
    assert manifests[0]["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "privileged"


def test_what_a_pod_uses_is_defined_next_to_it():
    """Volumes, service account and labels of the DaemonSet fit together."""
    definition = a_network()
    *others, daemon_set = network_manifests(definition, "10.10.0.0/16")
    pod = daemon_set["spec"]["template"]
    volumes = {each["name"]: each for each in pod["spec"]["volumes"]}
    mounted = {
        mount["name"]
        for container in (*pod["spec"]["containers"], *pod["spec"]["initContainers"])
        for mount in container["volumeMounts"]
    }
    names = {(each["kind"], each["metadata"]["name"]) for each in others}
    assert mounted == set(volumes)
    assert ("ConfigMap", volumes["flannel-cfg"]["configMap"]["name"]) in names
    assert ("ServiceAccount", pod["spec"]["serviceAccountName"]) in names
    assert daemon_set["spec"]["selector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
    assert definition.readiness[0].name == daemon_set["metadata"]["name"]


def test_a_distribution_with_its_own_network_is_not_touched():
    """Without a definition nothing is read or written."""
    nobody = cast("KubernetesClient", None)
    assert isinstance(ensure_network(nobody, a_target().spec, None), Done)
    assert network_ready(nobody, None) is True
