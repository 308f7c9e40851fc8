"""Three control planes behind one address: the first machine is lost, and the cluster is not."""

from __future__ import annotations

from clients.kubernetes.api import KubernetesClient
from tests.stage.specs import a_small_cluster, a_small_federation


def test_a_cluster_outlives_the_machine_that_it_began_on(inside):
    """The API answers at its own address all the while; another machine steps in, and nothing is left in the end."""
    plane = {"count": 3, "flavor": "m1.medium", "endpoint": {"type": "kube-vip", "address": "10.0.0.250"}}
    spec = a_small_federation("trio", a_small_cluster("a", controlPlane=plane))
    inside.ready(spec)
    inside.silent(spec)
    shown = inside.stage.cli("get", "kubeconfig", "trio", "a")
    assert shown.returncode == 0, shown.stderr
    kubernetes = KubernetesClient(shown.stdout)
    own = [each["public_address"] for each in inside.stage.get("machines")["machines"] if "trio-a" in each["name"]]
    assert kubernetes.server not in {f"https://{address}:6443" for address in own}
    inside.stage.post("machines/trio-a-cp-0/kill")
    inside.stage.wait(kubernetes.reachable, "the API at the shared address")
    inside.stage.wait(lambda: inside.reconcile("trio") and inside.status("trio").phase == "Ready", "three again")
    assert kubernetes.reachable(), "the same kubeconfig, the same address"
    kubernetes.close()
    assert inside.condition("trio", "Cluster/a/ControlPlaneAvailable").status == "True", inside.bad("trio")
    inside.gone("trio")
