"""A real OpenStack (Zed) on this machine: Keystone, Glance, Placement, Nova with its fake driver, Neutron.

The scripts of the proving ground bring it up; this module adds what the contract tests expect of a cloud: the flavors
and images that the sandbox's cloud offers. Floating addresses are loopback addresses, so that a test can answer at one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import openstack
import yaml
from openstack.connection import Connection

from tests.proving.building import Missing, cache_folder

NAME = "flotilla"
PUBLIC_CIDR = "127.15.4.0/24"
VERSION = "Zed"
_SCRIPTS = Path(__file__).parents[3] / "shared" / "proving-ground"
_UP_TIMEOUT_S = 900
_FLAVORS = {
    "1": ("m1.tiny", 1, 512, 1),
    "2": ("m1.small", 1, 2048, 20),
    "3": ("m1.medium", 2, 4096, 40),
    "4": ("m1.large", 4, 8192, 80),
    "5": ("m1.xlarge", 8, 16384, 160),
}
_IMAGES = (("ubuntu-24.04", "ubuntu", "24.04"), ("debian-12", "debian", "12"))


@dataclass(frozen=True)
class OpenStack:
    """A cloud that answers.

    Attributes:
        clouds_yaml: Configuration of two clouds for openstacksdk, named ``tenant`` and ``admin``.
    """

    clouds_yaml: Path
    tenant: str = NAME
    admin: str = f"{NAME}-admin"

    def config(self, cloud: str) -> dict[str, Any]:
        """Region and credentials of one of the clouds."""
        found: dict[str, Any] = yaml.safe_load(self.clouds_yaml.read_text())["clouds"][cloud]
        return found

    def connect(self, cloud: str) -> Connection:
        """A new connection to one of the clouds."""
        return openstack.connect(load_yaml_config=False, load_envvars=False, **self.config(cloud))


def find() -> OpenStack:
    """The cloud that is up; nothing is started.

    Raises:
        Missing: None is.
    """
    cloud = OpenStack(_rig() / "os" / NAME / "clouds.yaml")
    try:
        url = cloud.config(cloud.tenant)["auth"]["auth_url"]
        httpx.get(url, timeout=5).raise_for_status()
    except (FileNotFoundError, KeyError, TypeError, httpx.HTTPError) as error:
        raise Missing("no OpenStack answers; `python -m tests.proving up` brings one up") from error
    return cloud


def up(say: Callable[[str], None] = print) -> None:
    """Install, start and furnish it; what is there already stays.

    Raises:
        Missing: This machine cannot have it; the message says why.
    """
    script = _script("openstack-up.sh")
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise Missing("OpenStack is installed from Debian packages by root")
    _rig().mkdir(parents=True, exist_ok=True)
    argv = [str(script), NAME, "0", PUBLIC_CIDR]
    with subprocess.Popen(
        argv, env=_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as run:
        told = list(_heard(run, say))
        if run.wait(_UP_TIMEOUT_S):
            raise Missing(f"OpenStack does not come up: {' '.join(told[-3:])[-600:]}")
    _furnish(find())
    say("OpenStack: flavors and images are there")


def down() -> None:
    """End what ``up`` started; data and packages stay."""
    try:
        script = _script("openstack-down.sh")
    except Missing:
        return
    subprocess.run([str(script), NAME], env=_environment(), capture_output=True, check=True)


def _rig() -> Path:
    return cache_folder().parent / "rig"


def _environment() -> dict[str, str]:
    return {**os.environ, "RIG_BASE": str(_rig())}


def _script(name: str) -> Path:
    found = _SCRIPTS / name
    if not found.is_file():
        raise Missing("the scripts of the proving ground are not here")
    return found


def _heard(run: subprocess.Popen[str], say: Callable[[str], None]) -> list[str]:
    told: list[str] = []
    for line in run.stderr or ():
        told.append(line.strip())
        say(f"OpenStack: {line.strip()}")
    return told


def _furnish(cloud: OpenStack) -> None:
    admin = cloud.connect(cloud.admin)
    try:
        _add_flavors(admin)
        _add_images(admin)
    finally:
        admin.close()


def _add_flavors(admin: Connection) -> None:
    for flavor in list(admin.compute.flavors()):
        if flavor.id not in _FLAVORS:
            admin.compute.delete_flavor(flavor)
    have = {flavor.id for flavor in admin.compute.flavors()}
    for flavor_id in _FLAVORS.keys() - have:
        name, vcpus, ram, disk = _FLAVORS[flavor_id]
        admin.compute.create_flavor(id=flavor_id, name=name, vcpus=vcpus, ram=ram, disk=disk)


def _add_images(admin: Connection) -> None:
    have = {image.name for image in admin.image.images()}
    for name, distribution, version in _IMAGES:
        if name not in have:
            fields = {"os_distro": distribution, "os_version": version, "os_admin_user": distribution}
            image: Any = admin.image.create_image(
                name, data=b"no disk", disk_format="qcow2", container_format="bare", visibility="public", min_disk=5
            )
            admin.image.update_image(image, architecture="x86_64", **fields)
