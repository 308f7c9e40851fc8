"""The files of a fresh Ubuntu 24.04 cloud image, as far as a provisioner looks at them."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping

from sandbox.ssh.binary import binary
from sandbox.ssh.filesystem import Node

KERNEL = "6.8.0-87-generic"

_DIRECTORIES = (
    *("/boot", "/dev", "/home", "/media", "/mnt", "/opt", "/run/systemd/system", "/srv", "/usr/local/bin"),
    *(
        "/usr/local/sbin",
        "/etc/apt/keyrings",
        "/etc/apt/sources.list.d",
        "/etc/apt/preferences.d",
        "/etc/apt/apt.conf.d",
    ),
    *("/etc/modules-load.d", "/etc/sysctl.d", "/etc/systemd/system/multi-user.target.wants", "/etc/ssh/sshd_config.d"),
    *("/etc/netplan", "/etc/cloud", "/etc/default", "/var/lib/cloud/instance", "/var/lib/dpkg", "/var/lib/apt/lists"),
    *("/var/log", "/var/cache/apt/archives", "/usr/share/keyrings", "/usr/lib/systemd/system", "/usr/bin", "/usr/sbin"),
    *("/proc/sys/net/ipv4", "/proc/sys/kernel/random", "/proc/sys/vm", "/sys/fs/cgroup", "/etc/sudoers.d"),
)
_LINKS = {"/bin": "usr/bin", "/sbin": "usr/sbin", "/lib": "usr/lib", "/var/run": "/run"}

_OS_RELEASE = """PRETTY_NAME="Ubuntu 24.04.3 LTS"
NAME="Ubuntu"
VERSION_ID="24.04"
VERSION="24.04.3 LTS (Noble Numbat)"
VERSION_CODENAME=noble
ID=ubuntu
ID_LIKE=debian
UBUNTU_CODENAME=noble
"""
_USERS = """root:x:0:0:root:/root:/bin/bash
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
"""
_UBUNTU_SOURCES = """Types: deb
URIs: http://archive.ubuntu.com/ubuntu/
Suites: noble noble-updates noble-backports
Components: main universe restricted multiverse
Signed-By: /usr/share/keyrings/ubuntu-archive-keyring.gpg
"""
_SSH_UNIT = """[Unit]
Description=OpenBSD Secure Shell server

[Service]
Type=simple
ExecStart=/usr/sbin/sshd -D

[Install]
WantedBy=multi-user.target
"""
_PLAIN_UNIT = """[Unit]
Description={0}

[Service]
Type=simple
ExecStart=/usr/sbin/{1}

[Install]
WantedBy=multi-user.target
"""

#: Kernel settings at boot, before anything under /etc/sysctl.d is applied.
SYSCTLS: Mapping[str, str] = {
    "net/ipv4/ip_forward": "0",
    "vm/swappiness": "60",
    "vm/overcommit_memory": "0",
    "vm/panic_on_oom": "0",
    "vm/max_map_count": "1048576",
    "kernel/panic": "0",
    "kernel/panic_on_oops": "0",
    "fs/inotify/max_user_instances": "128",
    "fs/inotify/max_user_watches": "122425",
    "net/ipv4/conf/all/forwarding": "0",
}
#: Settings which exist only while a module is loaded.
MODULE_SYSCTLS: Mapping[str, Mapping[str, str]] = {
    "br_netfilter": {
        "net/bridge/bridge-nf-call-iptables": "1",
        "net/bridge/bridge-nf-call-ip6tables": "1",
        "net/bridge/bridge-nf-call-arptables": "1",
    },
}
#: Modules that the kernel brings; modprobe refuses any other.
MODULES = frozenset(
    {"overlay", "br_netfilter", "ip_vs", "ip_vs_rr", "ip_vs_wrr", "ip_vs_sh", "nf_conntrack", "wireguard", "vxlan"}
    | {"ip_tables", "iptable_nat", "xt_conntrack", "xt_MASQUERADE", "xt_comment", "dm_crypt", "iscsi_tcp", "nfs", "rbd"}
)

_FILES: Mapping[str, str] = {
    "/etc/os-release": _OS_RELEASE,
    "/etc/passwd": _USERS,
    "/etc/fstab": "LABEL=cloudimg-rootfs\t/\text4\tdiscard,commit=30,errors=remount-ro\t0 1\n",
    "/etc/hosts": "127.0.0.1 localhost\n",
    "/etc/timezone": "Etc/UTC\n",
    "/etc/resolv.conf": "nameserver 127.0.0.53\noptions edns0 trust-ad\n",
    "/etc/apt/sources.list.d/ubuntu.sources": _UBUNTU_SOURCES,
    "/usr/share/keyrings/ubuntu-archive-keyring.gpg": "ubuntu archive keyring\n",
    "/usr/lib/systemd/system/ssh.service": _SSH_UNIT,
    "/usr/lib/systemd/system/systemd-timesyncd.service": _PLAIN_UNIT.format(
        "Network Time Synchronization", "timesyncd"
    ),
    "/usr/lib/systemd/system/cron.service": _PLAIN_UNIT.format("Regular background program processing daemon", "cron"),
    "/dev/null": "",
    "/sys/fs/cgroup/cgroup.controllers": "cpuset cpu io memory hugetlb pids rdma misc\n",
}
_SHADOW = 42
_ENABLED = ("ssh.service", "systemd-timesyncd.service", "cron.service")


def base_image(programs: Iterable[str]) -> dict[str, Node]:
    """All entries of the image, with a file for each program that it brings."""
    nodes: dict[str, Node] = {"/": Node("dir", 0o755)}
    for path in _DIRECTORIES:
        _directory(nodes, path)
    for path, target in _LINKS.items():
        nodes[path] = Node("link", 0o777, data=target.encode())
    for path, text in _FILES.items():
        _directory(nodes, posixpath.dirname(path))
        nodes[path] = Node("file", 0o644, data=text.encode())
    for name in programs:
        nodes[f"/usr/bin/{name}"] = Node("file", 0o755, data=binary(name))
    for name in ("sshd", "timesyncd", "cron"):
        nodes[f"/usr/sbin/{name}"] = Node("file", 0o755, data=binary("daemon", name))
    for name in _ENABLED:
        unit = f"/usr/lib/systemd/system/{name}".encode()
        nodes[f"/etc/systemd/system/multi-user.target.wants/{name}"] = Node("link", 0o777, data=unit)
    nodes["/root"] = Node("dir", 0o700)
    nodes["/etc/shadow"] = Node("file", 0o640, gid=_SHADOW, data=b"root:*:19000:0:99999:7:::\n")
    nodes["/tmp"] = nodes["/var/tmp"] = Node("dir", 0o1777)  # noqa: S108 - a path of the emulated machine
    nodes["/dev/null"] = Node("file", 0o666)
    return nodes


def _directory(nodes: dict[str, Node], path: str) -> None:
    while path not in nodes:
        nodes[path] = Node("dir", 0o755)
        path = posixpath.dirname(path)
