"""Kubeconfigs that distributions leave on their control planes."""

from __future__ import annotations

import yaml

from clients.ssh.session import Session
from federation.errors import NotReadyYet


def read_admin(session: Session, path: str, endpoint: str) -> str:
    """The admin kubeconfig at a path of a machine, with ``https://endpoint`` as its server.

    Raises:
        NotReadyYet: There is none yet.
    """
    text = session.read_file(path, sudo=True)
    if text is None:
        raise NotReadyYet(f"{session.place} has no admin kubeconfig yet")
    return with_server(text, endpoint)


def with_server(kubeconfig: str, endpoint: str) -> str:
    """A kubeconfig whose cluster is reached at ``https://endpoint``."""
    content = yaml.safe_load(kubeconfig)
    for entry in content["clusters"]:
        entry["cluster"]["server"] = f"https://{endpoint}"
    return str(yaml.safe_dump(content, sort_keys=False))
