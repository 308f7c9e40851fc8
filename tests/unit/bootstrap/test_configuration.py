"""The configuration files of kubeadm and k3s, from spec to text."""

from __future__ import annotations

import base64
import datetime
import shutil
import subprocess
from typing import Any

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from clients.ssh.facts import Answer
from federation.errors import Rejected, Unsupported
from federation.spec.catalogue import Binary
from federation.spec.machines import MachineTarget
from providers.bootstrap import k3s_config, kubeadm_config, microk8s_config
from providers.bootstrap.host import fill, version_words
from providers.bootstrap.k3s_node import _version, download_step
from providers.bootstrap.kubeadm_config import ca_hash, kubeconfig_ca_hash
from providers.bootstrap.kubeconfigs import with_server
from providers.bootstrap.microk8s_node import init_step, join_step
from providers.contracts import JoinTicket
from tests.unit.bootstrap.catalogue import a_distribution, a_target

TICKET = JoinTicket("192.0.2.7:6443", "abcdef.0123456789abcdef", "sha256:12", "ab" * 32)
ADDRESSES = ("10.0.0.5", "192.0.2.7")


def documents(text: str) -> dict[str, Any]:
    """The documents by kind."""
    return {each["kind"]: each for each in yaml.safe_load_all(text)}


def test_kubeadm_init_file_holds_endpoint_names_and_networks():
    """Everything that decides what the cluster is."""
    target = a_target(network={"podCIDR": "10.10.0.0/16", "serviceCIDR": "10.110.0.0/16"})
    found = documents(kubeadm_config.render_init(target, target.machines[0], "192.0.2.7:6443", "10.0.0.5"))
    assert set(found) == {"InitConfiguration", "ClusterConfiguration", "KubeletConfiguration"}
    cluster = found["ClusterConfiguration"]
    assert cluster["apiVersion"] == "kubeadm.k8s.io/v1beta4"
    assert cluster["controlPlaneEndpoint"] == "192.0.2.7:6443"
    assert cluster["apiServer"]["certSANs"] == ["192.0.2.7", "10.0.0.5"]
    assert cluster["networking"] == {"podSubnet": "10.10.0.0/16", "serviceSubnet": "10.110.0.0/16"}
    assert cluster["kubernetesVersion"] == "v1.36.4"
    assert found["InitConfiguration"]["nodeRegistration"]["name"] == "fed-a-cp-0"
    assert found["InitConfiguration"]["localAPIEndpoint"] == {"advertiseAddress": "10.0.0.5"}


def test_the_control_plane_is_tainted_only_when_there_are_workers():
    """An empty list takes kubeadm's own taint away; no list leaves it."""
    alone, accompanied = a_target(workers=0), a_target(workers=1)
    assert kubeadm_config.node_registration(alone, alone.machines[0])["taints"] == []
    assert "taints" not in kubeadm_config.node_registration(accompanied, accompanied.machines[0])


def test_labels_of_a_pool_become_labels_of_its_nodes():
    """Both distributions take them at the node's registration."""
    machine = MachineTarget("n", "worker", "gpu", labels=(("gpu", "yes"), ("tier", "b")))
    kubeadm, k3s = a_target(), a_target("k3s", "v1.36.4+k3s1")
    registration = kubeadm_config.node_registration(kubeadm, machine)
    assert registration["kubeletExtraArgs"] == [{"name": "node-labels", "value": "gpu=yes,tier=b"}]
    agent = yaml.safe_load(k3s_config.render_join(k3s, machine, TICKET, ADDRESSES))
    assert agent["node-label"] == ["gpu=yes", "tier=b"]


def test_kubeadm_join_file_of_a_worker():
    """Token and CA hash, no certificate key."""
    target = a_target()
    (join,) = documents(kubeadm_config.render_join(target, target.machines[1], TICKET, "10.0.0.6")).values()
    assert join["discovery"]["bootstrapToken"] == {
        "apiServerEndpoint": "192.0.2.7:6443",
        "token": "abcdef.0123456789abcdef",
        "caCertHashes": ["sha256:12"],
    }
    assert "controlPlane" not in join


def test_kubeadm_join_file_of_a_control_plane():
    """The certificate key and the node's own address come with it."""
    target = a_target(control_plane=3)
    (join,) = documents(kubeadm_config.render_join(target, target.machines[1], TICKET, "10.0.0.6")).values()
    assert join["controlPlane"] == {
        "certificateKey": "ab" * 32,
        "localAPIEndpoint": {"advertiseAddress": "10.0.0.6"},
    }


@pytest.mark.parametrize(("machine", "ticket"), [(1, JoinTicket("e:1", "t")), (0, JoinTicket("e:1", "t", "sha256:1"))])
def test_a_ticket_that_lacks_something_is_refused(machine, ticket):
    """Without CA hash nobody joins; without certificate key no control plane does."""
    target = a_target()
    with pytest.raises(Rejected, match="the ticket has no"):
        kubeadm_config.render_join(target, target.machines[machine], ticket, "10.0.0.6")


def test_a_ticket_never_shows_its_secrets():
    """Its repr holds neither token nor key."""
    assert "abcdef" not in repr(TICKET)
    assert "abab" not in repr(TICKET)


def test_k3s_first_server_file():
    """Built-in load balancer and ingress off, own networks, names in the certificate, kubeconfig for root only."""
    target = a_target("k3s", "v1.36.4+k3s1", network={"podCIDR": "10.10.0.0/16", "serviceCIDR": "10.110.0.0/16"})
    found = yaml.safe_load(
        k3s_config.render_first_server(target, target.machines[0], "192.0.2.7:6443", ("10.0.0.5", "192.0.2.7"))
    )
    assert found == {
        "write-kubeconfig-mode": "0600",
        "tls-san": ["192.0.2.7", "10.0.0.5"],
        "cluster-cidr": "10.10.0.0/16",
        "service-cidr": "10.110.0.0/16",
        "advertise-address": "10.0.0.5",
        "disable": ["traefik", "servicelb"],
        "node-name": "fed-a-cp-0",
        "node-ip": "10.0.0.5",
        "node-external-ip": "192.0.2.7",
    }


def test_k3s_keeps_its_data_in_etcd_when_there_are_several_servers():
    """Further servers join the first with the same settings and its token."""
    target = a_target("k3s", "v1.36.4+k3s1", control_plane=3)
    first = yaml.safe_load(k3s_config.render_first_server(target, target.machines[0], "192.0.2.7:6443", ADDRESSES))
    second = yaml.safe_load(k3s_config.render_join(target, target.machines[1], TICKET, ("10.0.0.6", "host.example")))
    assert first["cluster-init"] is True
    assert "cluster-init" not in second
    assert (second["server"], second["token"]) == ("https://192.0.2.7:6443", TICKET.token)
    assert second["cluster-cidr"] == first["cluster-cidr"]
    assert "node-external-ip" not in second


@pytest.mark.parametrize(
    ("network", "flags"),
    [
        ({}, {}),
        ({"encapsulation": "none"}, {"flannel-backend": "host-gw"}),
        ({"cni": "calico"}, {"flannel-backend": "none", "disable-network-policy": True}),
        ({"cni": "cilium", "encapsulation": "none"}, {"flannel-backend": "none", "disable-network-policy": True}),
    ],
)
def test_k3s_makes_room_for_another_network(network, flags):
    """Its own flannel and policies go where another plugin is chosen; agents are told by their server."""
    target = a_target("k3s", "v1.36.4+k3s1", network=network)
    first = yaml.safe_load(k3s_config.render_first_server(target, target.machines[0], "192.0.2.7:6443", ADDRESSES))
    worker = yaml.safe_load(k3s_config.render_join(target, target.machines[1], TICKET, ADDRESSES))
    names = ("flannel-backend", "disable-network-policy")
    assert {name: first[name] for name in names if name in first} == flags
    assert not any(name in worker for name in names)


def a_binary() -> Binary:
    """The program of the catalogue."""
    binary = a_distribution("k3s").binary
    assert binary is not None
    return binary


def test_k3s_program_is_checked_before_it_is_put_in_place():
    """Download, sum, move: in this order, with the version's plus sign escaped."""
    step = download_step(a_binary(), "v1.36.4+k3s1", "arm64")
    script, *arguments = [str(word) for word in (step.argv[2], *step.argv[4:])]
    assert script.index("curl") < script.index("sha256sum -c") < script.index("mv -f")
    assert arguments[1] == "k3s-arm64"
    assert arguments[2].endswith("/v1.36.4%2Bk3s1/k3s-arm64")
    assert arguments[3].endswith("/v1.36.4%2Bk3s1/sha256sum-arm64.txt")
    with pytest.raises(Unsupported, match="s390x"):
        download_step(a_binary(), "v1.36.4+k3s1", "s390x")


def a_ca() -> str:
    """A self-signed certificate as PEM, and its key."""
    key = generate_private_key(SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "kubernetes")])
    now = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 7, now, now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
    return certificate.decode()


def test_ca_hash_is_what_openssl_says(tmp_path):
    """The recipe of the kubeadm documentation, with the real openssl, gives the same hash."""
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl")
    pem = a_ca()
    (tmp_path / "ca.crt").write_text(pem)
    recipe = "openssl x509 -pubkey -in ca.crt | openssl pkey -pubin -outform der | openssl dgst -sha256 -hex"
    shown = subprocess.run(["sh", "-c", recipe], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert ca_hash(pem) == f"sha256:{shown.split()[-1]}"


def test_ca_of_an_old_kubeadm_has_a_hash_too(tmp_path):
    """Kubernetes 1.20 gave its authorities the serial number 0, which RFC 5280 forbids and parsers refuse."""
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl")
    make = "openssl req -x509 -newkey rsa:2048 -nodes -set_serial 0 -subj /CN=kubernetes -keyout key -out ca.crt"
    recipe = "openssl x509 -pubkey -noout -in ca.crt | openssl pkey -pubin -outform der | openssl dgst -sha256 -hex"
    for script in (make, recipe):
        run = subprocess.run(["sh", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert ca_hash((tmp_path / "ca.crt").read_text()) == f"sha256:{run.stdout.split()[-1]}"


@pytest.mark.parametrize("garbage", [b"", b"0", b"\x30\x82\xff\xff", b"\x30\x03\x02\x01\x00"])
def test_what_is_no_certificate_has_no_hash(garbage):
    """Not an error: such a kubelet belongs to no cluster of ours."""
    pem = f"-----BEGIN CERTIFICATE-----\n{base64.b64encode(garbage).decode()}\n-----END CERTIFICATE-----\n"
    with pytest.raises(ValueError, match="certificate"):
        ca_hash(pem)
    data = base64.b64encode(pem.encode()).decode()
    assert kubeconfig_ca_hash(yaml.safe_dump({"clusters": [{"cluster": {"certificate-authority-data": data}}]})) is None


def test_a_kubeconfig_tells_its_ca_and_takes_another_server():
    """The embedded certificate decides which cluster a kubelet belongs to."""
    pem = a_ca()
    data = base64.b64encode(pem.encode()).decode()
    cluster = {"certificate-authority-data": data, "server": "https://127.0.0.1:6443"}
    text = yaml.safe_dump({"clusters": [{"name": "x", "cluster": cluster}], "users": []})
    assert kubeconfig_ca_hash(text) == ca_hash(pem)
    assert kubeconfig_ca_hash("") is None
    assert kubeconfig_ca_hash("clusters: []") is None
    changed = yaml.safe_load(with_server(text, "192.0.2.7:6443"))
    assert changed["clusters"][0]["cluster"] == cluster | {"server": "https://192.0.2.7:6443"}


def test_version_of_k3s_is_read_from_its_own_words():
    """A program that does not run counts as none, so that it is replaced."""
    assert _version(Answer(0, "k3s version v1.36.4+k3s1 (abc)\ngo version go1.26\n")) == "v1.36.4+k3s1"
    assert _version(Answer(44, "")) is None
    assert _version(Answer(126, "")) is None


def test_microk8s_launches_with_networks_names_and_rbac():
    """Only the first machine has add-ons: the others take over those of the cluster that they join."""
    target = a_target("microk8s", network={"podCIDR": "10.10.0.0/16", "serviceCIDR": "10.110.0.0/16"})
    first = yaml.safe_load(microk8s_config.render_launch(target, ("192.0.2.7", "10.0.0.5", "192.0.2.7"), first=True))
    assert first["extraSANs"] == ["192.0.2.7", "10.0.0.5", "10.110.0.1"]
    assert first["extraCNIEnv"]["IPv4_CLUSTER_CIDR"] == "10.10.0.0/16"
    assert first["extraCNIEnv"]["IPv4_SERVICE_CIDR"] == "10.110.0.0/16"
    assert first["extraKubeAPIServerArgs"]["--authorization-mode"] == "RBAC,Node"
    assert first["addons"] == [{"name": "dns", "args": ["/etc/resolv.conf", "10.110.0.10"]}]
    assert "addons" not in yaml.safe_load(microk8s_config.render_launch(target, (), first=False))


def test_a_microk8s_token_is_in_no_argument_of_ours_and_the_channel_follows_the_minor():
    """The script reads the token from a file that is removed whatever comes of it."""
    snap = a_distribution("microk8s").snap
    assert snap is not None
    channel = fill(snap.channel, version_words("v1.36.4"))
    script = str(join_step(snap, channel, worker=True, clean_first=False).argv[2])
    assert "snap install microk8s --classic --channel=1.36/stable" in script
    assert 'microk8s join "$(cat /run/flotilla/microk8s-join)" --worker' in script
    assert script.endswith("rm -f /run/flotilla/microk8s-join; false; }")
    again = str(init_step(snap, channel, clean_first=True).argv[2])
    assert again.index("snap remove --purge microk8s") < again.index("snap install")
