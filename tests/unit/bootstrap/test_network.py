"""The network plugin, rendered from the catalogue."""

from __future__ import annotations

import json
from typing import cast

import pytest
from pydantic import ValidationError

from clients.helm.client import HelmClient
from clients.kubernetes.api import KubernetesClient
from federation.spec.catalogue import NetworkDefinition
from federation.spec.cluster import Cluster
from providers.bootstrap.network import NetworkInstaller, chart_values, network_manifests, network_ready
from providers.contracts import Done, Side, Vault
from tests.unit.bootstrap.catalogue import a_network, a_target


def a_network_of(**fields: str) -> Cluster:
    """A cluster with a pod network."""
    return a_target(network={"podCIDR": "10.10.0.0/16", "serviceCIDR": "10.110.0.0/16", **fields}).spec


IN_TEN = a_network_of()


def test_flannel_gets_the_clusters_pod_network():
    """The one value that differs between clusters is put in; nothing is left open."""
    manifests = network_manifests(a_network(), IN_TEN)
    (config,) = [each for each in manifests if each["kind"] == "ConfigMap"]
    assert json.loads(config["data"]["net-conf.json"])["Network"] == "10.10.0.0/16"
    assert json.loads(config["data"]["cni-conf.json"])["plugins"][0]["type"] == "flannel"
    assert not any(word in json.dumps(manifests) for word in ("{podCIDR}", "{version}", "{backend}"))
    assert json.loads(config["data"]["net-conf.json"])["Backend"] == {"Type": "vxlan"}


def test_flannel_routes_without_encapsulation():
    """Its backend is then host-gw."""
    manifests = network_manifests(a_network(), a_network_of(encapsulation="none"))
    (config,) = [each for each in manifests if each["kind"] == "ConfigMap"]
    assert json.loads(config["data"]["net-conf.json"])["Backend"] == {"Type": "host-gw"}


@pytest.mark.parametrize("cni", ["calico", "cilium"])
@pytest.mark.parametrize("encapsulation", ["vxlan", "none"])
def test_a_chart_is_told_the_pod_network_and_to_keep_off_virtual_nodes(cni, encapsulation):
    """Nothing is left open, and what Liqo needs is there whatever the encapsulation."""
    definition = a_network(cni)
    assert definition.chart is not None
    values = chart_values(definition, definition.chart, a_network_of(cni=cni, encapsulation=encapsulation))
    text = json.dumps(values)
    assert "{" + "podCIDR}" not in text
    assert '{"key": "liqo.io/type", "operator": "NotIn", "values": ["virtual-node"]}' in text
    assert ("10.10.0.0/16" in text) == (cni == "calico" or encapsulation == "none")


def test_calico_finds_its_machine_by_the_address_of_the_node():
    """Pools and detection lie together in one map: neither takes the other away."""
    definition = a_network("calico")
    assert definition.chart is not None
    network = chart_values(definition, definition.chart, IN_TEN)["installation"]["calicoNetwork"]
    assert network["nodeAddressAutodetectionV4"] == {"kubernetes": "NodeInternalIP"}
    assert network["ipPools"] == [{"cidr": "10.10.0.0/16", "encapsulation": "VXLAN"}]
    assert network["bgp"] == "Disabled"


def test_a_plugin_comes_as_manifests_or_as_a_chart():
    """Neither and both are refused."""
    fields = a_network().model_dump(by_alias=True)
    with pytest.raises(ValidationError, match="either manifests or a chart"):
        NetworkDefinition.model_validate({**fields, "manifests": []})


def test_flannel_objects_come_in_an_order_that_can_be_applied():
    """The namespace first, the pods last."""
    manifests = network_manifests(a_network(), IN_TEN)
    kinds = [each["kind"] for each in manifests]
    assert kinds == ["Namespace", "ServiceAccount", "ClusterRole", "ClusterRoleBinding", "ConfigMap", "DaemonSet"]
    assert manifests[0]["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "privileged"


def test_what_a_pod_uses_is_defined_next_to_it():
    """Volumes, service account and labels of the DaemonSet fit together."""
    definition = a_network()
    *others, daemon_set = network_manifests(definition, IN_TEN)
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
    installer = NetworkInstaller(cast("HelmClient", None), cast("Vault", None))
    assert isinstance(installer.ensure(Side("fed", "a", nobody), a_target().spec, None), Done)
    assert network_ready(nobody, None) is True
