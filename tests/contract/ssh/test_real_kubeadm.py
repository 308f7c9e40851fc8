"""The kubeadm provider over real SSH against the real kubeadm, as far as a machine without systemd goes.

What is asserted here is where it gets to and where it stops; docs/proving-ground-kubeadm.md tells why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from clients.ssh.session import Result, Session
from federation.errors import CommandFailed, NotReadyYet
from providers.bootstrap.kubeadm_config import API_VERSION, ca_hash, kubeconfig_ca_hash, render_init
from providers.bootstrap.kubeadm_node import ADMIN, CA
from tests.contract.providers.bootstrap_rig import DISTRIBUTIONS, a_hosts_cluster
from tests.proving import kubeadm, sshd
from tests.proving.building import Missing
from tests.proving.machine import RealMachine

pytestmark = pytest.mark.real

TARGET = a_hosts_cluster("kubeadm", ["machine"])
MACHINE = TARGET.machines[0]
PROVIDER = DISTRIBUTIONS["kubeadm"]
CONFIG = "/etc/flotilla/kubeadm.yaml"
ENDPOINT = "10.0.0.1:6443"
OLD_API_VERSION = "kubeadm.k8s.io/v1beta2"
_CA_HASH = (
    "openssl x509 -pubkey -noout -in {} | openssl pkey -pubin -outform der | openssl dgst -sha256 -r | cut -d' ' -f1"
)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """A session on a machine with real sshd and the real kubeadm, whose /etc and /var/lib are its own."""
    try:
        programs, server = kubeadm.find(), sshd.find()
    except Missing as reason:
        pytest.skip(str(reason))
    machine = RealMachine(server, tmp_path_factory.mktemp("kubeadm"), own=("/var/lib", "/usr/local/bin"))
    for name in kubeadm.PROGRAMS:
        place = machine.written(f"/usr/local/bin/{name}")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(programs.folder / name)
    with machine:
        opened = Session(machine.account)
        yield opened
        opened.close()


@pytest.fixture(autouse=True)
def _told_in_the_table(record_property: Callable[[str, object], None]) -> None:
    record_property("server", "kubeadm over SSH")
    record_property("version", kubeadm.VERSION)


def phase(session: Session, *words: str, check: bool = True) -> Result:
    """One phase of ``kubeadm init`` with our configuration."""
    argv = ("kubeadm", "init", "phase", *words, "--config", CONFIG)
    return session.run(argv, sudo=True, check=check, timeout_s=120)


@pytest.fixture(scope="module")
def configured(session: Session) -> Session:
    """Our init configuration, in the words that this kubeadm knows."""
    documents = list(yaml.safe_load_all(render_init(TARGET, MACHINE, ENDPOINT, "10.0.0.1")))
    for document in documents:
        if document["apiVersion"] == API_VERSION:
            document["apiVersion"] = OLD_API_VERSION
        if document["kind"] == "ClusterConfiguration":
            document["kubernetesVersion"] = kubeadm.VERSION
    session.write_file(CONFIG, yaml.safe_dump_all(documents, sort_keys=False), sudo=True)
    return session


def test_it_is_the_real_kubeadm(session: Session) -> None:
    """As root, over SSH."""
    assert session.run(["kubeadm", "version", "-o", "short"], sudo=True).stdout == f"{kubeadm.VERSION}\n"


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(lambda session: PROVIDER.prepare_host(session, TARGET, MACHINE), id="prepare"),
        pytest.param(lambda session: PROVIDER.init_control_plane(session, TARGET, MACHINE, ENDPOINT), id="init"),
    ],
)
def test_without_systemd_each_step_stops_at_its_first_look(session: Session, step: Callable[[Session], object]) -> None:
    """What cannot be told is never taken for absent: nothing was changed, and the words say what is missing."""
    with pytest.raises(CommandFailed, match="the machine has to run systemd") as stopped:
        step(session)
    assert stopped.value.reason == "FactUnreadable"
    assert session.run(["ls", "-A", "/etc/flotilla"], check=False).stdout.replace("kubeadm.yaml", "").strip() == ""


def test_a_kubeconfig_that_is_not_there_is_waited_for(session: Session) -> None:
    """Before anything was made."""
    with pytest.raises(NotReadyYet):
        PROVIDER.read_kubeconfig(session, ENDPOINT)


def test_a_kubeadm_of_this_age_does_not_know_our_configuration(session: Session) -> None:
    """The product speaks v1beta4, which came with 1.31."""
    session.write_file(CONFIG, render_init(TARGET, MACHINE, ENDPOINT, "10.0.0.1"), sudo=True)
    refused = phase(session, "preflight", check=False)
    assert refused.exit_code == 1
    kinds = ("InitConfiguration", "ClusterConfiguration", "KubeletConfiguration")
    told = [f'no kind "{kind}" is registered for version "{API_VERSION}"' in refused.stderr for kind in kinds]
    assert any(told), refused.stderr


def test_preflight_reads_our_configuration_and_names_what_the_machine_lacks(configured: Session) -> None:
    """The configuration itself is not among the complaints."""
    found = phase(configured, "preflight", check=False)
    assert found.exit_code == 2 or found.exit_code == 1
    errors = {line.split("]")[0].split("ERROR ")[1] for line in found.stderr.splitlines() if "[ERROR " in line}
    assert "FileExisting-crictl" in errors
    allowed = {"FileContent--proc-sys-net-ipv4-ip_forward", "FileExisting-crictl", "Swap", "NumCPU", "Mem"}
    assert {each for each in errors if not each.startswith("Port-")} <= allowed


def test_certificates_and_kubeconfigs_are_made_and_read(configured: Session) -> None:
    """By the real kubeadm from our configuration; the product reads the kubeconfig and knows its CA's hash."""
    phase(configured, "certs", "all")
    phase(configured, "kubeconfig", "all")
    text = PROVIDER.read_kubeconfig(configured, "192.0.2.1:7443")
    assert yaml.safe_load(text)["clusters"][0]["cluster"]["server"] == "https://192.0.2.1:7443"
    assert yaml.safe_load(configured.read_file(ADMIN, sudo=True) or "")["clusters"][0]["cluster"]["server"] == (
        f"https://{ENDPOINT}"
    )
    authority = configured.read_file(CA, sudo=True)
    assert authority is not None
    told = configured.run(["sh", "-c", _CA_HASH.format(CA)], sudo=True).stdout.strip()
    assert ca_hash(authority) == kubeconfig_ca_hash(text) == f"sha256:{told}"


def test_the_api_servers_certificate_is_good_for_our_endpoint(configured: Session) -> None:
    """certSANs of the configuration arrive in the certificate."""
    phase(configured, "certs", "all")
    argv = ["openssl", "x509", "-noout", "-ext", "subjectAltName", "-in", "/etc/kubernetes/pki/apiserver.crt"]
    assert "IP Address:10.0.0.1" in configured.run(argv, sudo=True).stdout


@pytest.mark.parametrize("words", [("control-plane", "all"), ("etcd", "local")])
def test_static_pods_are_where_this_build_ends(configured: Session, words: tuple[str, ...]) -> None:
    """Kubernetes 1.20 that was built with Go 1.19 faults when it writes maps: no manifest comes of it."""
    ended = phase(configured, *words, check=False)
    assert ended.exit_code == 2
    assert "unexpected fault address" in ended.stderr


def test_nothing_of_it_is_on_the_machine_below(configured: Session) -> None:
    """What kubeadm writes stays in the machine's own folders."""
    phase(configured, "certs", "all")
    assert configured.run(["test", "-e", CA], sudo=True).exit_code == 0
    assert not Path(CA).exists()
