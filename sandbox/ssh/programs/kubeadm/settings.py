"""kubeadm's configuration, v1beta4, read from a file or from flags.

Source: kubernetes.io, "kubeadm Configuration (v1beta4)".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from sandbox.ssh.process import Process
from sandbox.ssh.programs.program import Options

API_VERSION = "kubeadm.k8s.io/v1beta4"
_OLD_VERSIONS = ("kubeadm.k8s.io/v1beta3",)
_KINDS = (
    "InitConfiguration",
    "ClusterConfiguration",
    "JoinConfiguration",
    "ResetConfiguration",
    "UpgradeConfiguration",
)
_FOREIGN = ("KubeletConfiguration", "KubeProxyConfiguration")
VALUED = (
    *("--config", "--kubernetes-version", "--control-plane-endpoint", "--pod-network-cidr", "--service-cidr"),
    *("--apiserver-cert-extra-sans", "--apiserver-advertise-address", "--node-name", "--cri-socket", "--token"),
    *("--discovery-token-ca-cert-hash", "--certificate-key", "--ttl", "--ignore-preflight-errors", "--kubeconfig"),
    *("--token-ttl", "--image-repository", "-o", "--output", "-v", "--v", "--description", "--groups", "--usages"),
)


class ConfigError(Exception):
    """A configuration that kubeadm refuses; the text is what it prints after ``error:``."""


@dataclass
class Settings:
    """All documents of a configuration by kind, with flags laid over them."""

    documents: dict[str, dict[str, Any]] = field(default_factory=dict)

    def _get(self, kind: str, *path: str) -> Any:
        found: Any = self.documents.get(kind, {})
        for name in path:
            found = found.get(name) if isinstance(found, dict) else None
        return found

    def text(self, kind: str, *path: str, default: str = "") -> str:
        """A text field."""
        found = self._get(kind, *path)
        return default if found in (None, "") else str(found)

    def cluster(self, *path: str, default: str = "") -> str:
        """A text field of ClusterConfiguration."""
        return self.text("ClusterConfiguration", *path, default=default)

    @property
    def sans(self) -> list[str]:
        """Further names in the API server's certificate."""
        return [str(name) for name in self._get("ClusterConfiguration", "apiServer", "certSANs") or []]

    def registration(self, kind: str) -> Mapping[str, Any]:
        """How the node registers."""
        return self._get(kind, "nodeRegistration") or {}

    def kubelet_argument(self, kind: str, name: str) -> str:
        """Value of one of the kubelet's extra arguments."""
        rows = self.registration(kind).get("kubeletExtraArgs") or []
        if isinstance(rows, Mapping):  # v1beta3
            return str(rows.get(name, ""))
        return next((str(row["value"]) for row in rows if row.get("name") == name), "")

    def kubelet(self) -> dict[str, Any]:
        """KubeletConfiguration, as it is written to the node."""
        base = {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "cgroupDriver": "systemd",
        }
        return base | self.documents.get("KubeletConfiguration", {})

    def list_of(self, kind: str, *path: str) -> list[Any]:
        """A list field."""
        return list(self._get(kind, *path) or [])

    def skips(self, kind: str, phase: str) -> bool:
        """Whether a phase is left out."""
        return phase in self.list_of(kind, "skipPhases")

    def control_plane_join(self) -> bool:
        """Whether a join is that of a control plane."""
        return self._get("JoinConfiguration", "controlPlane") is not None

    def put(self, value: Any, kind: str, *path: str) -> None:
        """Set a field, unless the value is None or empty."""
        if value in (None, "", []):
            return
        place = self.documents.setdefault(kind, {})
        for name in path[:-1]:
            place = place.setdefault(name, {})
        place[path[-1]] = value


def read(process: Process, options: Options) -> Settings:
    """The configuration that a call of kubeadm names.

    Raises:
        ConfigError: The file is missing or not valid.
    """
    settings, path = Settings(), options.get("--config")
    if path is not None:
        try:
            text = process.files.text(process.path(path))
        except OSError as error:
            raise ConfigError(
                f"unable to read config from {path!r}: open {path}: {str(error.strerror).lower()}"
            ) from error
        settings.documents = parse(text)
    cluster = "ClusterConfiguration"
    settings.put(options.get("--kubernetes-version"), cluster, "kubernetesVersion")
    settings.put(options.get("--control-plane-endpoint"), cluster, "controlPlaneEndpoint")
    settings.put(options.get("--pod-network-cidr"), cluster, "networking", "podSubnet")
    settings.put(options.get("--service-cidr"), cluster, "networking", "serviceSubnet")
    sans = options.get("--apiserver-cert-extra-sans")
    settings.put(sans.split(",") if sans else [], cluster, "apiServer", "certSANs")
    settings.put(options.get("--image-repository"), cluster, "imageRepository")
    for kind in ("InitConfiguration", "JoinConfiguration"):
        settings.put(options.get("--node-name"), kind, "nodeRegistration", "name")
    settings.put(
        options.get("--apiserver-advertise-address"), "InitConfiguration", "localAPIEndpoint", "advertiseAddress"
    )
    return settings


def parse(text: str) -> dict[str, dict[str, Any]]:
    """Documents of a configuration by kind; raises ConfigError."""
    try:
        documents = [d for d in yaml.safe_load_all(text) if d is not None]
    except yaml.YAMLError as error:
        raise ConfigError(f"error converting YAML to JSON: yaml: {error}") from error
    found: dict[str, dict[str, Any]] = {}
    for document in documents:
        kind, version = (document.get("kind"), document.get("apiVersion")) if isinstance(document, dict) else ("", "")
        if not kind or not version:
            raise ConfigError(
                "invalid configuration: kind and apiVersion is mandatory information that must be specified"
            )
        if kind in found:
            raise ConfigError(f"invalid configuration: kind {kind!r} is specified twice in YAML file")
        if version in (API_VERSION, *_OLD_VERSIONS) and kind in _KINDS:
            _check(kind, document)
        elif kind not in _FOREIGN:
            raise ConfigError(f'no kind "{kind}" is registered for version "{version}"')
        found[kind] = document
    return found


def _check(kind: str, document: dict[str, Any]) -> None:
    registration = document.get("nodeRegistration") or {}
    arguments = registration.get("kubeletExtraArgs")
    if document["apiVersion"] == API_VERSION and isinstance(arguments, dict):
        raise ConfigError(
            "json: cannot unmarshal object into Go struct field NodeRegistrationOptions.nodeRegistration."
            "kubeletExtraArgs of type []v1beta4.Arg"
        )
    sans = (document.get("apiServer") or {}).get("certSANs")
    if sans is not None and not isinstance(sans, list):
        raise ConfigError(
            "json: cannot unmarshal string into Go struct field APIServer.apiServer.certSANs of type []string"
        )
    if kind == "JoinConfiguration" and not document.get("discovery"):
        raise ConfigError('discovery: Invalid value: "": bootstrapToken or file must be set')
