"""kind and docker, one process for each call; the user's own kubeconfig is never touched."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from clients.children import Program, run
from clients.kind.containers import CLUSTER_LABEL, Container, parse_containers
from clients.kind.errors import DockerUnavailable, docker_missing, from_complaint, kind_missing
from federation.errors import FlotillaError

READ_TIMEOUT_S = 30.0
DELETE_TIMEOUT_S = 120.0
CREATE_TIMEOUT_S = 840.0
"""Less than an action has. A node's image is about 400 MB, and a control plane takes a minute or more to come up."""


class KindClient:
    """What is done to clusters of kind. Threads may share it."""

    def missing(self) -> tuple[FlotillaError, ...]:
        """Programs that are not on the path."""
        wanted = (("kind", kind_missing), ("docker", docker_missing))
        return tuple(error() for name, error in wanted if shutil.which(name) is None)

    def engine(self) -> str:
        """What tells the Docker engine from every other one.

        Raises:
            Unsupported, Unavailable, Rejected: Docker is not there, does not answer, or refuses.
        """
        found = self._docker("info", "--format", "{{.ID}}").strip()
        if not found:
            raise DockerUnavailable("docker info names no engine: is it running?")
        return found

    def containers(self, cluster: str) -> tuple[Container, ...]:
        """Containers of a cluster by name, running or not.

        Raises:
            Unsupported, Unavailable, Rejected: Docker is not there, does not answer, or refuses.
            Conflict: One of them went while they were looked at.
        """
        label = f"label={CLUSTER_LABEL}={cluster}"
        ids = self._docker("ps", "--all", "--quiet", "--no-trunc", "--filter", label).split()
        return parse_containers(self._docker("inspect", "--type=container", *ids)) if ids else ()

    def create(self, cluster: str, config: str, timeout_s: float = CREATE_TIMEOUT_S) -> None:
        """Make a cluster and wait until its nodes have joined; minutes. What fails by itself leaves nothing.

        Raises:
            Conflict: There are containers of a cluster of that name.
            Unavailable: It took too long, and was killed as it stood.
            Rejected, CommandFailed, Unsupported: It cannot be made.
        """
        argv = ("create", "cluster", "--name", cluster, "--config", "-")
        self._kind(f"create cluster {cluster}", argv, config, timeout_s)

    def delete(self, cluster: str) -> None:
        """Remove every container of a cluster with its volumes; none is no error."""
        self._kind(f"delete cluster {cluster}", ("delete", "cluster", "--name", cluster), "", DELETE_TIMEOUT_S)

    def start(self, *names: str) -> None:
        """Start containers; one that runs is no error.

        Raises:
            CommandFailed: Docker cannot, such as for a port that something else has taken since.
        """
        self._docker("start", *names)

    def kubeconfig(self, cluster: str) -> str:
        """The admin kubeconfig, with the address that the API has on this machine."""
        return self._kind(f"kubeconfig of {cluster}", ("get", "kubeconfig", "--name", cluster), "", READ_TIMEOUT_S)

    def _kind(self, doing: str, argv: tuple[str, ...], order: str, timeout_s: float) -> str:
        missing = self.missing()
        if missing:
            raise missing[0]
        return _called("kind", argv, order, timeout_s, f"kind: {doing}")

    def _docker(self, *argv: str) -> str:
        if shutil.which("docker") is None:
            raise docker_missing()
        return _called("docker", argv, "", READ_TIMEOUT_S, f"docker {argv[0]}")


def _called(name: str, argv: tuple[str, ...], order: str, timeout_s: float, doing: str) -> str:
    executable = shutil.which(name) or name
    homes = {"KUBECONFIG": "kubeconfig"}
    ended = run(Program(name, ("python", executable, *argv), _surroundings(os.environ), homes), order, timeout_s)
    if ended.code != 0:
        raise from_complaint(doing, ended.complaint, ended.code)
    return ended.output


def _surroundings(environment: Mapping[str, str]) -> dict[str, str]:
    """Variables that say where the engine is; without any, the choice of the user's own Docker configuration."""
    told = {name: value for name, value in environment.items() if name.startswith("DOCKER_")}
    config = str(Path(environment.get("HOME", "~")).expanduser() / ".docker")
    return {"DOCKER_CONFIG": config, "KIND_EXPERIMENTAL_PROVIDER": "docker"} | told
