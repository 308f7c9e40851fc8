"""The cloud-config that a server boots with. It holds no secret: everyone who may read the server may read it.

Source: cloudinit.readthedocs.io, modules "SSH", "Set Hostname" and "Update Etc Hosts".
"""

from __future__ import annotations

import yaml


def render_user_data(host_name: str) -> str:
    """A cloud-config that sets the host name, makes fresh Ed25519 host keys and prints them on the console."""
    config = {
        "hostname": host_name,
        "fqdn": host_name,
        "preserve_hostname": False,
        "manage_etc_hosts": True,
        "ssh_deletekeys": True,
        "ssh_genkeytypes": ["ed25519"],
        "ssh": {"emit_keys_to_console": True},
    }
    return "#cloud-config\n" + yaml.safe_dump(config, sort_keys=False)
