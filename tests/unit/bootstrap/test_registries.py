"""What a container runtime is told of registries, as files."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
import yaml

from clients.ssh.command import reveal
from providers.bootstrap.microk8s_registries import HOSTS, STAGED, lay_staged, microk8s_files, staged_files
from providers.bootstrap.registries import CONTAINERD_HOSTS, RegistryFiles, containerd_files, k3s_files
from providers.contracts import RegistryAccess, RegistryLogin

PASSWORD = 'p"a\\s\ns'
HUB = RegistryAccess(
    "hub.site:5000", (), RegistryLogin("hub.site:5000", "us\x7fer", PASSWORD), "-----BEGIN CERTIFICATE"
)
DOCKER = RegistryAccess("docker.io", ("https://hub.site:5000", "http://near.site"))
OTHERS = RegistryAccess("*", ("https://hub.site:5000",))
CONFIG = 'version = 2\n[plugins."io.containerd.grpc.v1.cri"]\n  sandbox_image = "pause"\n'


def texts(files: RegistryFiles) -> dict[str, str]:
    """Every file with its text."""
    return {each.path: reveal(each.text) for each in files.wanted}


def test_containerd_reads_mirrors_from_folders_and_credentials_from_its_configuration():
    """The form that it documents: with ``config_path`` beside them, only ``auth`` may be in ``configs``."""
    found = texts(containerd_files((HUB, DOCKER, OTHERS), CONFIG))
    config = tomllib.loads(found["/etc/containerd/config.toml"])["plugins"]["io.containerd.grpc.v1.cri"]
    assert config["sandbox_image"] == "pause"
    assert config["registry"] == {
        "config_path": CONTAINERD_HOSTS,
        "configs": {"hub.site:5000": {"auth": {"username": "us\x7fer", "password": PASSWORD}}},
    }
    docker = tomllib.loads(found[f"{CONTAINERD_HOSTS}/docker.io/hosts.toml"])
    assert docker["server"] == "https://registry-1.docker.io"
    assert list(docker["host"]) == ["https://hub.site:5000", "http://near.site"]
    assert docker["host"]["https://hub.site:5000"]["ca"] == f"{CONTAINERD_HOSTS}/hub.site:5000/ca.crt"
    own = tomllib.loads(found[f"{CONTAINERD_HOSTS}/hub.site:5000/hosts.toml"])
    assert own == {"server": "https://hub.site:5000", "ca": f"{CONTAINERD_HOSTS}/hub.site:5000/ca.crt"}
    assert list(tomllib.loads(found[f"{CONTAINERD_HOSTS}/_default/hosts.toml"])) == ["host"]


def test_containerd_without_registries_has_its_configuration_as_it_was():
    """And nothing else."""
    files = containerd_files((), CONFIG)
    assert texts(files) == {"/etc/containerd/config.toml": CONFIG}
    assert files.main is not None
    assert files.main.mode == 0o644


def test_k3s_reads_one_file():
    """Mirrors by registry, credentials and authority by the host that is asked."""
    found = texts(k3s_files((HUB, DOCKER, OTHERS), "k3s"))
    content: dict[str, Any] = yaml.safe_load(found["/etc/rancher/k3s/registries.yaml"])
    ca = "/etc/rancher/k3s/registries.d/hub.site:5000/ca.crt"
    assert content["mirrors"] == {
        "docker.io": {"endpoint": ["https://hub.site:5000", "http://near.site"]},
        "*": {"endpoint": ["https://hub.site:5000"]},
    }
    auth = {"username": "us\x7fer", "password": PASSWORD}
    assert content["configs"] == {"hub.site:5000": {"auth": auth, "tls": {"ca_file": ca}}}
    assert found[ca] == "-----BEGIN CERTIFICATE\n"
    assert k3s_files((), "k3s").wanted == ()


@pytest.mark.parametrize("files", [containerd_files((HUB,), CONFIG), k3s_files((HUB,), "k3s")])
def test_passwords_are_for_root_and_are_never_shown(files):
    """The one file with them is 0600, and stands last, since what needs a restart is written last."""
    assert files.wanted[-1] is files.main
    assert files.main.mode == 0o600
    assert PASSWORD not in str(files)
    assert not any(PASSWORD in reveal(each.text) for each in files.files)
    assert PASSWORD not in repr(HUB)


TEMPLATE = """version = 2
[plugins]
  [plugins."io.containerd.cri.v1.images".registry]
    config_path = "${SNAP_DATA}/args/certs.d"
"""


def test_credentials_stand_at_the_end_of_the_template_of_microk8s_and_leave_it_as_it_was():
    """Under the plugin that the template names; done twice it is the same, and without them it is MicroK8s' own."""
    files = microk8s_files([HUB, DOCKER], TEMPLATE)
    text = texts(files)[files.main_path]
    registry = tomllib.loads(text)["plugins"]["io.containerd.cri.v1.images"]["registry"]
    assert registry["config_path"] == "${SNAP_DATA}/args/certs.d"
    assert registry["configs"]["hub.site:5000"]["auth"] == {"username": "us\x7fer", "password": PASSWORD}
    assert texts(microk8s_files([HUB, DOCKER], text))[files.main_path] == text
    again = microk8s_files([DOCKER], text)
    assert texts(again)[files.main_path] == TEMPLATE
    assert [each.main.mode for each in (files, again) if each.main] == [0o600, 0o660]
    assert PASSWORD not in repr(files)


def test_microk8s_keeps_what_its_snap_brought():
    """Its file on docker.io comes back with the mirrors gone, and that on its own registry is never touched."""
    mirrored, plain = (texts(microk8s_files(each, TEMPLATE)) for each in ([HUB, DOCKER], []))
    shipped = f"{HOSTS}/docker.io/hosts.toml"
    assert 'host."https://hub.site:5000"' in mirrored[shipped]
    assert f'ca = "{HOSTS}/hub.site:5000/ca.crt"' in mirrored[shipped]
    assert tomllib.loads(plain[shipped])["server"] == "https://docker.io"
    assert f"{HOSTS}/localhost__32000/hosts.toml" in microk8s_files([], TEMPLATE).kept


@pytest.mark.parametrize(("registries", "restarts"), [([], False), ([OTHERS], False), ([HUB, DOCKER], True)])
def test_microk8s_has_its_registries_before_it_pulls_anything(registries, restarts):
    """Laid between the installation and the wait for the node; no word of a password is in a command."""
    commands = lay_staged(registries)
    assert bool(commands) == bool(registries) == bool(staged_files(registries))
    assert any("restart" in command for command in commands) == restarts
    assert PASSWORD not in repr(commands) + repr(staged_files(registries))
    assert {each.path for each in staged_files(registries) if each.mode != 0o600} == {
        path.replace(HOSTS, f"{STAGED}/certs.d")
        for path in texts(microk8s_files(registries, TEMPLATE))
        if path.startswith(HOSTS) and registries and ("docker.io" not in path or DOCKER in registries)
    }
