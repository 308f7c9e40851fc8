"""Where the container runtime listens on a machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.ssh.process import Process

CONTAINERD_SOCKET = "/run/containerd/containerd.sock"


def no_runtime(process: Process) -> bool:
    """Whether nothing listens on the runtime's socket."""
    return not process.host.root_files.exists(CONTAINERD_SOCKET)
